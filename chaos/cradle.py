"""The operators' nodes, each a process of its own with the parts that may be faulty, forked from one that imported everything once.

    python -m chaos.cradle --folder devnet

A node is born when its folder has a file ``mode.json`` (see :mod:`chaos.mode`), and again after each death by SIGKILL. A node that ends by
itself ends the cradle, with all others: nothing here is restarted that didn't die on purpose.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import oracle.models.runtime
import oracle.node
from chaos import misbehaviour
from chaos.deaths import die_at_writes
from chaos.mode import ModeFile
from oracle.settings import load_node_settings

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.05


class Cradle:
    """All nodes of one devnet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[Path, int] = {}
        self._modes: dict[Path, ModeFile] = {}
        self._ending = False

    def run(self) -> int:
        """Run until told to end by SIGTERM, or until a node ends by itself; return the exit status."""
        signal.signal(signal.SIGTERM, self._end)
        status: int | None = None
        while status is None and not (self._ending and not self._children):
            for path in self._folder.glob("*/mode.json"):
                if path.parent not in self._modes:
                    self._modes[path.parent] = ModeFile(path)
            for home, mode in self._modes.items():
                self._look_after(home, mode)
            status = self._wait()
            time.sleep(_LOOK_S)
        for child in self._children.values():
            os.kill(child, signal.SIGKILL)
        return status or 0

    def _look_after(self, home: Path, mode: ModeFile) -> None:
        crashed = mode.read().fault == "crashed"
        if home in self._children and crashed:
            os.kill(self._children[home], signal.SIGKILL)
        if home not in self._children and not crashed and not self._ending:
            self._children[home] = self._fork(home, mode)

    def _wait(self) -> int | None:
        """Take note of who died; return the status of one that ended by itself before it was told to."""
        for home, child in list(self._children.items()):
            found, status = os.waitpid(child, os.WNOHANG)
            if not found:
                continue
            del self._children[home]
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            if not killed and not self._ending:
                return os.waitstatus_to_exitcode(status) or 1
        return None

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        for child in self._children.values():
            os.kill(child, signal.SIGTERM)

    def _fork(self, home: Path, mode: ModeFile) -> int:
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            log = os.open(self._folder / "logs" / f"{home.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            die_at_writes(mode, home / "deaths", home / "steps")
            misbehaviour.install(mode)
            asyncio.run(oracle.node.run(load_node_settings(home / "node.toml")))
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    gc.freeze()  # what was imported stays shared
    return Cradle(parser.parse_args().folder).run()


if __name__ == "__main__":
    sys.exit(main())
