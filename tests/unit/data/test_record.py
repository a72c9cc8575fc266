"""The salted tree of fields."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.core import merkle
from oracle.core.canonical import canonical
from oracle.core.errors import Reason, RecordError
from oracle.data.envelope import pack_fields, unpack_fields
from oracle.data.record import DisclosedField, RecordTree, SaltedField, leaf_of, verify_disclosure

MARK = "marked-value-4711"


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


FIELDS: dict[str, object] = {"blood group": "A", "age": 51, "mean radius": 17.99, "note": MARK, "smoker": False}

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**52), 2.0**52)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
records = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), values, min_size=1, max_size=12
)


@given(fields=records, data=st.data())
def test_disclosure__of_any_part_of_any_record__then_verifies_after_travelling(
    fields: dict[str, object], data: st.DataObject
) -> None:
    tree = RecordTree.salt(fields)
    names = data.draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    found = verify_disclosure(tree.root, unpack_fields(pack_fields(tree.disclose(names))))
    assert list(found) == names
    assert canonical(found) == canonical({name: fields[name] for name in names})


def test_leaf__when_hashed__then_is_the_double_hash_of_name_salt_and_canonical_value() -> None:
    field = SaltedField("age", {"b": 1, "a": 2.0}, b"\5" * 32)
    assert leaf_of(field) == merkle.leaf_hash(["string", "bytes32", "bytes"], ["age", b"\5" * 32, b'{"a":2,"b":1}'])


def test_root__when_the_same_record_is_salted_twice__then_differs() -> None:
    assert RecordTree.salt(FIELDS).root != RecordTree.salt(FIELDS).root


def test_root__when_rebuilt_from_salted_fields_in_another_order__then_is_the_same() -> None:
    tree = RecordTree.salt(FIELDS)
    assert RecordTree(reversed(tree.fields)).root == tree.root


def altered(field: DisclosedField, **changes: object) -> DisclosedField:
    parts = {"name": field.name, "value": field.value, "salt": field.salt, "proof": field.proof}
    return DisclosedField(**{**parts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "another"},
        {"name": "age"},
        {"name": ""},
        {"salt": bytes(32)},
        {"salt": b""},
        {"proof": ()},
        {"proof": (bytes(32),) * 33},
        {"proof": (b"short",)},
        {"value": float("nan")},
    ],
)
def test_disclosure__when_anything_is_altered__then_is_refused_by_name_not_value(changes: dict[str, object]) -> None:
    tree = RecordTree.salt(FIELDS)
    field = altered(tree.disclose(["note"])[0], **changes)
    with pytest.raises(RecordError) as caught:
        verify_disclosure(tree.root, [field])
    assert caught.value.reason is Reason.PROOF_WRONG
    assert repr(field.name) in str(caught.value)
    assert MARK not in str(caught.value)


def test_disclosure__when_of_another_record_with_the_same_values__then_is_refused() -> None:
    with pytest.raises(RecordError, match="'age'"):
        verify_disclosure(RecordTree.salt(FIELDS).root, RecordTree.salt(FIELDS).disclose(["age"]))


def test_disclosure__when_a_field_comes_twice__then_is_refused() -> None:
    tree = RecordTree.salt(FIELDS)
    with pytest.raises(RecordError, match="'age' was given twice"):
        verify_disclosure(tree.root, tree.disclose(["age", "age"]))


def test_disclosure__when_the_record_lacks_the_field__then_says_which() -> None:
    with pytest.raises(RecordError, match="'height'") as caught:
        RecordTree.salt(FIELDS).disclose(["age", "height"])
    assert caught.value.reason is Reason.FIELD_MISSING


@pytest.mark.parametrize(
    "value", [float("nan"), 2**60, 2.0**53, -1e20, nested(300), b"bytes", {1: 2}, object(), "\ud800"]
)
def test_tree__when_a_value_is_not_json__then_names_the_field(value: object) -> None:
    with pytest.raises(ValueError, match="field 'odd'") as caught:
        RecordTree.salt({"odd": value})
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("fields", [{}, {"": 1}, {"n" * 81: 1}])
def test_tree__when_a_record_has_no_field_or_no_proper_name__then_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        RecordTree.salt(fields)


def test_tree__when_two_fields_have_a_name__then_is_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        RecordTree([SaltedField("a", 1, bytes(32)), SaltedField("a", 2, bytes(32))])


def test_repr__of_fields_and_trees__then_holds_no_value_and_no_salt() -> None:
    tree = RecordTree.salt(FIELDS)
    shown = repr([tree, *tree.fields, *tree.disclose(["note"])])
    assert MARK not in shown
    assert not any(field.salt.hex() in shown or repr(field.salt) in shown for field in tree.fields)


GOOD = RecordTree.salt(FIELDS).disclose(["note"])[0].to_json()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {**GOOD, "extra": 1},
        {**GOOD, "name": 5},
        {**GOOD, "name": "n" * 81},
        {**GOOD, "salt": "0x00"},
        {**GOOD, "salt": "0x" + "g" * 64},
        {**GOOD, "salt": 7},
        {**GOOD, "proof": "0x"},
        {**GOOD, "proof": ["0x00"]},
        {**GOOD, "proof": ["0x" + "00" * 32] * 33},
    ],
)
def test_disclosed_field__when_json_has_another_form__then_is_refused_without_quoting(data: object) -> None:
    with pytest.raises(RecordError) as caught:
        DisclosedField.from_json(data)
    assert MARK not in str(caught.value)


@pytest.mark.parametrize("plaintext", [b"", b"{}", b"\xff", b"[" * 100_000, json.dumps([1]).encode()])
def test_fields__when_plaintext_has_another_form__then_are_refused(plaintext: bytes) -> None:
    with pytest.raises(RecordError):
        unpack_fields(plaintext)
