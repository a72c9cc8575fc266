"""Plays faults against real processes and a real Anvil, and accounts for every request.

    python -m chaos [--rounds 3] [--seed N] [--fault NAME ...] [--short] [--operators 4] [--json FILE]

The same seed chooses the same faults, stages, depths and operators again. Exit status 1 if a request was lost, recorded twice, or recorded
wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from chaos.faults import FAULTS, PEERS, SHORT, Scene
from chaos.ledger import Row
from chaos.net import ChaosNet
from deploy.asking import Asker
from deploy.devnet import DevnetOptions
from deploy.story import BUILD
from oracle.core.errors import AssentError

_DEEP_ENOUGH = 24
_USES = 100_000
_CAPTION = "ended: refused or expired, as they should be; p50, p95: blocks from request to verdict"


def play(net: ChaosNet, names: Sequence[str], rounds: int, seed: int, console: Console) -> list[Row]:
    """Play faults one after the other; return their accounts."""
    asker = Asker(net, uses=_USES)
    # No reorganisation here takes agreements back: those are for the subjects to give again.
    net.ask_anvil("anvil_mine", hex(_DEEP_ENOUGH))
    rows = []
    for name in names:
        row, started = Row(name), time.monotonic()
        for round_ in range(rounds):
            FAULTS[name](Scene(net, asker, random.Random(f"{seed}/{name}/{round_}")), row)
        console.print(f"  [dim]{name}: {row.to_json()} in {time.monotonic() - started:.1f} s[/]")
        rows.append(row)
    return rows


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the accounts as a table."""
    heads = ("injected", "sent", "right", "ended", "lost", "twice", "wrong", "p50", "p95")
    table = Table(Column("fault", no_wrap=True), *heads, box=None, padding=(0, 1), caption=_CAPTION)
    for row in rows:
        shown = [str(each) for each in row.to_json().values()]
        table.add_row(*shown, style=None if row.clean else "bold red")
    console.print(table)


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each fault")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--fault", action="append", choices=tuple(FAULTS), help="only these; may be repeated")
    parser.add_argument("--peers", action="store_true", help="only the faults of operators")
    parser.add_argument("--short", action="store_true", help="one round of each kind of fault")
    parser.add_argument("--operators", type=int, default=4, choices=(4, 7, 10, 13))
    parser.add_argument("--json", type=Path, help="write the accounts here, too")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    console.print(f"chaos: seed {arguments.seed}")
    names = arguments.fault or (SHORT if arguments.short else PEERS if arguments.peers else tuple(FAULTS))
    folder = BUILD / "chaos"
    shutil.rmtree(folder, ignore_errors=True)
    quorum = 2 * ((arguments.operators - 1) // 3) + 1
    options = DevnetOptions(folder, operators=arguments.operators, quorum=quorum)
    try:
        with ChaosNet(options, lambda line: console.print(f"  [dim]{line}[/]"), arguments.seed) as net:
            rows = play(net, names, 1 if arguments.short else arguments.rounds, arguments.seed, console)
            deaths = dict(sorted(net.deaths().items()))
    except AssentError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 1
    show(rows, console)
    for place, times in deaths.items():
        console.print(f"  [dim]died {times} times {place}[/]")
    if arguments.json:
        content = {"seed": arguments.seed, "rows": [row.to_json() for row in rows], "deaths": deaths}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0 if all(row.clean for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
