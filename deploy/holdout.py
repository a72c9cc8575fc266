"""The 57 held-out cases through the whole system, against the model run directly.

python -m deploy.holdout    prints the confusion matrix, and writes build/holdout.json
"""

from __future__ import annotations

import sys

from rich.progress import track
from rich.table import Table

from deploy.devnet import Devnet
from deploy.story import PURPOSE, Narrator, sign_and_relay, told
from oracle.client import Asked
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import HeldOutCase, held_out

_WAIT_S = 60


def _ask(devnet: Devnet, case: HeldOutCase) -> Asked:
    record = devnet.keep_record(case.fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=1)
    return devnet.client(devnet.accounts.controller).request(agreement, PURPOSE)


def _direct(cases: list[HeldOutCase]) -> list[tuple[int, int]]:
    """Return (outcome, score in ppm) of each case, by the model alone."""
    from oracle.models.runtime import LocalRuntime  # noqa: PLC0415  torch, only here

    package = ModelPackage.load(PACKAGE)
    rows = [features(package.card, case.fields) for case in cases]
    return [(found.outcome, found.score_ppm) for found in LocalRuntime(package).evaluate(rows)]


def run(devnet: Devnet, narrator: Narrator) -> None:
    """Put every case through. Raises AssentError if a verdict is missing or differs from the model's."""
    cases, console = held_out(), narrator.console
    devnet.mine_at_once()
    asked = [_ask(devnet, case) for case in track(cases, "  requests", console=console)]
    devnet.mine_by_the_clock()
    client = devnet.client(devnet.accounts.controller)
    verdicts = [client.wait(each.id, _WAIT_S) for each in track(asked, "  verdicts", console=console)]
    found = [(verdict.outcome, verdict.score_ppm) for verdict in verdicts]
    wanted = _direct(cases)
    equal = sum(one == other for one, other in zip(found, wanted, strict=True))
    narrator.note("cases", len(cases))
    narrator.note("equal", equal)
    labels = ModelPackage.load(PACKAGE).card.outcomes
    matrix = {
        true: {
            said: sum(
                c.diagnosis == true and labels[v.outcome or 0] == said for c, v in zip(cases, verdicts, strict=True)
            )
            for said in labels
        }
        for true in labels
    }
    narrator.note("confusion", matrix)
    table = Table("diagnosis", *(f"verdict {label}" for label in labels), title="confusion matrix", box=None)
    for true, row in matrix.items():
        table.add_row(true, *(str(count) for count in row.values()))
    console.print(table)
    narrator.expect(equal == len(cases), f"{equal} of {len(cases)} verdicts equal the model run directly")


def main() -> int:
    """Entry point; returns the exit code."""
    return told("holdout", run)


if __name__ == "__main__":
    sys.exit(main())
