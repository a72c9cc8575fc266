"""``assent verdict``: show, wait; what becomes of a challenge is in :mod:`oracle.cli.verdict_case`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Id, Link, reads
from oracle.cli.output import FAILED, local_time, print_facts

if TYPE_CHECKING:
    from oracle.client import VerdictView

app = typer.Typer(no_args_is_help=True, help="Verdicts: show, wait, challenge, contests, judge, rule, close, punish.")


@app.command(epilog="Example: assent verdict show 0x5d…c1 --json")
@reads
def show(link: Link, request_id: Id) -> None:
    """Show a request's state and, once recorded, its verdict: how final it is, and who challenged it."""
    from oracle.client import UnknownIdError  # noqa: PLC0415
    from oracle.core.structs import RequestState  # noqa: PLC0415

    found = link.client.verdict(request_id)
    if found.state is RequestState.NONE:
        raise UnknownIdError("request", request_id)
    print_facts(found.to_json() if link.as_json else readable(found), link.as_json)


@app.command(epilog="Example: assent verdict wait 0x5d…c1 --timeout-s 120")
@reads
def wait(
    link: Link,
    request_id: Id,
    timeout_s: Annotated[float, typer.Option(min=0, help="Give up after so many seconds.")] = 60,
    final: Annotated[bool, typer.Option("--final", help="Wait until the verdict can't change any more.")] = False,
    take_unjudged: Annotated[
        bool, typer.Option("--take-unjudged", help="With --final: also one whose challenge nobody decided.")
    ] = False,
) -> None:
    """Wait until a request has ended. Exit status 0 means that there is a verdict."""
    if final:
        verdict = link.client.wait_final(request_id, timeout_s, take_unjudged=take_unjudged)
    else:
        verdict = link.client.wait(request_id, timeout_s)
    print_facts(verdict.to_json() if link.as_json else readable(verdict), link.as_json)
    if not verdict.recorded:
        raise typer.Exit(FAILED)


def readable(verdict: VerdictView) -> dict[str, Any]:
    """Return a verdict's facts for people: the case's beside them, with its time where they are."""
    facts = verdict.to_json()
    case = facts.pop("case")
    if case is None:
        return facts
    told = {"case": case["phase"], "challenger": case["challenger"], "arbiter": case["arbiter"]}
    return {**facts, **told, "until": local_time(case["until"]), "judges": case["judges"]}
