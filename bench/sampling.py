"""What processes cost, seen from outside: CPU seconds by psutil, and where their time goes by py-spy."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil

#: A stack belongs to the first of these that one of its frames, the innermost first, is in.
_PARTS = {
    "model": ("torch/", "captum/", "oracle/models/runtime"),
    "crypto": (
        "cryptography/",
        "coincurve/",
        "eth_keys/",
        "oracle/core/digests",
        "oracle/core/merkle",
        "oracle/keys/",
        "hpke",
    ),
    "database": ("sqlalchemy/", "sqlite3", "oracle/store/"),
    "chain": ("web3/", "eth_abi/", "oracle/chain/"),
    "http": (
        "httpx/",
        "httpcore/",
        "aiohttp/",
        "uvicorn/",
        "httptools/",
        "starlette/",
        "fastapi/",
        "h11/",
        "oracle/api",
    ),
    "trails": ("oracle/core/", "oracle/services/trails", "oracle/services/reports", "pydantic/", "rfc8785/"),
}


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used, its children's included."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def memory_mib(pid: int) -> float:
    """Return a process's resident memory, in MiB."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


class Profile:
    """Samples one process while the block runs; ``shares`` and ``top`` tell afterwards. Empty where py-spy may not look."""

    def __init__(self, pid: int, path: Path, rate: int = 50) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        spy = str(Path(sys.executable).with_name("py-spy"))
        command = [
            spy,
            "record",
            "--pid",
            str(pid),
            "--rate",
            str(rate),
            "--format",
            "raw",
            "--duration",
            "3600",
            "--nonblocking",
        ]
        self._process = subprocess.Popen(
            [*command, "--output", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Profile:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(2)  # it writes what it has at Ctrl-C
        self._process.wait(60)

    def _stacks(self) -> list[tuple[list[str], int]]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        split = (line.rsplit(" ", 1) for line in lines)
        return [(stack.split(";"), int(count)) for stack, count in split]

    def shares(self) -> dict[str, float]:
        """Return each part's share of the time that the process was at work."""
        counts: Counter[str] = Counter()
        for stack, count in self._stacks():
            counts[_part(stack)] += count
        total = counts.total() or 1
        return {part: round(count / total, 3) for part, count in counts.most_common()}

    def top(self, most: int = 10) -> list[tuple[str, float]]:
        """Return the functions of this project, and what they call, that took the most time, with their share."""
        counts: Counter[str] = Counter()
        stacks = self._stacks()
        for stack, count in stacks:
            for frame in {frame.rsplit(":", 1)[0] for frame in stack if "oracle/" in frame}:
                counts[frame] += count
        total = sum(count for _, count in stacks) or 1
        return [(frame, round(count / total, 3)) for frame, count in counts.most_common(most)]


def _part(stack: list[str]) -> str:
    for frame in reversed(stack):
        for part, places in _PARTS.items():
            if any(place in frame for place in places):
                return part
    return "other"
