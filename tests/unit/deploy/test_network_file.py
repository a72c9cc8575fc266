"""A network's file: every mistake named at once; paths beside the file."""

from pathlib import Path

import pytest

from deploy.deploy import load_network
from deploy.devnet import NETWORK
from oracle.core.errors import ConfigurationError


def test_load_network__when_there_are_several_mistakes__then_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'chain_id = 0\nsurprise = "marked-value"\n[policy]\nmin_stake = -1\nmin_members = 65\nunbonding_time = 1\n'
        "[challenges]\nwindow = 1\nreview_time = 0\nbond = -1\n"
        '[[models]]\npackage = "x"\nquorum = 1\nfee = -5\ncurrency = "ether"\nroyalty = 5001\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_network(path)
    assert {problem.split(":")[0] for problem in caught.value.problems} == {
        "rpc_url", "chain_id", "surprise", "policy.min_stake", "policy.min_members", "policy.epoch_length",
        "policy.epoch_grace", "challenges.review_time", "challenges.bond", "challenges.penalty", "models.0.quorum",
        "models.0.fee", "models.0.currency", "models.0.royalty",
    }  # fmt: skip
    assert "marked-value" not in str(caught.value)


def test_load_network__when_the_contract_couldnt_stand_the_terms__then_both_reasons_are_named(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'rpc_url = "http://127.0.0.1:8545"\nchain_id = 5\n[policy]\nmin_stake = 5\nmin_members = 4\nunbonding_time = 30\n'
        "epoch_length = 1\nepoch_grace = 10\n[challenges]\nwindow = 10\nreview_time = 10\nbond = 1\npenalty = 6\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_network(path)
    assert [each.split(":")[0] for each in caught.value.problems] == ["policy.min_stake", "policy.unbonding_time"]


def test_load_network__when_the_shipped_files_are_read__then_they_hold(tmp_path: Path) -> None:
    for path in NETWORK.parent.glob("*.toml"):
        network = load_network(path)
        assert all(model.package.is_dir() for model in network.models)
        assert network.keystore is None or network.keystore.parent == NETWORK.parent
