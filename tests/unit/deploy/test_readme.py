"""What the README says in figures and commands, beside what is measured and what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from oracle.cli.app import app

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
GAS = json.loads((ROOT / "tests" / "gas" / "assent.json").read_text())


@pytest.mark.parametrize(
    ("row", "measured"),
    [
        ("agreement by signature, through a relayer", "give agreement by signature"),
        ("request, consent checked and one use taken", "request"),
        ("record, 3 of 4 signers, consent checked again, fee credited", "record, 3 of 4"),
        ("record, 9 of 13 signers", "record, 9 of 13"),
        (
            "request, record and a callback that stores a word, together",
            "request + record + callback that stores a word",
        ),
        ("each of 64 verdicts in one report", "recordMany, 64 uses of an agreement, each"),
        ("withdraw an agreement", "withdraw agreement"),
    ],
)
def test_gas_table__each_row__is_what_is_measured(row: str, measured: str) -> None:
    assert f"| {row} | {int(GAS[measured]):,} |" in README


def test_gas_table__has_no_other_row() -> None:
    table = README.partition("## What it costs")[2].partition("## ")[0]
    assert len(re.findall(r"^\| [a-z]", table, re.MULTILINE)) == 8  # with the header


def test_contract__that_it_shows__is_one_that_is_tested() -> None:
    tested = (ROOT / "tests" / "contracts" / "attack" / "StuckRefund.t.sol").read_text()
    shown = re.search(r"^contract Recalls .*?^}$", README, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert shown[0] in tested


def test_commands__that_the_table_names__are_there() -> None:
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    table = README.partition("| `assent …` | |")[2].partition("\n\n")[0]
    for names, said in re.findall(r"^\| (`.*?) \| (.*?) \|$", table, re.MULTILINE):
        for group in re.findall(r"`(.*?)`", names):
            assert group in groups
            known = set(getattr(groups[group], "commands", ()))
            listed = said.rpartition(": ")[2].split(", ")
            assert not set(listed) - known or " " in said.replace(", ", ""), (group, set(listed) - known)
