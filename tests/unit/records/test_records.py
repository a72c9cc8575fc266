"""Record files, disclosures, datasets, corrections: what holds, and what is said of what doesn't."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from oracle.core.errors import DocumentError, Reason, RecordError
from oracle.data.record import RecordTree
from oracle.records.dataset import Dataset, check, verify_inclusion
from oracle.records.disclosure import disclose, verify
from oracle.records.fhir import PROFILE
from oracle.records.opened import PREVIOUS, SCHEMA, AlteredError, OpenedRecord
from oracle.records.schema import DIALECT, Schema
from oracle.records.versions import correct, history

SUBJECT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
VISIT = Schema(
    "visit", {"$schema": DIALECT, "properties": {"age": {"type": "integer"}}, "required": ["age"]}, bytes([7]) * 32
)
FIELDS: dict[str, Any] = {"age": 42, "name": "Zebulon"}


def made(**fields: Any) -> OpenedRecord:
    return OpenedRecord.make({**FIELDS, **fields}, SUBJECT, HOLDER)


def travelled(data: Any) -> Any:
    return json.loads(json.dumps(data))


# Record files


def test_record__when_it_names_no_schema__then_has_just_its_fields() -> None:
    record = made()
    assert [each.name for each in record.tree.fields] == ["age", "name"]
    assert record.schema_digest is record.previous is None
    assert record.tree.root == RecordTree(record.tree.fields).root


def test_record__then_its_root_fixes_schema_and_predecessor() -> None:
    record = OpenedRecord.make(FIELDS, SUBJECT, HOLDER, VISIT, bytes([9]) * 32)
    assert record.schema_digest == VISIT.digest
    assert record.previous == bytes([9]) * 32
    assert record.fields == FIELDS
    assert {SCHEMA, PREVIOUS} <= set(verify(disclose(record, [SCHEMA, PREVIOUS])).values)
    for name in (SCHEMA, PREVIOUS):
        others = [each for each in record.tree.fields if each.name != name]
        assert RecordTree(others).root != record.tree.root


def test_record__when_it_travels_as_a_file__then_is_the_same() -> None:
    record = OpenedRecord.make(FIELDS, SUBJECT, HOLDER, VISIT, bytes(32))
    back = OpenedRecord.from_json(travelled(record.to_json()))
    assert (back.id, back.fields, back.schema_digest, back.previous) == (record.id, FIELDS, VISIT.digest, bytes(32))
    assert "Zebulon" not in repr(record)


@pytest.mark.parametrize("name", ["$schema", "$previous", "$other"])
def test_record__when_a_field_has_a_reserved_name__then_refused(name: str) -> None:
    with pytest.raises(DocumentError, match="reserved"):
        made(**{name: "Zebulon"})


def test_record__when_its_fields_break_the_schema__then_refused_without_the_value() -> None:
    with pytest.raises(DocumentError) as caught:
        OpenedRecord.make({"age": "Zebulon"}, SUBJECT, HOLDER, VISIT)
    assert "age" in str(caught.value)
    assert "Zebulon" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), 2**60, {1: 2}, b"Zebulon", "\ud800"])
def test_record__when_a_value_is_not_json__then_refused_by_name(value: object) -> None:
    with pytest.raises(DocumentError, match="field 'odd'"):
        made(odd=value)


def _value(data: dict[str, Any]) -> None:
    data["fields"][0]["value"] = 43


def _salt(data: dict[str, Any]) -> None:
    data["fields"][0]["salt"] = "0x" + "00" * 32


_SPOILT: list[Callable[[dict[str, Any]], object]] = [
    _value,
    _salt,
    lambda data: data["fields"].pop(),
    lambda data: data["fields"].append(data["fields"][0]),
    lambda data: data.update(subject=HOLDER),
    lambda data: data.update(holder=SUBJECT),
    lambda data: data.update(holder=SUBJECT.lower()),
    lambda data: data.update(holder=None),
    lambda data: data.update(fields=None),
    lambda data: data.update(fields=[]),
    lambda data: data.update(fields=["Zebulon"]),
    lambda data: data["fields"][0].update(name=None),
    lambda data: data["fields"][0].update(salt="Zebulon"),
]


@pytest.mark.parametrize("spoil", _SPOILT)
def test_record_file__when_altered__then_its_id_is_named_and_no_value(
    spoil: Callable[[dict[str, Any]], object],
) -> None:
    data = travelled(made().to_json())
    spoil(data)
    with pytest.raises(AlteredError) as caught:
        OpenedRecord.from_json(data)
    assert data["record"] in str(caught.value)
    assert "Zebulon" not in str(caught.value)


@pytest.mark.parametrize("data", [None, [], {}, {"version": "assent-record/2"}])
def test_record_file__when_none__then_refused(data: object) -> None:
    with pytest.raises(DocumentError, match="not a record file"):
        OpenedRecord.from_json(data)


# Disclosure


def test_disclosure__then_shows_what_was_asked_for_and_nothing_else() -> None:
    record = made()
    shown = travelled(disclose(record, ["age"]))
    found = verify(shown)
    assert found.record.id == record.id
    assert found.values == {"age": 42}
    assert "Zebulon" not in json.dumps(shown)


def test_disclosure__when_the_record_lacks_a_field__then_it_is_named() -> None:
    with pytest.raises(RecordError) as caught:
        disclose(made(), ["age", "weight"])
    assert caught.value.reason is Reason.FIELD_MISSING
    assert "'weight'" in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data["fields"][0].update(value="Quagmire"),
        lambda data: data["fields"][0].update(salt="0x" + "00" * 32),
        lambda data: data["fields"][0].update(proof=[]),
        lambda data: data.update(root="0x" + "00" * 32),
        lambda data: data.update(root="Quagmire"),
        lambda data: data.update(fields=[]),
        lambda data: data.update(fields="Quagmire"),
        lambda data: data.update(subject="Quagmire"),
        lambda data: data.update(more="Quagmire"),
        lambda data: data["fields"].append(data["fields"][0]),
    ],
)
def test_disclosure__when_altered__then_refused_without_the_value(spoil: Callable[[dict[str, Any]], object]) -> None:
    data = travelled(disclose(made(), ["name"]))
    spoil(data)
    with pytest.raises((DocumentError, RecordError)) as caught:
        verify(data)
    assert "Quagmire" not in str(caught.value)
    assert "Zebulon" not in str(caught.value)


def test_disclosure__when_the_parties_are_others__then_it_is_another_record() -> None:
    record = made()
    data = travelled(disclose(record, ["age"]))
    data["subject"] = HOLDER
    assert verify(data).record.id != record.id


# Datasets


@given(some.sets(some.binary(min_size=32, max_size=32), min_size=1, max_size=40))
@settings(max_examples=30)
def test_dataset__then_each_record_is_proven_and_no_other(ids: set[bytes]) -> None:
    dataset = Dataset.of(ids)
    assert Dataset.from_json(travelled(dataset.to_json())) == dataset
    for each in ids:
        assert verify_inclusion(travelled(dataset.proof(each))) == (dataset.root, each)
    stranger = secrets.token_bytes(32)
    with pytest.raises(DocumentError, match="isn't in the dataset"):
        dataset.proof(stranger)
    forged = {**dataset.proof(next(iter(ids))), "record": "0x" + stranger.hex()}
    with pytest.raises(DocumentError, match="doesn't lead"):
        verify_inclusion(forged)


def test_dataset__when_records_come_in_another_order__then_its_root_is_the_same() -> None:
    ids = [secrets.token_bytes(32) for _ in range(9)]
    assert Dataset.of(ids).root == Dataset.of(reversed(ids)).root


def test_dataset__when_empty_or_one_is_twice__then_refused() -> None:
    with pytest.raises(DocumentError, match="at least one"):
        Dataset.of([])
    with pytest.raises(DocumentError, match="is there twice"):
        Dataset.of([bytes(32), bytes(32)])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data["records"].pop(),
        lambda data: data["records"].append("0x" + "11" * 32),
        lambda data: data.update(dataset="0x" + "11" * 32),
        lambda data: data.update(records="x"),
        lambda data: data.update(version="assent-dataset/2"),
        lambda data: data.update(more=1),
    ],
)
def test_manifest__when_altered__then_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    data = travelled(Dataset.of(secrets.token_bytes(32) for _ in range(3)).to_json())
    spoil(data)
    with pytest.raises(DocumentError):
        Dataset.from_json(data)


def test_dataset__when_whole__then_holds() -> None:
    records = [made(age=age) for age in range(5)]
    found = check(Dataset.of(each.id for each in records), [travelled(each.to_json()) for each in records])
    assert found.holds
    assert len(found.right) == 5


def test_dataset__when_not_whole__then_every_record_at_fault_is_named() -> None:
    first, second, third, fourth, stranger = (made(age=age) for age in range(5))
    dataset = Dataset.of(each.id for each in (first, second, third, fourth))
    spoilt, broken_stranger = travelled(second.to_json()), travelled(made(age=9).to_json())
    _value(spoilt)
    _value(broken_stranger)
    contents = [
        first.to_json(),
        spoilt,
        stranger.to_json(),
        "Zebulon",
        broken_stranger,
        fourth.to_json(),
        fourth.to_json(),
    ]
    found = check(dataset, contents)
    assert not found.holds
    assert found.right == tuple(sorted([first.id, fourth.id]))
    assert found.missing == (third.id,)
    assert found.altered == (second.id,)
    assert set(found.extra) == {stranger.id, bytes.fromhex(broken_stranger["record"][2:]), fourth.id}
    assert found.unreadable == (3,)


@pytest.mark.parametrize("turned", [False, True])
def test_dataset__when_a_record_is_there_twice_and_once_altered__then_counts_as_altered(turned: bool) -> None:
    record = made()
    spoilt = travelled(record.to_json())
    _value(spoilt)
    contents = [record.to_json(), spoilt]
    found = check(Dataset.of([record.id]), contents[::-1] if turned else contents)
    assert (found.right, found.altered) == ((), (record.id,))


# Corrections


def chain() -> dict[bytes, OpenedRecord]:
    first = OpenedRecord.make(FIELDS, SUBJECT, HOLDER, VISIT)
    second = correct(first, {"age": 43, "name": "Zebulon"}, VISIT)
    third = correct(second, {"age": 43, "weight": 80.5}, VISIT)
    return {each.id: each for each in (first, second, third)}


def test_history__then_lists_every_version_and_what_it_changed() -> None:
    records = chain()
    first, second, third = records.values()
    found = history(third, records.get)
    assert [each.id for each in found] == [third.id, second.id, first.id]
    assert [(each.added, each.removed, each.changed) for each in found] == [
        (("weight",), ("name",), ()),
        ((), (), ("age",)),
        (("age", "name"), (), ()),
    ]
    assert {each.schema_digest for each in found} == {VISIT.digest}


def test_history__when_a_version_is_missing__then_it_is_named() -> None:
    records = chain()
    first, _, third = records.values()
    del records[first.id]
    with pytest.raises(DocumentError, match=f"0x{first.id.hex()}: is missing"):
        history(third, records.get)


def test_history__when_a_version_is_another__then_it_is_named() -> None:
    records = chain()
    first, second, third = records.values()
    records[first.id] = second
    with pytest.raises(DocumentError, match=f"0x{first.id.hex()}: altered"):
        history(third, records.get)


def test_history__when_a_predecessor_is_anothers__then_refused() -> None:
    other = OpenedRecord.make(FIELDS, HOLDER, HOLDER)
    claiming = OpenedRecord.make({"age": 1}, SUBJECT, HOLDER, None, other.id)
    with pytest.raises(DocumentError, match="another subject's or holder's"):
        history(claiming, {other.id: other}.get)


def test_correction__when_nothing_changes__then_refused() -> None:
    first = OpenedRecord.make(FIELDS, SUBJECT, HOLDER, VISIT)
    with pytest.raises(DocumentError, match="nothing to correct"):
        correct(first, FIELDS, VISIT)
    assert correct(first, FIELDS, None).previous == first.id  # the schema was wrong, maybe


def test_profile__then_is_built_in() -> None:
    assert PROFILE == "fhir-r4-deidentified"
