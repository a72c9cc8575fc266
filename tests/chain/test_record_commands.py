"""A record and its correction on chain, by ``assent record``: both are committed, the first is retired by its holder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import client_world
from anvil_server import anvil
from client_world import HOLDER, SUBJECT
from typer.testing import CliRunner

from deploy.deployment import write
from oracle.cli.app import app
from oracle.core.structs import RecordState
from oracle.keys.devnet import devnet_key
from oracle.keys.keystore import write_secret


def _made(folder: Path, fields: dict[str, Any], *line: str) -> dict[str, Any]:
    (folder / "fields.json").write_text(json.dumps(fields))
    found = CliRunner().invoke(
        app, ["record", "make", str(folder / "fields.json"), "--out", str(folder / "records"), "--json", *line]
    )
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def test_correction__when_committed_and_the_first_retired__then_the_chain_says_so(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    for name, index in {"holder": 2, "subject": 0}.items():
        write_secret(tmp_path / name, devnet_key(index), "secret", light=True)
    first = _made(tmp_path, {"age": 42}, "--subject", SUBJECT.address, "--holder", HOLDER.address)
    second = _made(tmp_path, {"age": 43}, "--corrects", first["file"])
    with anvil() as url:
        world = client_world.build(url)
        write(world.deployment, tmp_path / "31337.json")
        ids = [bytes.fromhex(each["record"][2:]) for each in (first, second)]
        for each in (first, second):
            world.as_(HOLDER).commit_record(bytes.fromhex(each["root"][2:]), SUBJECT.address, "https://vault.example")

        def retire(by: str) -> Any:
            keys = ["--keystore", str(tmp_path / by), "--password-file", str(tmp_path / "password")]
            return CliRunner().invoke(
                app, ["record", "retire", first["file"], "--deployment", str(tmp_path / "31337.json"), "--json", *keys]
            )

        stranger = retire("subject")
        assert stranger.exit_code == 2
        assert "the record's holder retires it" in stranger.stderr
        assert world.client.read(world.client.contract.record_status(ids[0])).state is RecordState.COMMITTED
        done = retire("holder")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["record"] == first["record"]
        states = [world.client.read(world.client.contract.record_status(each)).state for each in ids]
        assert states == [RecordState.RETIRED, RecordState.COMMITTED]
