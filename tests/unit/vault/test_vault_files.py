"""Export, import, backup and restore, by the commands: what is asked for, or a reason and nothing changed."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.core.canonical import canonical
from oracle.core.errors import ConfigurationError, SealError
from oracle.core.structs import Record
from oracle.keys.keystore import write_secret
from oracle.keys.seal_key import SealKey
from oracle.models.zoo.screening import PACKAGE
from oracle.vault.bundle import Password, SealedTo, read_bundle, write_bundle
from oracle.vault.opening import open_vault
from oracle.vault.release_log import Release
from oracle.vault.settings import load_vault_settings
from oracle.vault.transfer import import_records

SUBJECT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HOLDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OTHER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
MARK = "marked-value-4711"
PASSWORD = "a-bundles-password"


class Place:
    """A vault's folder, and the commands run there."""

    def __init__(self, folder: Path, master: int, chain_id: int = 31337) -> None:
        folder.mkdir()
        self.folder, self.config = folder, folder / "vault.toml"
        for name, text in (("password", "password"), ("bundle-password", PASSWORD)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        write_secret(folder / "master.json", bytes([master]) * 32, "password", light=True)
        write_secret(folder / "seal.json", bytes([master + 1]) * 32, "password", light=True)
        content = {
            "rpc_url": "http://127.0.0.1:1",
            "chain_id": chain_id,
            "contract": OTHER,
            "committee": OTHER,
            "records": OTHER,
            "models": [str(PACKAGE)],
        }
        keys = {"master_key_file": "master.json", "master_password_file": "password"}
        self.config.write_text(tomli_w.dumps({**content, **keys, "public_url": "http://127.0.0.1:8650"}))
        self.public = "0x" + SealKey(bytes([master + 1]) * 32).public.hex()

    def run(self, *arguments: object, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["vault", *map(str, arguments), "--config", str(self.config)])
        assert done.exit_code == status, done.output
        assert MARK not in done.output
        assert PASSWORD not in done.output
        return done.output

    def add(self, **fields: object) -> Record:
        with opened(self) as vault:
            return vault.add(fields, SUBJECT, HOLDER)


class opened:  # noqa: N801  reads as a function
    """The place's vault, closed after."""

    def __init__(self, place: Place) -> None:
        self.vault = open_vault(load_vault_settings(place.config))

    def __enter__(self):  # type: ignore[no-untyped-def]
        return self.vault

    def __exit__(self, *_: object) -> None:
        self.vault.close()


@pytest.fixture
def one(tmp_path: Path) -> Place:
    return Place(tmp_path / "one", 1)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Place]:
    return Place(tmp_path / "other", 7)


@pytest.mark.parametrize("by", ["key", "password"])
def test_export__when_imported_elsewhere__then_the_same_records_that_prove_the_same_roots(
    by: str, one: Place, other: Place, tmp_path: Path
) -> None:
    records = [one.add(note=MARK, age=age, weight=70.5) for age in (51, 52)]
    file = tmp_path / "records.bundle"
    to, with_ = {
        "key": (
            ("--to", other.public),
            ("--seal-key", other.folder / "seal.json", "--password-file", other.folder / "password"),
        ),
        "password": (("--password-file", one.folder / "bundle-password"),) * 2,
    }[by]
    assert json.loads(one.run("export", file, *to, "--json")) == {"records": 2, "file": str(file)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert MARK.encode() not in file.read_bytes()
    found = json.loads(other.run("import", file, *with_, "--json"))
    assert ({each["record"] for each in found["added"]}, found["knownBefore"]) == (
        {"0x" + record.id.hex() for record in records},
        0,
    )
    with opened(one) as ours, opened(other) as theirs:
        assert theirs.records() == ours.records()
        for record in records:
            assert theirs.disclose(record.id, ["age", "note"]) == ours.disclose(record.id, ["age", "note"])
    assert json.loads(other.run("import", file, *with_, "--json")) == {"added": [], "knownBefore": 2}


def test_export__when_records_are_named__then_those_alone_and_another_holder_has_them_under_new_ids(
    one: Place, other: Place, tmp_path: Path
) -> None:
    one.add(age=1)
    wanted = one.add(age=2)
    file = tmp_path / "records.bundle"
    one.run("export", file, "--to", other.public, "--record", "0x" + wanted.id.hex())
    key = ("--seal-key", other.folder / "seal.json", "--password-file", other.folder / "password")
    other.run("import", file, *key, "--holder", OTHER)
    with opened(other) as vault:
        assert vault.records() == [Record(wanted.root, SUBJECT, OTHER)]
        assert vault.records()[0].id != wanted.id


def test_export__when_it_cannot_be__then_said_and_no_file_is_left(one: Place, tmp_path: Path) -> None:
    one.add(age=1)
    file = tmp_path / "records.bundle"
    assert "--to" in one.run("export", file, status=2)
    to = ("--to", one.public)
    assert "isn't in this vault" in one.run("export", file, *to, "--record", "0x" + "11" * 32, status=1)
    assert not file.exists()
    file.write_text("mine")
    assert "choose another path" in one.run("export", file, *to, status=2)
    assert file.read_text() == "mine"


def test_import__when_key_or_password_is_another__then_said_what_opens_it(
    one: Place, other: Place, tmp_path: Path
) -> None:
    one.add(age=1)
    sealed, locked = tmp_path / "sealed", tmp_path / "locked"
    one.run("export", sealed, "--to", one.public)
    one.run("export", locked, "--password-file", one.folder / "bundle-password")
    key = ("--seal-key", other.folder / "seal.json", "--password-file", other.folder / "password")
    assert one.public in "".join(other.run("import", sealed, *key, status=1).split())
    assert "--seal-key opens it" in other.run("import", sealed, "--password-file", key[3], status=1)
    assert "isn't the bundle's" in other.run("import", locked, "--password-file", key[3], status=1)
    assert "--password-file opens it" in other.run("import", locked, *key, status=1)
    assert json.loads(other.run("list", "--json")) == []


def test_import__when_the_bundle_was_altered_anywhere__then_refused_and_nothing_is_stored(
    one: Place, other: Place, tmp_path: Path
) -> None:
    for age in range(3):
        one.add(age=age)
    file, password = tmp_path / "records.bundle", ("--password-file", one.folder / "bundle-password")
    one.run("export", file, *password)
    header, *lines = file.read_bytes().splitlines(keepends=True)
    flipped = bytearray(base64.b64decode(lines[1]))
    flipped[5] ^= 1
    altered = {
        "cut off": [header, *lines[:2]],
        "cut in a line": [header, *lines[:2], lines[2][:-9]],
        "moved": [header, lines[1], lines[0], lines[2]],
        "put in twice": [header, *lines, lines[0]],
        "a bit": [header, lines[0], base64.b64encode(flipped) + b"\n", lines[2]],
        "fewer told": [header.replace(b'"records":3', b'"records":2'), *lines[:2]],
        "no header": lines,
        "nothing": [],
        "a list": [b"[]\n", *lines],
    }
    for parts in altered.values():
        file.write_bytes(b"".join(parts))
        assert str(file) in "".join(other.run("import", file, *password, status=1).split())
    assert json.loads(other.run("list", "--json")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 10_000,
        b"{}",
        canonical({"subject": SUBJECT, "holder": "nobody", "fields": [["age", MARK, "00" * 32]]}),
        canonical({"subject": SUBJECT, "holder": HOLDER, "fields": [["age", MARK, "00" * 31]]}),
        canonical({"subject": SUBJECT, "holder": HOLDER, "fields": [["age", MARK, "00" * 32]] * 2}),
        canonical({"subject": SUBJECT, "holder": HOLDER, "fields": []}),
    ],
)
def test_import__when_what_a_holder_sealed_is_no_record__then_refused_without_quoting(
    content: bytes, one: Place, tmp_path: Path
) -> None:
    file = tmp_path / "records.bundle"
    write_bundle(file, Password(PASSWORD), 1, [content])
    with opened(one) as vault, pytest.raises(SealError, match="record 0 is none") as caught:
        import_records(vault, file, Password(PASSWORD))
    assert MARK not in str(caught.value)


