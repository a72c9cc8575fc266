"""Schemas of records: what is said of fields that break one, and which files are schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from oracle.core.canonical import digest
from oracle.core.errors import ConfigurationError, DocumentError
from oracle.records.schema import BUILT_IN, DIALECT, Schema, SchemaRegistry

VISIT: dict[str, Any] = {
    "$schema": DIALECT,
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "seen": {"type": "string", "format": "date"},
        "smokes": {"enum": ["never", "once", "still"]},
        "readings": {"type": "array", "items": {"type": "object", "properties": {"value": {"type": "number"}}}},
        "notes": {"type": "object", "additionalProperties": {"type": "string", "pattern": "^[a-z]*$"}},
    },
    "required": ["age", "seen"],
    "additionalProperties": False,
}
GOOD: dict[str, Any] = {"name": "Abe", "age": 42, "seen": "2024-02-29", "smokes": "never", "readings": [{"value": 1.5}]}


def written(folder: Path, content: object, name: str = "visit") -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def visit(tmp_path: Path) -> Schema:
    return Schema.read(written(tmp_path, VISIT))


def test_fields__when_right__then_pass(visit: Schema) -> None:
    visit.check(GOOD)
    assert visit.digest == digest(VISIT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": "Zebulon"}, 'age: breaks the schema\'s rule type "integer"'),
        ({"age": 4711}, "age: breaks the schema's rule maximum 150"),
        ({"age": -4711}, "age: breaks the schema's rule minimum 0"),
        ({"seen": "Zebulon"}, 'seen: breaks the schema\'s rule format "date"'),
        ({"seen": "2023-02-29"}, 'seen: breaks the schema\'s rule format "date"'),
        ({"smokes": "Zebulon"}, "smokes: breaks the schema's rule enum"),
        ({"name": "Zebulon Zebulon Zebulon"}, "name: breaks the schema's rule maxLength 20"),
        (
            {"readings": [{"value": 1}, {"value": "Zebulon"}]},
            'readings.1.value: breaks the schema\'s rule type "number"',
        ),
        ({"notes": {"Zebulon": "4711"}}, "notes.*: breaks the schema's rule pattern"),
        ({"Zebulon": 4711}, "document: breaks the schema's rule additionalProperties"),
    ],
)
def test_fields__when_wrong__then_place_and_rule_are_named_and_no_value(
    visit: Schema, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        visit.check({**GOOD, **change})
    assert caught.value.problems == (said,)
    assert "Zebulon" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_fields__when_several_are_wrong__then_all_are_named(visit: Schema) -> None:
    assert visit.problems({"age": "x", "smokes": 3}) == [
        'age: breaks the schema\'s rule type "integer"',
        "document: lacks seen",
        "smokes: breaks the schema's rule enum",
    ]


_json = some.recursive(
    some.none() | some.booleans() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


@given(some.text(alphabet="ZQX", min_size=6), _json)
def test_fields__whatever_they_are__then_the_marked_text_is_never_said(mark: str, other: object) -> None:
    schema = Schema("visit", VISIT, bytes(32))
    told = "\n".join(schema.problems({"name": mark * 9, "smokes": {mark: other}, "notes": {mark: other}, mark: mark}))
    assert mark not in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "not a JSON Schema"),
        ({"type": "object"}, "not a JSON Schema"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "not a JSON Schema"),
        (
            {"$schema": DIALECT, "properties": {"a": {"format": "no-such"}}},
            "a format that isn't checked here .no-such.",
        ),
        ({"$schema": DIALECT, "type": "nonsense"}, "not a valid JSON Schema at $.type"),
        (
            {"$schema": DIALECT, "properties": {"a": {"$ref": "https://example.org/a.json"}}},
            "refers to another document",
        ),
    ],
)
def test_schema__when_none__then_refused(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("$", r"\$")):
        Schema.read(written(tmp_path, content))


def test_schema__when_not_json__then_refused(tmp_path: Path) -> None:
    (tmp_path / "visit.json").write_text("{")
    with pytest.raises(ConfigurationError, match="not UTF-8 JSON"):
        Schema.read(tmp_path / "visit.json")


@pytest.mark.parametrize("name", ["Visit", "a_b", "-a", "a" * 65])
def test_schema__when_its_name_is_none__then_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="a schema's name"):
        Schema.read(written(tmp_path, VISIT, name))


def test_registry__then_has_built_in_schemas_and_the_holders_own(tmp_path: Path) -> None:
    schema = Schema.read(written(tmp_path, VISIT))
    registry = SchemaRegistry([tmp_path])
    assert registry.named("visit") == registry.of(schema.digest) == schema
    assert {each.name for each in registry} == {"visit"} | {path.stem for path in BUILT_IN.glob("*.json")}


def test_registry__when_a_built_in_name_is_taken__then_refused(tmp_path: Path) -> None:
    written(tmp_path, VISIT, "fhir-r4-deidentified")
    with pytest.raises(ConfigurationError, match="there is a schema fhir-r4-deidentified already"):
        SchemaRegistry([tmp_path])


def test_registry__when_a_schema_is_unknown__then_the_known_are_listed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="known are fhir-r4-deidentified"):
        SchemaRegistry().named("visit")
    with pytest.raises(DocumentError, match="no schema with the digest 0x00"):
        SchemaRegistry().of(bytes(32))
