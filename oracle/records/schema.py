"""Schemas of records: JSON Schema 2020-12, a file each, in the folders of a registry.

A schema is named by a record through its digest, so that what was checked can be checked again by anyone, years later. A schema that
changes gets a file, and so a name, of its own. Nothing is fetched: a schema refers to nothing outside itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
from referencing.jsonschema import EMPTY_REGISTRY

from oracle.core.canonical import digest
from oracle.core.errors import ConfigurationError, DocumentError

#: The schemas that are part of Assent.
BUILT_IN = Path(__file__).parent / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST_PROBLEMS = 50
_FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema for a record's fields: its name, its content, and the keccak256 (32 bytes) of its canonical JSON."""

    name: str
    content: Mapping[str, Any]
    digest: bytes

    @classmethod
    def read(cls, path: Path) -> Schema:
        """Read a schema from ``<name>.json``. Raises ConfigurationError saying what is wrong with it."""
        if _NAME.fullmatch(path.stem) is None:
            raise ConfigurationError([f"{path}: a schema's name has 1 to 64 of a-z, 0-9 and hyphens"])
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            problem = _problem(content)
            found = digest(content)
        except (OSError, ValueError, RecursionError):
            raise ConfigurationError([f"{path}: not UTF-8 JSON that can be written canonically"]) from None
        if problem is not None:
            raise ConfigurationError([f"{path}: {problem}"])
        return cls(path.stem, content, found)

    def problems(self, fields: Mapping[str, object]) -> list[str]:
        """Return what is wrong with a record's fields, each naming the place and the rule, never a value."""
        checker = jsonschema.Draft202012Validator(dict(self.content), registry=EMPTY_REGISTRY, format_checker=_FORMATS)
        known = set(_property_names(self.content))
        found = {_said(error, known): None for error in checker.iter_errors(dict(fields))}
        return sorted(found)[:_MOST_PROBLEMS]

    def check(self, fields: Mapping[str, object]) -> None:
        """Raise DocumentError with what is wrong with a record's fields, if anything is."""
        if problems := self.problems(fields):
            raise DocumentError(problems)


class SchemaRegistry:
    """The schemas that a holder knows: the built-in ones, and those in its own folders."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        """Read all. Raises ConfigurationError for a file that is no schema, or a name that two files have."""
        self._by_name: dict[str, Schema] = {}
        for path in (path for folder in (BUILT_IN, *folders) for path in sorted(folder.glob("*.json"))):
            schema = Schema.read(path)
            if schema.name in self._by_name:
                raise ConfigurationError(
                    [f"{path}: there is a schema {schema.name} already; give this one another name"]
                )
            self._by_name[schema.name] = schema
        self._by_digest = {schema.digest: schema for schema in self._by_name.values()}

    def __iter__(self) -> Iterator[Schema]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Schema:
        """Return a schema. Raises ConfigurationError listing the known ones."""
        if name not in self._by_name:
            raise ConfigurationError(
                [f"no schema {name!r}; known are {', '.join(self._by_name)}; add a folder with --schemas"]
            )
        return self._by_name[name]

    def of(self, schema_digest: bytes) -> Schema:
        """Return the schema with a digest. Raises DocumentError if it isn't here."""
        if schema_digest not in self._by_digest:
            raise DocumentError([f"$schema: no schema with the digest 0x{schema_digest.hex()} is known here"])
        return self._by_digest[schema_digest]


def _problem(content: Any) -> str | None:
    if not isinstance(content, dict) or content.get("$schema") != DIALECT:
        return f'not a JSON Schema with "$schema": "{DIALECT}"'
    if unknown := sorted({name for name in _texts(content, "format") if name not in _FORMATS.checkers}):
        return f"has a format that isn't checked here ({', '.join(unknown)}); use a pattern"
    if any(not target.startswith("#") for target in _texts(content, "$ref", "$dynamicRef")):
        return "refers to another document; put what it needs under $defs"
    try:
        jsonschema.Draft202012Validator.check_schema(content)
    except jsonschema.SchemaError as error:
        return f"not a valid JSON Schema at {error.json_path}: {error.validator}"
    return None


def _texts(node: Any, *keywords: str) -> Iterator[str]:
    """The texts that are given for keywords, wherever in a schema."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in keywords and isinstance(value, str):
                yield value
            yield from _texts(value, *keywords)
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each, *keywords)


def _property_names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", ()) if isinstance(node.get("properties"), dict) else ()
        for value in node.values():
            yield from _property_names(value)
    elif isinstance(node, list):
        for each in node:
            yield from _property_names(each)


def _said(error: jsonschema.ValidationError, known: set[str]) -> str:
    # Neither the library's message, which quotes the value, nor a name that the document alone knows: it may be personal.
    place = ".".join(str(part) if isinstance(part, int) or part in known else "*" for part in error.absolute_path)
    rule = str(error.validator)
    if rule == "required" and isinstance(error.validator_value, list) and isinstance(error.instance, dict):
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{place or 'document'}: lacks {', '.join(map(str, missing))}"
    if rule in ("type", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "format"):
        return f"{place or 'document'}: breaks the schema's rule {rule} {json.dumps(error.validator_value)}"
    return f"{place or 'document'}: breaks the schema's rule {rule}"
