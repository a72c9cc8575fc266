"""Print what each operation costs beside what we mean to reach and what the best peer needs.

    python tools/gas_table.py            a table
    python tools/gas_table.py --json     the same for programs
    python tools/gas_table.py --markdown for the documents

Reads the snapshots in ``tests/gas/assent.json``: gas of whole transactions under Osaka's rules, by ``forge test --isolate``. The peers'
figures were measured in the same way, each peer compiled with its own settings; none of them checks consent.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

SNAPSHOTS = Path(__file__).resolve().parent.parent / "tests" / "gas" / "assent.json"


@dataclass(frozen=True, slots=True)
class Goal:
    """One row: what is done, its snapshot, the gas to reach, and the best peer's gas for the nearest thing."""

    what: str
    snapshot: str
    reach: int
    peer: str
    peer_gas: int | None


GOALS = (
    Goal("request, consent checked, one use taken", "request", 54_100, "Infernet, no consent", 156_657),
    Goal("record, 3 of 4, consent re-checked, fee credited", "record, 3 of 4", 62_000, "Chainlink OCR2, f=1", 94_753),
    Goal("record, 9 of 13", "record, 9 of 13", 92_000, "Chronicle Scribe, bar 13", 124_933),
    Goal(
        "request + record + callback that stores a word",
        "request + record + callback that stores a word",
        140_000,
        "Infernet, one signer",
        272_223,
    ),
    Goal(
        "recordMany, 10 verdicts, each",
        "recordMany, 10 uses of an agreement, each",
        14_000,
        "Chainlink Functions, 10 in a report",
        58_415,
    ),
    Goal(
        "recordMany, 64 verdicts, each",
        "recordMany, 64 uses of an agreement, each",
        10_500,
        "Chainlink Functions, 10 in a report",
        58_415,
    ),
    Goal("anchor 1,024 verdicts, each", "anchor 1,024, each, rounded up", 65, "none", None),
    Goal("claim one at depth 10, fee credited", "claim at depth 10, fee credited", 46_000, "none", None),
    Goal("claim one at depth 10, free model", "claim at depth 10, free model", 46_000, "none", None),
    Goal(
        "agreement by signature, relayed", "give agreement by signature", 60_000, "EAS, attest by delegation", 215_800
    ),
    Goal("20 agreements under one signature, each", "give 20 agreements by one signature, each", 34_000, "none", None),
    Goal("withdraw an agreement", "withdraw agreement", 36_000, "none", None),
    Goal("request by signature, relayed", "request by signature", 66_000, "none", None),
)


def rows() -> list[dict[str, str | int | None]]:
    """Return the goals with their measured gas."""
    measured = {name: int(gas) for name, gas in json.loads(SNAPSHOTS.read_text()).items()}
    return [asdict(goal) | {"gas": measured[goal.snapshot]} for goal in GOALS]


def _cells(row: dict[str, str | int | None]) -> list[str]:
    gas, reach, peer_gas = int(row["gas"] or 0), int(row["reach"] or 0), row["peer_gas"]
    verdict = "reached" if gas <= reach else f"{gas - reach:,} above"
    peer = f"{int(peer_gas):,} ({row['peer']})" if peer_gas else "-"
    return [str(row["what"]), f"{gas:,}", f"{reach:,}", verdict, peer]


HEADINGS = ("operation", "gas", "to reach", "", "best peer")


def markdown(found: list[dict[str, str | int | None]]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "| --- | ---: | ---: | --- | --- |"]
    return "\n".join(lines + ["| " + " | ".join(_cells(row)) + " |" for row in found])


def table(found: list[dict[str, str | int | None]]) -> Table:
    """Return the rows as a table for a terminal."""
    shown = Table(title="Gas of whole transactions (Osaka)")
    for heading, side in zip(HEADINGS, ("left", "right", "right", "left", "left"), strict=True):
        shown.add_column(heading, justify="right" if side == "right" else "left")
    for row in found:
        cells = _cells(row)
        cells[3] = f"[green]{cells[3]}[/]" if cells[3] == "reached" else f"[yellow]{cells[3]}[/]"
        shown.add_row(*cells)
    return shown


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--markdown", action="store_true", help="for the documents")
    chosen = parser.parse_args()
    found = rows()
    if chosen.json:
        print(json.dumps(found, indent=1))
    elif chosen.markdown:
        print(markdown(found))
    else:
        Console().print(table(found))


if __name__ == "__main__":
    main()
