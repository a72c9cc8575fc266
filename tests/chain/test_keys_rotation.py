"""`assent keys rotate`, from the change's start to the old key's end, by what the chain says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import client_world
import pytest
from anvil_server import anvil
from client_world import OPERATORS, RELAYER, TERMS, World
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.keys.keystore import read_seal_key, read_signer, write_secret

runner = CliRunner()


@pytest.fixture
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


class Operator:
    """An operator's folder: its keys, and a node's settings."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.password = folder / "password"
        self.password.touch(mode=0o600)
        self.password.write_text("here")
        for name, secret in (("attester", b"\x21" * 32), ("sender", b"\x22" * 32), ("seal", b"\x23" * 32)):
            write_secret(folder / f"{name}.json", secret, "here", light=True)
        self.config = folder / "node.toml"
        self.write()
        self.register("attester.json", "seal.json")

    def write(self, attester: str = 'attester = "attester.json"', seal: str = 'seal = "seal.json"') -> None:
        client = self.world.client
        own = f'{attester}\n{seal}\nsender = "sender.json"\npassword_file = "password"\n'
        self.config.write_text(
            f'models = ["{self.folder}"]\n[chain]\nrpc_url = "{client.web3.provider.endpoint_uri}"\nchain_id = 31337\n'
            f'contract = "{client.address}"\ncommittee = "{client.contract.addresses.committee}"\n'
            f'records = "{client.contract.addresses.records}"\n[keys]\n{own}'
        )

    def register(self, attester: str, seal: str) -> None:
        signer = read_signer(self.folder / attester, self.password)
        public = read_seal_key(self.folder / seal, self.password).public
        self.world.as_(OPERATORS[0]).change_keys(signer, public, "https://node.example")

    def next_epoch(self) -> None:
        self.world.pass_time(TERMS.epoch_length)
        self.world.as_(RELAYER).rotate()

    def rotate(self, kind: str = "attester") -> list[tuple[str, str]]:
        facts = self.told(kind)
        return [(row["state"].split(" until ")[0], row["next"].split(" ")[0]) for row in facts]

    def told(self, kind: str) -> list[dict[str, str]]:
        found = runner.invoke(
            app, ["keys", "rotate", "--config", str(self.config), "--kind", kind, "--light", "--json"]
        )
        assert found.exit_code == 0, found.output
        facts: list[dict[str, str]] = json.loads(found.stdout)
        return facts


def test_rotate__when_followed_to_the_end__then_says_at_each_step_which_key_is_needed(
    world: World, tmp_path: Path
) -> None:
    operator = Operator(world, tmp_path)
    operator.next_epoch()
    made = operator.told("attester")
    assert isinstance(made, dict)
    operator.write(attester=made["setting"])
    epoch = world.client.read(world.client.contract.current_epoch()).number
    assert operator.rotate() == [(f"signs for epoch {epoch}", "keep"), ("not registered", "send")]
    operator.register("attester-2.json", "seal.json")
    waits = [(f"signs for epoch {epoch}", "keep"), ("signs from the next rotation on", "keep")]
    assert operator.rotate() == waits
    operator.next_epoch()
    assert operator.rotate() == [(f"signs for epoch {epoch}", "keep"), (f"signs for epoch {epoch + 1}", "keep")]
    world.pass_time(TERMS.grace + 1)
    assert operator.rotate() == [("signs no more", "keep"), (f"signs for epoch {epoch + 1}", "keep")]
    assert not (tmp_path / "attester-3.json").exists()


def test_rotate__when_the_seal_key_changes__then_the_old_is_done_once_the_new_is_registered(
    world: World, tmp_path: Path
) -> None:
    operator = Operator(world, tmp_path)
    made = operator.told("seal")
    assert isinstance(made, dict)
    operator.write(seal=made["setting"])
    assert operator.rotate("seal") == [("vaults seal to it", "keep"), ("not registered", "send")]
    operator.register("attester.json", "seal-2.json")
    assert operator.rotate("seal") == [("is done an hour after the change", "then"), ("vaults seal to it", "keep")]
