"""When the archivist archives, and when it leaves the store alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oracle.services.archivist import Archivist


class Archive:
    """Counts what it is asked; has so many old requests."""

    def __init__(self, old: int) -> None:
        self.old = old
        self.asked: list[int] = []

    def archive(self, deadline_before: int, limit: int) -> int:
        self.asked.append(deadline_before)
        moved = min(self.old, limit)
        self.old -= moved
        return moved


def archivist(archive: Any, days: int) -> Archivist:
    return Archivist(archive, days)


def test_archive_due__when_there_are_many__then_a_few_at_a_time_until_none_is_left_and_then_it_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = Archive(120)
    one = archivist(archive, 90)
    for _ in range(5):
        one.archive_due()
    assert (archive.old, len(archive.asked)) == (0, 3)
    assert abs(time.time() - 90 * 86_400 - archive.asked[0]) < 100
    later = time.monotonic() + 61
    monkeypatch.setattr("oracle.services.archivist.time.monotonic", lambda: later)
    one.archive_due()
    assert len(archive.asked) == 4


def test_archive_due__when_the_operator_wants_none__then_never() -> None:
    archive = Archive(120)
    archivist(archive, 0).archive_due()
    assert archive.asked == []
