"""The release log: who got what, each entry fixed by all after it (a hash chain).

A release that repeats another (same request, attester and epoch) tells nobody anything new, so the log needn't grow by it: the 2nd, 4th,
8th, … have an entry, which says how many there were by then. So the chain holds at least half of the number, and grows by its logarithm;
the number itself is in the release's row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import AssentError
from oracle.core.keccak import keccak

#: What the log's first entry comes after.
FIRST = bytes(32)
_MEMBERS = {"number", "at", "request", "record", "attester", "epoch", "fields"}
_YEAR_6000 = 127_175_702_400


@dataclass(frozen=True, slots=True)
class Release:
    """One release: which fields (by name) of which record, for which request, to which attester in which epoch, when (Unix seconds)."""

    request_id: bytes
    attester: str
    epoch: int
    record_id: bytes
    fields: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the release log. ``digest`` (32 bytes) fixes it and all before it."""

    number: int
    content: dict[str, Any]
    digest: bytes


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the release log stands: how many entries it has, and a digest (32 bytes) that fixes all of them."""

    entries: int
    digest: bytes


class LogBrokenError(AssentError):
    """An entry of the release log was altered, left out or put in."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            f"the release log doesn't hold from entry {number} on: it was altered; compare with a backup, and see who could write there"
        )


class LogWalk:
    """The log, read once from the first entry to the last, each entry checked as it is read: iterate over the entries' contents.

    Nothing read is kept. ``head`` is where the log stands once the end was reached. Raises LogBrokenError naming the first entry that
    doesn't fit.
    """

    def __init__(self, rows: Iterable[tuple[int, str, bytes]], noted: Iterable[LogHead] = ()) -> None:
        """``rows`` are number, content as JSON and digest. ``noted`` are heads that the log had once: without any, a log that was
        written anew, as a whole, can't be told.
        """
        self._rows = rows
        self._noted: dict[int, set[bytes]] = {}
        for each in noted:
            self._noted.setdefault(each.entries, set()).add(each.digest)
        self.head = LogHead(0, FIRST)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the contents."""
        self._compare()
        for number, text, digest in self._rows:
            content, expected = _parsed(text), self.head.entries
            fits = content is not None and number == expected == content.get("number")
            if content is None or not fits or digest != _digest_after(self.head.digest, content):
                raise LogBrokenError(expected)
            self.head = LogHead(expected + 1, digest)
            self._compare()
            yield content
        if max(self._noted, default=0) > self.head.entries:
            raise LogBrokenError(self.head.entries)

    def finish(self) -> LogHead:
        """Read all that is left; return where the log stands."""
        for _ in self:
            pass
        return self.head

    def _compare(self) -> None:
        if self._noted.get(self.head.entries, {self.head.digest}) != {self.head.digest}:
            raise LogBrokenError(max(self.head.entries - 1, 0))


def is_told(times: int) -> bool:
    """Tell whether the log has an entry of the so manieth release of one request to one attester in one epoch."""
    return times & (times - 1) == 0


def chained(releases: Iterable[tuple[Release, int]], number: int, digest: bytes) -> Iterator[LogEntry]:
    """Yield the log's entries for releases, each with how many there were of it, after the entry with a number and a digest."""
    for release, times in releases:
        number += 1
        content = {
            "number": number,
            "at": release.at,
            "request": release.request_id.hex(),
            "record": release.record_id.hex(),
            "attester": release.attester,
            "epoch": release.epoch,
            "fields": list(release.fields),
            **({} if times == 1 else {"times": times}),
        }
        digest = keccak(digest + canonical(content))
        yield LogEntry(number, content, digest)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        content = from_json(
            text, allow_inf_nan=False
        )  # bounds nesting, which json.loads doesn't once eth-account is loaded
    except ValueError:
        return None
    formed = isinstance(content, dict) and content.keys() >= _MEMBERS and isinstance(content["at"], int)
    return content if formed and 0 <= content["at"] < _YEAR_6000 else None


def _digest_after(digest: bytes, content: dict[str, Any]) -> bytes | None:
    try:
        return keccak(digest + canonical(content))
    except (ValueError, TypeError):  # what was put there can't be an entry's
        return None
