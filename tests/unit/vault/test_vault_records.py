"""Records at rest, the log of releases, and what an auditor gets."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.core.canonical import canonical
from oracle.core.errors import DatabaseError, Reason, RecordError, SealError, SigningKeyError
from oracle.core.keccak import keccak
from oracle.core.structs import Record
from oracle.data.record import DisclosedField, verify_disclosure
from oracle.vault.master_key import LocalKey
from oracle.vault.refusals import RecordAbsentError, RequestUnknownError
from oracle.vault.release_log import LogBrokenError, LogHead, Release
from oracle.vault.store import VaultStore
from oracle.vault.vault import Vault

MASTER = bytes(range(32))
SUBJECT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HOLDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ATTESTER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
MARK = "marked-value-4711"
FIELDS: dict[str, object] = {"note": MARK, "age": 51, "mean radius": 17.99}
REQUEST = b"\x44" * 32


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "vault.sqlite"


@pytest.fixture
def vault(database: Path) -> Vault:
    return Vault(VaultStore(f"sqlite:///{database}"), LocalKey(MASTER))


def release(record: Record, at: int = 100, attester: str = ATTESTER, epoch: int = 1) -> Release:
    return Release(REQUEST, attester, epoch, record.id, ("age", "mean radius"), at)


def test_record__when_added__then_is_what_to_commit_and_survives_a_restart(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT.lower(), HOLDER.lower())
    assert (record.subject, record.holder) == (SUBJECT, HOLDER)
    again = Vault(VaultStore(f"sqlite:///{database}"), LocalKey(MASTER))
    assert again.records() == [record] == [again.record(record.id)]
    assert verify_disclosure(record.root, again.disclose(record.id, ["age"])) == {"age": 51}


def test_record__when_the_same_fields_are_added_twice__then_are_two_records(vault: Vault) -> None:
    assert vault.add(FIELDS, SUBJECT, HOLDER).id != vault.add(FIELDS, SUBJECT, HOLDER).id


def test_database__when_records_were_added_and_released__then_holds_no_value_and_no_salt(
    vault: Vault, database: Path
) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record)])
    salts = [field.salt for field in vault.disclose(record.id, FIELDS)]
    content = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert record.root in content
    hidden = [MARK.encode(), b"17.99", *salts, *(salt.hex().encode() for salt in salts), MASTER]
    assert not any(secret in content for secret in hidden)


def test_database__when_records_are_alike__then_their_keys_and_ciphertexts_are_not(
    vault: Vault, database: Path
) -> None:
    vault.add(FIELDS, SUBJECT, HOLDER)
    vault.add(FIELDS, SUBJECT, HOLDER)
    rows = sqlite3.connect(database).execute("SELECT wrapped_key, substr(ciphertext, 1, 12) FROM records").fetchall()
    assert rows[0][0] != rows[1][0]
    assert rows[0][1] != rows[1][1]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET ciphertext = CAST(ciphertext || x'00' AS BLOB)",
        "UPDATE records SET ciphertext = x''",
        "UPDATE records SET wrapped_key = x'00'",
        "UPDATE records SET subject = holder",
        "UPDATE records SET root = zeroblob(32)",
    ],
)
def test_record__when_its_row_was_altered__then_doesnt_open(change: str, vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    with sqlite3.connect(database) as connection:
        connection.execute(change)
    with pytest.raises(SealError, match="database was altered"):
        vault.disclose(record.id, ["age"])


def test_record__when_another_records_content_is_put_in_its_place__then_doesnt_open(
    vault: Vault, database: Path
) -> None:
    first, second = vault.add(FIELDS, SUBJECT, HOLDER), vault.add({"age": 12}, SUBJECT, HOLDER)
    with sqlite3.connect(database) as connection:
        row = connection.execute(
            "SELECT ciphertext, wrapped_key FROM records WHERE record_id = ?", (second.id,)
        ).fetchone()
        connection.execute("UPDATE records SET ciphertext = ?, wrapped_key = ? WHERE record_id = ?", (*row, first.id))
    with pytest.raises(SealError):
        vault.disclose(first.id, ["age"])


def test_record__when_opened_with_another_master_key__then_doesnt_open(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    with pytest.raises(SealError, match="another master key"):
        Vault(VaultStore(f"sqlite:///{database}"), LocalKey(bytes(32))).disclose(record.id, ["age"])


def test_master_key__when_of_another_length__then_is_refused(database: Path) -> None:
    with pytest.raises(SigningKeyError):
        Vault(VaultStore(f"sqlite:///{database}"), LocalKey(bytes(16)))


def test_record__when_forgotten__then_is_gone_from_the_file_too(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.forget(record.id)
    with pytest.raises(RecordAbsentError):
        vault.disclose(record.id, ["age"])
    with pytest.raises(RecordAbsentError):
        vault.forget(record.id)
    assert vault.records() == []


def test_record__when_it_lacks_a_field__then_says_which(vault: Vault) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    with pytest.raises(RecordError, match="'height'") as caught:
        vault.disclose(record.id, ["height"])
    assert caught.value.reason is Reason.FIELD_MISSING


def test_releases__when_repeated__then_are_one_line_that_counts(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    for at in (100, 105, 110):
        vault.log([release(record, at)])
    vault.log([release(record, 120, epoch=2)])
    vault.log([release(record, 130, attester=HOLDER)])
    assert [entry.at for entry in vault.releases(REQUEST)] == [100, 120, 130]
    counted = sqlite3.connect(database).execute("SELECT times, last_at FROM releases ORDER BY first_at").fetchall()
    assert counted == [(3, 110), (1, 120), (1, 130)]


def test_audit__when_fields_were_released__then_gets_just_those_and_can_verify(vault: Vault) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record)])
    given = json.loads(json.dumps(vault.release_for_audit(REQUEST)))
    assert (given["request"], given["record"]) == ("0x" + REQUEST.hex(), "0x" + record.id.hex())
    fields = [DisclosedField.from_json(field) for field in given["fields"]]
    assert verify_disclosure(record.root, fields) == {"age": 51, "mean radius": 17.99}


def test_audit__when_nothing_was_released__then_says_so(vault: Vault) -> None:
    with pytest.raises(RequestUnknownError, match="nothing was released"):
        vault.release_for_audit(REQUEST)


# The release log


def test_log__when_releases_are_written__then_each_entry_fixes_all_before(vault: Vault, database: Path) -> None:
    assert vault.walk_log().finish() == LogHead(0, bytes(32))
    record, other = vault.add(FIELDS, SUBJECT, HOLDER), vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record), release(other, at=101, epoch=2)])
    first = vault.walk_log().finish()
    vault.log([release(record, at=102, epoch=3)])
    assert first.entries == 2
    head = vault.walk_log(first).finish()
    assert head.entries == 3
    assert head.digest != first.digest
    assert Vault(VaultStore(f"sqlite:///{database}"), LocalKey(MASTER)).walk_log().finish() == head
    entries = list(vault.walk_log())
    assert [(entry["record"], entry["at"]) for entry in entries] == [
        (record.id.hex(), 100),
        (other.id.hex(), 101),
        (record.id.hex(), 102),
    ]
    assert entries[1]["fields"] == ["age", "mean radius"]


def test_log__when_a_release_is_repeated__then_counts_all_and_grows_by_the_logarithm(
    vault: Vault, database: Path
) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=at) for at in range(3)])  # together, and one by one
    for at in range(3, 100):
        vault.log([release(record, at=at)])
    assert [entry.get("times", 1) for entry in vault.walk_log()] == [1, 2, 4, 8, 16, 32, 64]
    counted = sqlite3.connect(database).execute("SELECT times, first_at, last_at FROM releases").fetchall()
    assert counted == [(100, 0, 99)]
    assert vault.release_count(record.id) == 100
    vault.log([release(record, attester=HOLDER), release(record, epoch=2)])  # another asker, another epoch: no repeats
    assert len(list(vault.walk_log())) == 9


def test_log__when_other_fields_or_another_record_are_released__then_has_its_entry(vault: Vault) -> None:
    record, other = vault.add(FIELDS, SUBJECT, HOLDER), vault.add(FIELDS, SUBJECT, HOLDER)
    same = [release(record) for _ in range(5)]
    vault.log([*same, replace(same[0], fields=("note",)), replace(same[0], record_id=other.id)])
    entries = [(entry.get("times", 1), entry["fields"], entry["record"]) for entry in vault.walk_log()][3:]
    assert entries == [(6, ["note"], record.id.hex()), (7, ["age", "mean radius"], other.id.hex())]


def test_log__when_it_was_long_before_repeats_were_counted__then_holds_as_it_did(vault: Vault) -> None:
    # The first entry's digest by the form of then: keccak of 32 zero bytes and the content's canonical JSON.
    record = Record(b"\x01" * 32, SUBJECT, HOLDER)
    vault.log([release(record)])
    content = canonical(
        {
            "number": 0,
            "at": 100,
            "request": REQUEST.hex(),
            "record": record.id.hex(),
            "attester": ATTESTER,
            "epoch": 1,
            "fields": ["age", "mean radius"],
        }
    )
    assert vault.walk_log().finish() == LogHead(1, keccak(bytes(32) + content))


def test_log__when_it_is_long__then_is_read_in_parts_and_not_held(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.vault.store._AT_A_TIME", 7)
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=epoch, epoch=epoch) for epoch in range(1, 71)])
    walk = vault.walk_log()
    first = next(iter(walk))
    vault.log([release(record, at=71, epoch=71)])  # the log goes on while it is read
    assert (first["number"], walk.finish().entries, len(list(vault.walk_log()))) == (0, 71, 71)


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE release_log SET content = replace(content, '0x90', '0x91') WHERE number = 1", 1),
        ("UPDATE release_log SET content = replace(content, '101', '99') WHERE number = 1", 1),
        ("UPDATE release_log SET digest = zeroblob(32) WHERE number = 2", 2),
        ("DELETE FROM release_log WHERE number = 0", 0),
        ("DELETE FROM release_log WHERE number = 1", 1),
        ("UPDATE release_log SET number = 9 WHERE number = 1", 1),
    ],
)
def test_log__when_an_entry_is_altered__then_named(vault: Vault, database: Path, statement: str, number: int) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=100 + place, epoch=place) for place in range(4)])
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    with pytest.raises(LogBrokenError, match=f"entry {number}") as caught:
        vault.walk_log().finish()
    assert caught.value.number == number


def test_log__when_the_end_is_cut_off__then_the_head_is_another(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=100 + place, epoch=place) for place in range(3)])
    noted = vault.walk_log().finish()
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM release_log WHERE number = 2")
    assert vault.walk_log().finish() != noted  # which is why it is noted down elsewhere
    with pytest.raises(LogBrokenError, match="entry 2"):
        vault.walk_log(noted).finish()


def test_log__when_it_was_written_anew_as_a_whole__then_a_noted_head_tells(vault: Vault, database: Path) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=100), release(record, at=101, epoch=2)])
    noted = vault.walk_log().finish()
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM release_log")
    vault.log([release(record, at=100), release(record, at=999, epoch=2), release(record, at=1_000, epoch=3)])
    assert vault.walk_log().finish().entries == 3
    with pytest.raises(LogBrokenError, match="entry 1"):
        vault.walk_log(noted).finish()


def test_log__when_two_heads_were_noted__then_both_must_fit(vault: Vault) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    vault.log([release(record, at=100)])
    first = vault.walk_log().finish()
    vault.log([release(record, at=101, epoch=2)])
    second = vault.walk_log().finish()
    assert vault.walk_log(first, second).finish() == second
    # Rewritten, and noted down anew: what was noted before tells.
    with pytest.raises(LogBrokenError, match="entry 0"):
        vault.walk_log(LogHead(1, b"x" * 32), second).finish()
    with pytest.raises(LogBrokenError, match="entry 0"):
        vault.walk_log(first, LogHead(1, b"x" * 32)).finish()


@pytest.mark.parametrize("content", ["null", "[]", "5", '"x"', "{bad", '{"number": NaN}', "[[1, 2]]"])
def test_log__when_what_is_there_is_no_entry__then_named(vault: Vault, database: Path, content: str) -> None:
    vault.log([release(vault.add(FIELDS, SUBJECT, HOLDER))])
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE release_log SET content = ?", (content,))
    with pytest.raises(LogBrokenError, match="entry 0"):
        vault.walk_log().finish()


def test_forget__when_another_has_the_database_open__then_the_ciphertext_is_gone_from_the_files(
    vault: Vault, database: Path
) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    running = VaultStore(f"sqlite:///{database}")
    stored = running.get(record.id)
    assert stored is not None

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in database.parent.iterdir())

    assert stored.ciphertext in files()
    vault.forget(record.id)
    assert stored.ciphertext not in files()
    assert stored.key.content not in files()
    running.close()


def test_forget__when_another_reads_the_database_meanwhile__then_it_does_not_pass_for_erased(
    vault: Vault, database: Path
) -> None:
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    reader = sqlite3.connect(database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    with pytest.raises(DatabaseError, match="may still be in the database's file"):
        vault.forget(record.id)
    reader.close()
    assert not vault.holds(record.id)


# The master key


def test_rotate__when_done__then_only_the_new_key_opens_and_nothing_else_changed(vault: Vault, database: Path) -> None:
    records = [vault.add(FIELDS, SUBJECT, HOLDER) for _ in range(3)]
    new = bytes(reversed(range(32)))
    assert vault.rotate(LocalKey(new)) == 3
    for opened in (vault, Vault(VaultStore(f"sqlite:///{database}"), LocalKey(new))):
        assert {field.name for field in opened.disclose(records[0].id, FIELDS)} == set(FIELDS)
    with pytest.raises(SealError, match="another master key"):
        Vault(VaultStore(f"sqlite:///{database}"), LocalKey(MASTER)).disclose(records[0].id, FIELDS)
    assert new not in database.read_bytes()


def test_rotate__when_one_key_does_not_open__then_none_is_changed(vault: Vault, database: Path) -> None:
    kept = vault.add(FIELDS, SUBJECT, HOLDER)
    Vault(VaultStore(f"sqlite:///{database}"), LocalKey(bytes(32))).add(FIELDS, SUBJECT, HOLDER)
    with pytest.raises(SealError, match="nothing was changed"):
        vault.rotate(LocalKey(b"n" * 32))
    assert vault.disclose(kept.id, ["age"])


def test_rotate__when_a_record_came_under_the_old_key_after__then_again_mends_it(vault: Vault, database: Path) -> None:
    vault.add(FIELDS, SUBJECT, HOLDER)
    new = b"n" * 32
    vault.rotate(LocalKey(new))
    old = Vault(VaultStore(f"sqlite:///{database}"), LocalKey(MASTER))
    late = old.add(FIELDS, SUBJECT, HOLDER)  # by settings that still named the old key
    assert old.rotate(LocalKey(new)) == 2
    assert vault.disclose(late.id, ["age"])
    with pytest.raises(SigningKeyError):
        vault.rotate(LocalKey(b"short"))
