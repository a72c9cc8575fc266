"""Backup and restore of an SQLite database, by the command: what is asked for, or a reason and nothing changed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from store_rows import asked
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError
from oracle.database.backup import back_up
from oracle.store.node_store import Changes, NodeStore
from oracle.store.schema import SCHEMA
from oracle.store.tables import open_database

CONTRACT = "0x" + "c0" * 20
HASH = b"h" * 32


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("key.json", "password", "package"):
        (tmp_path / name).touch()
    path = tmp_path / "node.toml"
    path.write_text(
        f"""models = ["package"]
[chain]
rpc_url = "http://127.0.0.1:1"
chain_id = 31337
contract = "{CONTRACT}"
committee = "{CONTRACT}"
records = "{CONTRACT}"
[keys]
attester = "key.json"
sender = "key.json"
seal = "key.json"
password_file = "password"
"""
    )
    return path


def run(config: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["node", "database", *arguments, "--config", str(config)])
    return done.exit_code, done.output


def filled(config: Path, chain_id: int = 31337) -> NodeStore:
    store = NodeStore(open_database(f"sqlite:///{config.parent / 'assent-node.db'}"))
    store.bind(Domain(chain_id, CONTRACT))
    store.apply(Changes(asked().rows(10)), (10, HASH))
    return store


def test_backup__when_the_node_writes_on__then_restored_to_the_moment_of_the_backup(config: Path) -> None:
    store, backup = filled(config), config.parent / "copy.db"
    assert run(config, "backup", str(backup))[0] == 0
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    store.apply(Changes(asked().rows(11)), (11, HASH))
    status, said = run(config, "restore", str(backup))
    assert status == 2
    assert "stop the node" in said
    store.close()
    for path in config.parent.glob("assent-node.db*"):
        path.unlink()
    status, said = run(config, "restore", str(backup), "--json")
    assert status == 0, said
    assert json.loads(said) == {"version": SCHEMA.newest(), "block": 10, "requests": 1}


def test_backup__when_the_file_exists_or_nothing_is_there__then_refused(config: Path) -> None:
    backup = config.parent / "copy.db"
    assert run(config, "backup", str(backup))[0] == 2
    filled(config).close()
    backup.write_text("mine")
    status, said = run(config, "backup", str(backup))
    assert (status, backup.read_text()) == (2, "mine")
    assert "exists" in said


def test_backup__when_the_database_is_postgresqls__then_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="pg_dump"):
        back_up("postgresql://h/d", tmp_path / "copy.db")


@pytest.mark.parametrize("fault", ["damaged", "another chain's"])
def test_restore__when_the_backup_is_no_good__then_refused_and_nothing_is_left(config: Path, fault: str) -> None:
    backup, database = config.parent / "copy.db", config.parent / "assent-node.db"
    if fault == "damaged":
        backup.write_bytes(b"not a database" * 100)
    else:
        filled(config, chain_id=1).close()
        database.rename(backup)
        for path in config.parent.glob("assent-node.db*"):
            path.unlink()
    status, said = run(config, "restore", str(backup))
    assert status == 2, said
    assert list(config.parent.glob("*assent-node.db*")) == []


def test_current__when_asked__then_both_versions_and_nothing_changed(config: Path) -> None:
    status, said = run(config, "current", "--json")
    assert (status, json.loads(said)) == (0, {"version": None, "program": SCHEMA.newest()})
    assert run(config, "upgrade")[0] == 0
    status, said = run(config, "current", "--json")
    assert json.loads(said)["version"] == SCHEMA.newest()
