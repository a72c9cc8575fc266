"""``assent request``: make, show, and end what can't be answered any more."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.agreement import step_of
from oracle.cli.options import Id, Link, reads, sends
from oracle.cli.output import FAILED, hexed, print_facts

app = typer.Typer(no_args_is_help=True, help="Requests for verdicts: make, show, close.")


@app.command(
    epilog="Example: assent request make 0x5d…c1 --purpose AcademicResearch --wait-s 60 --keystore controller.json "
    "--password-file password"
)
@sends
def make(
    link: Link,
    agreement_id: Id,
    purpose: Annotated[str, typer.Option(metavar="TERM", help="What the verdict is for; see `list-purposes`.")],
    step: Annotated[str, typer.Option(help="Processing step.")] = "infer",
    use: Annotated[int | None, typer.Option(min=0, help="Which use to take; the first free one by default.")] = None,
    deadline_s: Annotated[int, typer.Option(min=1, help="Until when it may be answered, in seconds from now.")] = 3600,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long for the verdict; 0 doesn't wait.")] = 0,
) -> None:
    """Ask for a verdict under an agreement, as its controller, and pay the model's fee."""
    agreement = link.sender.agreement(agreement_id)
    asked = link.sender.request(agreement, purpose, step=step_of(step), use=use, deadline_s=deadline_s)
    facts = {"request": hexed(asked.id), "terms": asked.request.to_json(), **asked.sent.to_json()}
    if not wait_s:
        print_facts(facts, link.as_json)
        return
    verdict = link.sender.wait(asked.id, wait_s)
    print_facts({**facts, "verdict": verdict.to_json()} if link.as_json else verdict.to_json(), link.as_json)
    if not verdict.recorded:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: assent request show 0x5d…c1 --json")
@reads
def show(link: Link, request_id: Id) -> None:
    """Show a request: its terms, its agreement, and its state."""
    from oracle.core.purposes import purpose  # noqa: PLC0415

    request, agreement, block = link.client.request_terms(request_id)
    state = link.client.read(link.client.contract.verdict_of(request_id)).state
    facts = {
        "request": hexed(request_id),
        "state": state.name.lower(),
        "block": block,
        "purposeTerm": purpose(request.purpose).term,
        "record": hexed(agreement.record),
        "model": hexed(agreement.model),
    }
    terms = request.to_json()
    print_facts({**facts, "terms": terms} if link.as_json else {**facts, **terms}, link.as_json)


@app.command(epilog="Example: assent request close 0x5d…c1 --keystore controller.json --password-file password")
@sends
def close(link: Link, request_id: Id) -> None:
    """End an open request whose deadline passed, or whose agreement no longer stands; its fee is refunded."""
    request = link.sender.request_terms(request_id).request
    late = link.sender.block_time() > request.deadline
    sent = link.sender.expire(request) if late else link.sender.refuse(request)
    print_facts(
        {"request": hexed(request_id), "state": "expired" if late else "refused", **sent.to_json()}, link.as_json
    )
