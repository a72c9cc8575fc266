"""The release log: who got what, each entry fixed by all after it (a hash chain)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.core.canonical import canonical
from oracle.core.errors import AssentError
from oracle.core.keccak import keccak

#: What the log's first entry comes after.
FIRST = bytes(32)


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


def chained(releases: Iterable[Release], number: int, digest: bytes) -> Iterator[LogEntry]:
    """Yield the log's entries for releases, after the entry with a number and a digest."""
    for release in releases:
        number += 1
        content = {
            "number": number,
            "at": release.at,
            "request": release.request_id.hex(),
            "record": release.record_id.hex(),
            "attester": release.attester,
            "epoch": release.epoch,
            "fields": list(release.fields),
        }
        digest = digest_after(digest, content)
        yield LogEntry(number, content, digest)


def digest_after(digest: bytes, content: Mapping[str, Any]) -> bytes:
    """Return the digest of an entry that comes after one with a digest."""
    return keccak(digest + canonical(dict(content)))
