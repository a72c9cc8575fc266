"""Bars that show how far long work has come, for who watches: on standard error, which is a terminal, and not with ``--json``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def followed(items: Sequence[T], what: str, as_json: bool) -> Iterable[T]:
    """Yield the items, and show which share of them is done."""
    quiet = as_json or not sys.stderr.isatty()
    return track(items, what, console=Console(stderr=True), disable=quiet, transient=True)
