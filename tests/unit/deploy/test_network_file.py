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
        '[[models]]\npackage = "x"\nquorum = 1\nfee_wei = -5\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_network(path)
    assert {problem.split(":")[0] for problem in caught.value.problems} == {
        "rpc_url", "chain_id", "surprise", "policy.min_stake", "policy.min_members", "policy.epoch_length",
        "models.0.quorum", "models.0.fee_wei",
    }  # fmt: skip
    assert "marked-value" not in str(caught.value)


def test_load_network__when_the_shipped_files_are_read__then_they_hold(tmp_path: Path) -> None:
    for path in NETWORK.parent.glob("*.toml"):
        network = load_network(path)
        assert all(model.package.is_dir() for model in network.models)
        assert network.keystore is None or network.keystore.parent == NETWORK.parent
