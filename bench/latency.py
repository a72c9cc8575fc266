"""Blocks from a request to its verdict, at `latest` finality, with four operators.

python -m bench.latency [--runs 20] [--block-time 1]     prints a table, writes bench/out/latency.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from deploy.devnet import Devnet, DevnetOptions
from deploy.story import BUILD, PURPOSE, sign_and_relay
from oracle.core.errors import AssentError
from oracle.models.zoo.screening.data import held_out

OUT = Path(__file__).resolve().parent / "out" / "latency.json"


def measure(devnet: Devnet, runs: int, console: Console) -> list[dict[str, float]]:
    """Make one request after another; return blocks and seconds of each."""
    cases, rows = held_out(), []
    controller = devnet.client(devnet.accounts.controller)
    record = devnet.keep_record(cases[0].fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=runs)
    for use in track(range(runs), "  requests", console=console):
        asked = controller.request(agreement, PURPOSE, use=use)
        started = time.monotonic()
        verdict = controller.wait(asked.id, 60, 0.05)
        blocks = (verdict.block or 0) - asked.sent.block
        rows.append({"blocks": blocks, "seconds": round(time.monotonic() - started, 3)})
    return rows


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--block-time", type=int, default=1, help="seconds between blocks")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    folder = BUILD / "latency"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        options = DevnetOptions(folder, block_time_s=arguments.block_time)
        with Devnet(options, lambda line: console.print(f"  [dim]{line}[/]")) as devnet:
            rows = measure(devnet, arguments.runs, console)
    except AssentError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    blocks = sorted(row["blocks"] for row in rows)
    table = Table("runs", "median, blocks", "most, blocks", "within two blocks", box=None, padding=(0, 2))
    within = sum(each <= 2 for each in blocks)
    table.add_row(str(len(rows)), f"{statistics.median(blocks):g}", f"{blocks[-1]:g}", f"{within} of {len(rows)}")
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"blockTimeS": arguments.block_time, "runs": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
