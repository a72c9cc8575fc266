"""Where two JSON values differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oracle.core.canonical import canonical


def differences(expected: Any, given: Any, path: str = "") -> Iterator[str]:
    """Yield the paths where two JSON values differ, to the byte: 1 isn't true. Lists are compared as wholes."""
    if isinstance(expected, Mapping) and isinstance(given, Mapping):
        for name in (*expected, *(name for name in given if name not in expected)):
            where = f"{path}.{name}" if path else str(name)
            if name not in given or name not in expected:
                yield where
            else:
                yield from differences(expected[name], given[name], where)
        return
    try:
        same = canonical(expected) == canonical(given)
    except (ValueError, TypeError, RecursionError):
        same = False
    if not same:
        yield path
