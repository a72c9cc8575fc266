"""A node's memory while it reads and applies events: MiB as they go, and the slope of the second half.

python -m bench.memory [--events 20000]     prints a table, writes bench/out/memory.json

The events come out of memory, not out of a chain: what grows is then the node's. Requests are written as a range of blocks is, and each
ends some ranges later, as requests do.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import secrets
import shutil
import sys
import time
from collections import deque
from pathlib import Path
from statistics import linear_regression

from rich.console import Console
from rich.table import Table

from bench.sampling import memory_mib
from deploy.story import BUILD
from oracle.store.node_store import Changes, NodeStore
from oracle.store.tables import RequestRow, Stage, open_database

OUT = Path(__file__).resolve().parent / "out" / "memory.json"
_RANGE, _OPEN_RANGES, _SAMPLES = 200, 5, 40


def rows(block: int) -> list[RequestRow]:
    """Return a range's requests."""
    return [
        RequestRow(
            id=secrets.token_bytes(32), block_number=block, agreement=bytes(32), question={"use": 0}, deadline=2**40 - 1,
            stage=Stage.SEEN, attempts=0, not_before=0.0,
        )
        for _ in range(_RANGE)
    ]  # fmt: skip


def measure(events: int, folder: Path) -> list[tuple[int, float]]:
    """Apply events; return MiB after so many of them."""
    store = NodeStore(open_database(f"sqlite:///{folder / 'node.db'}"))
    open_: deque[list[bytes]] = deque()
    found: list[tuple[int, float]] = []
    done, block = 0, 0
    while done < events:
        block += 1
        asked = rows(block)
        open_.append([row.id for row in asked])
        ended = open_.popleft() if len(open_) > _OPEN_RANGES else []
        store.apply(Changes(asked, endings=dict.fromkeys(ended, (Stage.ENDED, block))), (block, bytes(32)))
        store.due(Stage.SEEN, 64)
        done += len(asked) + len(ended)
        if done >= len(found) * events / _SAMPLES:
            gc.collect()
            found.append((done, memory_mib(os.getpid())))
    store.close()
    return found


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    arguments = parser.parse_args()
    folder = BUILD / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    found = measure(arguments.events, folder)
    later = found[len(found) // 2 :]
    slope = linear_regression([done for done, _ in later], [mib for _, mib in later]).slope
    table = Table(
        "events", "MiB before", "MiB after", "MiB a million events", "events a second", box=None, padding=(0, 2)
    )
    speed = found[-1][0] / (time.monotonic() - started)
    table.add_row(str(found[-1][0]), f"{found[0][1]:.1f}", f"{found[-1][1]:.1f}", f"{slope * 1e6:.1f}", f"{speed:.0f}")
    Console(highlight=False).print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"samples": found, "mibPerMillionEvents": slope * 1e6}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
