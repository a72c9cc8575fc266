"""What may be written to a log: ids, numbers, reasons, and texts of our own. Everything else is withheld, whoever logs it.

A caller's care isn't enough for years of changes: libraries quote URLs with keys in them, exceptions quote the value that they choked on.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from structlog.types import EventDict, WrappedLogger

from oracle.core.errors import AssentError

WITHHELD = "[withheld]"
_LONGEST = 1_000
_DEEPEST = 4
#: Names, or parts of names between underscores, of what is a secret or somebody's data.
_PRIVATE_WORDS = frozenset(
    {
        *(
            "password",
            "passphrase",
            "secret",
            "secrets",
            "private",
            "mnemonic",
            "seed",
            "token",
            "apikey",
            "authorization",
        ),
        *("cookie", "credential", "credentials", "keyfile", "keystore", "raw", "body"),
        *(
            "row",
            "rows",
            "field",
            "fields",
            "feature",
            "features",
            "value",
            "values",
            "plaintext",
            "disclosed",
            "salt",
            "salts",
        ),
    }
)
_PUBLIC_KEYS = frozenset({"public_key", "key_id"})
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_WORDS = re.compile(r"[a-z]+", re.IGNORECASE)
_PACKAGES = Path(__file__).resolve().parents[2]


def withhold(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what mustn't get out. A structlog processor: put it last before the renderer."""
    trace = event.pop("exc_info", None)
    clean: EventDict = {name: _clean(name, value, 0) for name, value in event.items()}
    if (error := _error_of(trace)) is not None:
        clean["exception"] = describe(error)
    return clean


def describe(error: BaseException) -> str:
    """Tell an exception in one line: kinds and places, and the text of those only whose texts are our own."""
    told: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told.append(_one(error))
        following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None:
            break
        error = following
    return " from ".join(told)


def without_secrets(text: str) -> str:
    """Return a text of our own without what the URLs in it may hide, in one line, and no longer than a log wants it."""
    plain = "".join(each if each.isprintable() else "?" for each in _URL.sub(_host_of, text))
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    places = " > ".join(f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)
    kind = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        kind += f"[{', '.join(describe(each) for each in error.exceptions[:5])}]"
    text = f": {without_secrets(str(error))}" if isinstance(error, AssentError) else ""
    return f"{kind}{text}" + (f" at {places}" if places else "")


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_PACKAGES)) if path.is_relative_to(_PACKAGES) else "/".join(path.parts[-2:])


def _error_of(trace: Any) -> BaseException | None:
    if isinstance(trace, tuple):
        trace = trace[1]
    return trace if isinstance(trace, BaseException) else None


def _is_private(name: str) -> bool:
    words = _WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    lower = [word.lower() for word in words]
    if "_".join(lower) in _PUBLIC_KEYS:
        return False
    return not _PRIVATE_WORDS.isdisjoint(lower) or lower[-1:] == ["key"] or lower[-1:] == ["keys"]


def _clean(name: str, value: Any, depth: int) -> Any:
    if _is_private(name):
        return WITHHELD
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_clean("", str(key), depth): _clean(str(key), each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return _clean_items(list(value), depth)
    return _text_of(value)


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, datetime):
        return value.isoformat()
    size = f"{len(value)} bytes" if isinstance(value, bytes | bytearray | memoryview) else type(value).__name__
    return f"[{size}]"  # what its repr says isn't known here


def _clean_items(items: list[Any], depth: int) -> Any:
    # Numbers with fractions, several of them, are a model's inputs or outputs.
    if any(isinstance(each, float) for each in items):
        return WITHHELD
    return [_clean("", each, depth + 1) for each in items]


def _host_of(found: re.Match[str]) -> str:
    try:
        parts = urlsplit(found[0])
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return WITHHELD
    if ":" in host:
        host = f"[{host}]"
    shown = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    hides = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    return shown + ("/…" if hides else "")
