"""What the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["reliability.md", "threat-model.md"])
def test_page__when_it_names_a_test_in_python__then_there_is_one(page: str) -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    named = set(re.findall(r"`(test_[a-z]\w+)`", (ROOT / "docs" / page).read_text()))
    assert named
    assert named - there == set()
