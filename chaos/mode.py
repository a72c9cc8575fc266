"""What a faulty node is told: a small file that it looks at before each act, so that a fault begins and ends without a restart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

#: Kinds of a faulty operator. ``none`` is an honest one; ``killed`` dies at its own writes and is born again.
PEER_FAULTS = ("crashed", "slow", "lying", "wrong_key", "replaying", "flooding", "partitioned", "equivocating")
#: Moments of a write: just before its commit, and just after.
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Mode:
    """What is wrong with a node. ``step`` (the tables of one transaction) and ``moment`` say at which write a ``killed`` one dies."""

    fault: str = "none"
    step: str = ""
    moment: str = BEFORE


class ModeFile:
    """The file through which a running node is told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = 0
        self._mode = Mode()

    def read(self) -> Mode:
        """Return what is told now."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return Mode()
        if changed != self._changed:
            self._mode = Mode(**json.loads(self._path.read_text()))
            self._changed = changed
        return self._mode

    def write(self, mode: Mode) -> None:
        """Tell the node; it never reads half of it."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(asdict(mode)))
        new.replace(self._path)
