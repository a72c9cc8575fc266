"""Times as the command line shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from oracle.cli.output import local_time


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_local_time__when_it_is_summer_or_winter__then_as_clocks_there_show_it() -> None:
    assert local_time(1_767_225_600) == "2026-01-01 01:00:00 CET"
    assert local_time(1_782_864_000) == "2026-07-01 02:00:00 CEST"


def test_local_time__when_there_is_none_or_it_is_absurd__then_no_error() -> None:
    assert local_time(0) is None
    assert str(local_time(2**256 - 1)).startswith("9999-")
