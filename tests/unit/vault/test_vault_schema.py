"""The vault's database: migrations lead to the models, what came before them is kept, and it is one deployment's and one vault's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError
from oracle.core.structs import Record
from oracle.database.opening import connect
from oracle.database.ownership import VAULT, held
from oracle.store.node_store import open_store
from oracle.vault.master_key import LocalKey
from oracle.vault.release_log import LogWalk, Release
from oracle.vault.schema import SCHEMA
from oracle.vault.store import EncryptedRecord, VaultStore, WrappedKey
from oracle.vault.tables import Table
from oracle.vault.vault import Vault

MASTER = bytes(range(32))
OURS, OTHERS = Domain(1, "0x" + "ab" * 20), Domain(2, "0x" + "ab" * 20)
ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LATE = 2**32 + 7
_FORMER = """
import sys
from sqlalchemy import JSON, LargeBinary, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column as column

class Table(DeclarativeBase):
    pass

class Records(Table):
    __tablename__ = "records"
    record_id: Mapped[bytes] = column(LargeBinary(32), primary_key=True)
    root: Mapped[bytes] = column(LargeBinary(32))
    subject: Mapped[str] = column(String(42))
    holder: Mapped[str] = column(String(42))
    ciphertext: Mapped[bytes]
    wrapped_key: Mapped[bytes]

class Releases(Table):
    __tablename__ = "releases"
    request_id: Mapped[bytes] = column(LargeBinary(32), primary_key=True)
    attester: Mapped[str] = column(String(42), primary_key=True)
    epoch: Mapped[int] = column(primary_key=True)
    record_id: Mapped[bytes] = column(LargeBinary(32), index=True)
    fields: Mapped[list[str]] = column(JSON)
    first_at: Mapped[int]
    last_at: Mapped[int]
    times: Mapped[int]

if sys.argv[2] == "with a log":
    class Log(Table):
        __tablename__ = "release_log"
        number: Mapped[int] = column(primary_key=True, autoincrement=False)
        content: Mapped[dict] = column(JSON)
        digest: Mapped[bytes] = column(LargeBinary(32))

Table.metadata.create_all(create_engine(sys.argv[1].replace("postgresql:", "postgresql+psycopg:")))
"""
_HOLDS = """
import sys
from oracle.database.ownership import VAULT, held
with held(sys.argv[1], program=VAULT):
    print("held", flush=True)
    sys.stdin.read()
"""


def differences(url: str) -> list[object]:
    engine = connect(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    engine.dispose()
    return found


def release(record: Record, at: int = 5, request: bytes = b"\x44" * 32) -> Release:
    return Release(request, ADDRESS, 1, record.id, ("age",), at)


def test_open__when_the_database_is_empty__then_the_tables_are_the_models(database_url: str) -> None:
    VaultStore(database_url, OURS).close()
    assert differences(database_url) == []
    VaultStore(database_url, OURS).close()


@pytest.mark.parametrize("former", ["with a log", "without one"])
def test_open__when_the_tables_are_from_before_migrations__then_all_in_them_is_kept(
    former: str, database_url: str
) -> None:
    subprocess.run([sys.executable, "-c", _FORMER, database_url, former], check=True)
    record = Record(b"\x01" * 32, ADDRESS, ADDRESS)
    engine = connect(database_url)
    with engine.begin() as connection:
        row = {"id": record.id, "root": record.root, "who": ADDRESS, "some": b"\x09" * 40}
        connection.execute(sa.text("INSERT INTO records VALUES (:id, :root, :who, :who, :some, :some)"), row)
        connection.execute(sa.text("INSERT INTO releases VALUES (:root, :who, 3, :id, '[\"age\"]', 10, 11, 2)"), row)
    engine.dispose()
    store = VaultStore(database_url, OURS)
    assert differences(database_url) == []
    kept = store.get(record.id)
    assert kept is not None
    assert (kept.record, kept.ciphertext, kept.key) == (record, row["some"], WrappedKey(b"\x09" * 40, None))
    assert list(store.releases(record.root)) == [Release(record.root, ADDRESS, 3, record.id, ("age",), 10)]
    store.log(
        [Release(record.root, ADDRESS, 2**32 - 1, record.id, ("age",), LATE)], {}
    )  # wider than 32 bits with a sign
    assert [entry["at"] for entry in LogWalk(store.log_rows())] == [LATE]
    store.close()


def test_open__when_the_tables_are_a_strangers__then_refused_with_a_remedy_and_untouched(database_url: str) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE records (id INTEGER)"))
    with pytest.raises(ConfigurationError, match="name another database"):
        VaultStore(database_url, OURS)
    assert sa.inspect(engine).get_table_names() == ["records"]
    engine.dispose()


def test_open__when_it_is_another_deployments__then_refused_naming_both(database_url: str) -> None:
    VaultStore(database_url, OTHERS).close()
    with pytest.raises(ConfigurationError, match=r"belongs to contract .* on chain 2, not to .* on chain 1"):
        VaultStore(database_url, OURS)


def test_open__when_it_is_a_nodes__then_refused_and_a_node_refuses_a_vaults(database_url: str, tmp_path: Path) -> None:
    open_store(database_url, OURS).close()
    with pytest.raises(ConfigurationError, match="is a node's, not a vault's"):
        VaultStore(database_url, OURS)
    vaults = f"sqlite:///{tmp_path / 'vault.sqlite'}"
    VaultStore(vaults, OURS).close()
    with pytest.raises(ConfigurationError, match="is a vault's, not a node's"):
        open_store(vaults, OURS)


def test_held__when_another_vault_runs_on_it__then_refused_with_a_remedy_until_that_one_is_dead(
    database_url: str,
) -> None:
    command = [sys.executable, "-c", _HOLDS, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(ConfigurationError, match="another vault runs on it; stop that one first"),
            held(database_url, 0, VAULT),
        ):
            pass
        VaultStore(database_url, OURS).close()  # who adds a record meanwhile holds nothing
        other.kill()
    with held(database_url, program=VAULT):
        pass


def test_vault__when_on_either_database__then_keeps_finds_logs_rotates_and_forgets(database_url: str) -> None:
    vault = Vault(VaultStore(database_url, OURS), LocalKey(MASTER))
    record, other = (vault.add({"age": age}, ADDRESS, ADDRESS) for age in (51, 52))
    vault.log([release(record), release(other, 6, b"\x55" * 32)])
    vault.log([release(record, 7)])
    assert {each.id for each in vault.records()} == {record.id, other.id}
    assert vault.rotate(LocalKey(b"n" * 32)) == 2
    assert [field.value for field in vault.disclose(record.id, ["age"])] == [51]
    assert vault.walk_log().finish().entries == 3
    vault.forget(record.id)
    assert vault.records() == [other]
    vault.close()


def test_put__when_stored_already__then_stays_as_it_is(database_url: str) -> None:
    store = VaultStore(database_url, OURS)
    record = Record(b"\x01" * 32, ADDRESS, ADDRESS)
    store.put(EncryptedRecord(record, b"first", WrappedKey(b"key", None)))
    store.put(EncryptedRecord(record, b"second", WrappedKey(b"key", None)))
    kept = store.get(record.id)
    assert kept is not None
    assert kept.ciphertext == b"first"
    store.close()


def test_schema__then_its_versions_are_no_nodes() -> None:
    assert SCHEMA.newest().startswith("v")
