"""A network's file: every mistake named at once; paths beside the file."""

from pathlib import Path

import pytest
import tomli_w

from deploy.deploy import load_network
from deploy.devnet import NETWORK
from oracle.core.errors import ConfigurationError


def test_load_network__when_there_are_several_mistakes__then_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'chain_id = 0\nsurprise = "marked-value"\n[committee]\nmin_stake = -1\nseats = 65\nunbonding = 1\nwindow = 0\n'
        'bond = -1\nstart = "marked-value"\nadmission = "x"\n'
        '[[models]]\npackage = "x"\nquorum = 1\nfee = -5\ncurrency = "ether"\nroyalty = 5001\narbiter = "me"\ncap = -1\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_network(path)
    assert {problem.split(":")[0] for problem in caught.value.problems} == {
        "rpc_url", "chain_id", "surprise", "committee.seats", "committee.max_roll", "committee.min_roll",
        "committee.min_stake", "committee.penalty", "committee.bond", "committee.window", "committee.judging_time",
        "committee.ruling_time", "committee.start", "committee.epoch_length", "committee.lease", "committee.grace",
        "committee.admission", "models.0.quorum", "models.0.fee", "models.0.currency", "models.0.royalty",
        "models.0.arbiter", "models.0.cap",
    }  # fmt: skip
    assert "marked-value" not in str(caught.value)


_GOOD = {
    "seats": 4, "max_roll": 9, "min_roll": 4, "min_stake": 100, "penalty": 50, "bond": 25, "window": 10, "judging_time": 10,
    "ruling_time": 10, "epoch_length": 5, "lease": 5, "grace": 10, "unbonding": 9 * 86_400 + 41,
}  # fmt: skip


def _network(path: Path, quorum: int = 3, **changes: int) -> Path:
    model = {"package": "x", "quorum": quorum, "fee": 1}
    path.write_text(
        tomli_w.dumps({"rpc_url": "http://a:1", "chain_id": 5, "committee": {**_GOOD, **changes}, "models": [model]})
    )
    return path


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"min_roll": 2}, "committee.min_roll"),
        ({"seats": 3}, "committee.seats"),
        ({"max_roll": 3}, "committee.max_roll"),
        ({"penalty": 51}, "committee.penalty"),
        ({"penalty": 0}, "committee.penalty"),
        ({"bond": 26}, "committee.bond"),
        ({"bond": 0}, "committee.bond"),
        ({"lease": 4}, "committee.lease"),
        ({"unbonding": 9 * 86_400 + 40}, "committee.unbonding"),
        ({"window": 3650 * 86_400 + 1}, "committee.window"),
        ({"quorum": 5}, "models.0.quorum"),
    ],
)
def test_load_network__when_the_contracts_would_refuse_the_terms__then_said_before_anything_is_paid(
    tmp_path: Path, changes: dict[str, int], named: str
) -> None:
    assert load_network(_network(tmp_path / "good.toml")).committee.seats == 4
    with pytest.raises(ConfigurationError) as caught:
        load_network(_network(tmp_path / "net.toml", **changes))
    assert named in {each.split(":")[0] for each in caught.value.problems}


def test_load_network__when_founders_join_until_a_day__then_the_terms_have_it_in_seconds(tmp_path: Path) -> None:
    path = _network(tmp_path / "net.toml")
    path.write_text(path.read_text().replace("[committee]", "[committee]\nstart = 2027-01-31T12:00:00Z"))
    assert load_network(path).committee.terms().start == 1_801_396_800


def test_load_network__when_the_shipped_files_are_read__then_they_hold(tmp_path: Path) -> None:
    for path in NETWORK.parent.glob("*.toml"):
        network = load_network(path)
        assert all(model.package.is_dir() for model in network.models)
        assert network.keystore is None or network.keystore.parent == NETWORK.parent