def test_bundle__when_fewer_came_than_were_counted__then_refused_and_no_file_is_left(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="export again"):
        write_bundle(tmp_path / "bundle", Password(PASSWORD), 2, [b"one"])
    assert list(tmp_path.iterdir()) == []


def test_bundle__when_sealed_to_what_is_no_key__then_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="not an X25519 public key"):
        write_bundle(tmp_path / "bundle", SealedTo(bytes(32)), 0, [])
    with pytest.raises(ConfigurationError, match="can't be read"):
        list(read_bundle(tmp_path / "absent", Password(PASSWORD)))


# Backup


def test_backup__when_restored__then_as_it_was_with_its_log_and_nothing_is_overwritten(one: Place) -> None:
    record, copy = one.add(age=1), one.folder / "copy.db"
    with opened(one) as vault:
        vault.log([Release(b"\x44" * 32, OTHER, 1, record.id, ("age",), 5)])
        head = vault.walk_log().finish()
        one.run("backup", copy)
        vault.add({"age": 2}, SUBJECT, HOLDER)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "move it away" in one.run("restore", copy, status=2)
    for path in one.folder.glob("vault.sqlite*"):
        path.unlink()
    assert json.loads(one.run("restore", copy, "--json"))["records"] == 1
    with opened(one) as vault:
        assert (vault.records(), vault.walk_log(head).finish()) == ([record], head)


def test_restore__when_it_is_anothers_or_under_another_key__then_refused_and_nothing_is_left(
    one: Place, other: Place, tmp_path: Path
) -> None:
    one.add(age=1)
    copy = tmp_path / "copy.db"
    one.run("backup", copy)
    assert "doesn't open" in other.run("restore", copy, status=1)
    elsewhere = Place(tmp_path / "elsewhere", 1, chain_id=1)
    assert "belongs to contract" in elsewhere.run("restore", copy, status=2)
    for place in (other, elsewhere):
        assert [path.name for path in place.folder.glob("vault.sqlite*")] == ["vault.sqlite.lock"]


def test_log__when_written_as_json__then_one_object_as_long_as_the_log(one: Place) -> None:
    records = [one.add(age=age) for age in (1, 2)]
    with opened(one) as vault:
        for epoch in range(3):
            vault.log([Release(b"\x44" * 32, OTHER, epoch, record.id, ("age",), 5) for record in records])
    printed = json.loads(one.run("log", "--json"))
    assert (printed["entries"], len(printed["releases"])) == (6, 6)
    assert f"6:{printed['head']}" not in one.run("log", "--noted", f"6:{printed['head']}")
    lines = one.run("log", "--record", "0x" + records[0].id.hex()).splitlines()
    assert len([line for line in lines if records[0].id.hex() in line]) == 3
