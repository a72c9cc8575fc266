"""Death by SIGKILL right before or right after a commit: the hardest moments that there are for whoever keeps books."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from chaos.mode import AFTER, BEFORE, ModeFile

_WRITE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
#: A step that doesn't come within this time is replaced by whichever write comes next: not every step comes in every life.
_PATIENCE_S = 6.0


class _Reaper:
    """Watches all writes of this process. A step is the set of tables that one transaction writes, such as ``cursor+requests``."""

    def __init__(self, mode: ModeFile, deaths: Path, steps: Path) -> None:
        self._mode = mode
        self._deaths = deaths
        self._steps = steps
        self._known = set(steps.read_text().splitlines()) if steps.exists() else set()
        self._born = time.monotonic()
        self._written: dict[int, set[str]] = {}

    def saw(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Note which table a statement writes."""
        found = _WRITE.match(statement)
        if found:
            self._written.setdefault(id(connection.connection.dbapi_connection), set()).add(found[1])

    def around(self, dialect: Any, connection: Any, commit: Any) -> None:
        """Commit, and die before or after it if that is this life's end."""
        step = "+".join(sorted(self._written.pop(id(connection), ())))
        if step:
            self._note(step)
            self._maybe(step, BEFORE)
        commit(dialect, connection)
        if step:
            self._maybe(step, AFTER)

    def _note(self, step: str) -> None:
        """Tell which steps there are: those are where a later life may end."""
        if step not in self._known:
            self._known.add(step)
            with self._steps.open("a") as file:
                file.write(step + "\n")

    def _maybe(self, step: str, moment: str) -> None:
        mode = self._mode.read()
        if mode.fault != "killed" or mode.moment != moment:
            return
        if mode.step not in ("", step) and time.monotonic() - self._born < _PATIENCE_S:
            return
        with self._deaths.open("a") as file:
            file.write(f"{moment} {step}\n")
            file.flush()
            os.fsync(file.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


def die_at_writes(mode: ModeFile, deaths: Path, steps: Path) -> None:
    """Wrap every commit of this process, and note its step in ``steps``. Nobody dies while the mode isn't ``killed``."""
    reaper, commit = _Reaper(mode, deaths, steps), DefaultDialect.do_commit
    event.listen(Engine, "before_cursor_execute", reaper.saw)

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        reaper.around(dialect, getattr(connection, "dbapi_connection", connection), commit)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
