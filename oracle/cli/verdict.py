"""``assent verdict``: show, wait, challenge, lapse, contests, punish."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from oracle.cli.options import Id, Link, reads, sends
from oracle.cli.output import FAILED, hexed, print_facts, print_json, print_rows

app = typer.Typer(no_args_is_help=True, help="Verdicts: show, wait, challenge, lapse, contests, punish.")


@app.command(epilog="Example: assent verdict show 0x5d…c1 --json")
@reads
def show(link: Link, request_id: Id) -> None:
    """Show a request's state and, once recorded, its verdict: how final it is, and who challenged it."""
    from oracle.client import UnknownIdError  # noqa: PLC0415
    from oracle.core.structs import RequestState  # noqa: PLC0415

    found = link.client.verdict(request_id)
    if found.state is RequestState.NONE:
        raise UnknownIdError("request", request_id)
    print_facts(found.to_json(), link.as_json)


@app.command(epilog="Example: assent verdict wait 0x5d…c1 --timeout-s 120")
@reads
def wait(
    link: Link,
    request_id: Id,
    timeout_s: Annotated[float, typer.Option(min=0, help="Give up after so many seconds.")] = 60,
    final: Annotated[bool, typer.Option("--final", help="Wait until the verdict can't change any more.")] = False,
) -> None:
    """Wait until a request has ended. Exit status 0 means that there is a verdict."""
    wait_until = link.client.wait_final if final else link.client.wait
    verdict = wait_until(request_id, timeout_s)
    print_facts(verdict.to_json(), link.as_json)
    if not verdict.recorded:
        raise typer.Exit(FAILED)


@app.command(
    epilog="Example: assent verdict challenge 0x5d…c1 --wait-s 600 --keystore anyone.json --password-file password"
)
@sends
def challenge(
    link: Link,
    request_id: Id,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long for the review; 0 doesn't wait.")] = 0,
) -> None:
    """Challenge a verdict, with the bond: the committee evaluates anew, and the bond comes back if it finds another."""
    sent = link.sender.challenge(request_id)
    event = sent.event("Challenged").arguments
    facts: dict[str, Any] = {
        "request": hexed(request_id),
        "state": "challenged",
        "bondWei": str(event["bond"]),
        "until": event["until"],
        **sent.to_json(),
    }
    if wait_s:
        facts = {**facts, **link.sender.wait_review(request_id, wait_s).to_json()}
    print_facts(facts, link.as_json)


@app.command(epilog="Example: assent verdict lapse 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def lapse(link: Link, request_id: Id) -> None:
    """End a challenge that the committee left unanswered: the verdict stands, and the bond goes back."""
    sent = link.sender.lapse(request_id)
    print_facts({"request": hexed(request_id), "state": "recorded", **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent verdict contests --open --json")
@reads
def contests(
    link: Link, open_only: Annotated[bool, typer.Option("--open", help="Only those whose review is due.")] = False
) -> None:
    """List the challenges there were, and what became of each."""
    rows = [each.to_json() for each in link.client.contests(open_only=open_only)]
    print_rows(("request", "state", "challenger", "until", "block"), rows, link.as_json)


@app.command(epilog="Example: assent verdict punish 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def punish(link: Link, request_id: Id) -> None:
    """Slash every operator that signed a verdict which was corrected; half of each penalty is the challenger's."""
    slashed = []
    for sent in link.sender.punish_all(request_id):
        event = sent.event("OperatorSlashed").arguments
        amounts = {"penaltyWei": str(event["penalty"]), "rewardWei": str(event["reward"])}
        slashed.append(
            {"operator": event["operator"], "beneficiary": event["beneficiary"], **amounts, **sent.to_json()}
        )
    if link.as_json:
        print_json({"request": hexed(request_id), "slashed": slashed})
        return
    print_rows(("operator", "penaltyWei", "beneficiary", "rewardWei"), slashed, as_json=False)
