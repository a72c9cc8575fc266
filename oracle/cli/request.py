"""``assent request``: quote, make, sign, relay, cancel, show, status, claim, retry, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import SignedFile, read_object, read_signed_asking, signed_asking, step_of
from oracle.cli.options import Id, Link, reads, sends
from oracle.cli.output import FAILED, hexed, print_facts, print_json
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import Asked
    from oracle.core.structs import Delivery

app = typer.Typer(
    no_args_is_help=True,
    help="Requests for verdicts: quote, make, sign, relay, cancel, show, status, claim, retry, close.",
)

Purpose = Annotated[str, typer.Option(metavar="TERM", help="What the verdict is for; see `agreement list-purposes`.")]
StepName = Annotated[str, typer.Option("--step", help="Processing step.")]
Use = Annotated[int | None, typer.Option(min=0, help="Which use to take; the first free one by default.")]
DeadlineS = Annotated[
    int | None,
    typer.Option(
        "--deadline-s",
        min=90,
        max=604_800,
        help="Until when it may be answered, in seconds from the latest block: a minute at least once it is mined. By default an hour, or "
        "what the agreement has left.",
    ),
]
CallbackGas = Annotated[
    int,
    typer.Option("--callback-gas", min=0, max=2_000_000, help="Gas to call the controller with the verdict; 0: none."),
]
Anchored = Annotated[
    bool, typer.Option("--anchored", help="Have the verdict under an anchored root, to be claimed, which costs less.")
]
Undertakes = Annotated[
    list[str] | None,
    typer.Option(
        "--undertake", metavar="DUO", help="A modifier of the agreement's that you undertake to meet; repeatable."
    ),
]
Place = Annotated[
    int, typer.Option(min=0, max=999, help="Where the verdict is to be used, ISO 3166-1 numeric; 0: not said.")
]
FromBalance = Annotated[bool, typer.Option("--from-balance", help="Pay from the balance instead of sending ether.")]
Nodes = Annotated[list[str] | None, typer.Option("--node", metavar="URL", help="Node to ask; repeatable.")]


@app.command(epilog="Example: assent request quote 0x5d…c1 --json")
@reads
def quote(link: Link, agreement_id: Id) -> None:
    """Show what a request under an agreement costs, and what its verdict needs."""
    agreement = link.client.agreement(agreement_id)
    print_facts({"agreement": hexed(agreement_id), **link.client.quote(agreement.terms).to_json()}, link.as_json)


@app.command(
    epilog="Example: assent request make 0x5d…c1 --purpose AcademicResearch --wait-s 60 --keystore controller.json "
    "--password-file password"
)
@sends
def make(
    link: Link,
    agreement_id: Id,
    purpose: Purpose,
    step: StepName = "infer",
    use: Use = None,
    deadline_s: DeadlineS = None,
    callback_gas: CallbackGas = 0,
    anchored: Anchored = False,
    undertake: Undertakes = None,
    place: Place = 0,
    from_balance: FromBalance = False,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long for the verdict; 0 doesn't wait.")] = 0,
) -> None:
    """Ask for a verdict under an agreement, as its controller, and pay the quote."""
    agreement = link.sender.agreement(agreement_id)
    if link.sender.sender_address != agreement.controller:
        own, theirs = link.sender.sender_address, agreement.controller
        raise ConfigurationError([f"--keystore: is {own}'s; the agreement's controller is {theirs}: use its key file"])
    asked = link.sender.request(
        agreement,
        purpose,
        step=step_of(step),
        use=use,
        deadline_s=deadline_s,
        callback_gas=callback_gas,
        delivery=delivery_of(anchored),
        undertakes=undertake or (),
        place=place,
        from_balance=from_balance,
    )
    _report(link, asked, wait_s)


@app.command(
    epilog="Example: assent request sign 0x5d…c1 --purpose AcademicResearch --tip 1000 --keystore controller.json "
    "--password-file password > asked.json"
)
@sends
def sign(
    link: Link,
    agreement_id: Id,
    purpose: Purpose,
    step: StepName = "infer",
    use: Use = None,
    deadline_s: DeadlineS = None,
    callback_gas: CallbackGas = 0,
    anchored: Anchored = False,
    undertake: Undertakes = None,
    place: Place = 0,
    tip: Annotated[int, typer.Option(min=0, max=2**96 - 1, help="What the relayer has of the balance.")] = 0,
) -> None:
    """Sign a question as the agreement's controller, for anyone to `relay`; it is paid from the balance. Sends nothing."""
    client = link.sender
    agreement = client.agreement(agreement_id)
    question = client.question(
        agreement,
        purpose,
        step=step_of(step),
        use=use,
        deadline_s=deadline_s,
        callback_gas=callback_gas,
        delivery=delivery_of(anchored),
        undertakes=undertake or (),
        place=place,
    )
    print_json(signed_asking(agreement, question, tip, client.sign_asking(agreement, question, tip)))


@app.command(epilog="Example: assent request relay asked.json --keystore relayer.json --password-file password")
@sends
def relay(
    link: Link,
    file: SignedFile,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long for the verdict; 0 doesn't wait.")] = 0,
) -> None:
    """Ask what a controller signed, pay for the transaction, and have the tip."""
    _report(link, link.sender.request_signed(*read_signed_asking(read_object(file))), wait_s)


@app.command(epilog="Example: assent request cancel 0x5d…c1 3 --keystore controller.json --password-file password")
@sends
def cancel(link: Link, agreement_id: Id, use: Annotated[int, typer.Argument(min=0, help="The use.")]) -> None:
    """Give up a use of an agreement that no request took, so that a signature for it is worth nothing."""
    sent = link.sender.cancel(link.sender.agreement(agreement_id), use)
    identifier = hexed(bytes(sent.event("Cancelled").arguments["id"]))
    print_facts({"request": identifier, "state": "cancelled", **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent request show 0x5d…c1 --json")
@reads
def show(link: Link, request_id: Id) -> None:
    """Show a request: its terms, its agreement, and its state."""
    from oracle.core.purposes import purpose  # noqa: PLC0415

    request, agreement, block = link.client.request_terms(request_id)
    status = link.client.read(link.client.contract.verdict_of(request_id))
    facts = {
        "request": hexed(request_id),
        "state": status.state.name.lower(),
        "finality": status.finality.name.lower(),
        "block": block,
        "purposeTerm": purpose(request.purpose).term,
        "record": hexed(agreement.record),
        "model": hexed(agreement.model),
    }
    terms = request.to_json()
    print_facts({**facts, "terms": terms} if link.as_json else {**facts, **terms}, link.as_json)


@app.command(epilog="Example: assent request status 0x5d…c1")
@reads
def status(link: Link, request_id: Id) -> None:
    """Show in short where a request is: its state, how final that is, and whether its callback came through."""
    found = link.client.read(link.client.contract.verdict_of(request_id))
    facts: dict[str, Any] = {
        "request": hexed(request_id),
        "state": found.state.name.lower(),
        "finality": found.finality.name.lower(),
        "since": found.since or None,
        "undelivered": found.undelivered,
    }
    print_facts(facts, link.as_json)


@app.command(epilog="Example: assent request claim 0x5d…c1 --wait-s 60 --keystore anyone.json --password-file password")
@sends
def claim(
    link: Link,
    request_id: Id,
    node: Nodes = None,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long until the root is on chain.")] = 0,
    show_only: Annotated[bool, typer.Option("--show-only", help="Show verdict and proof; send nothing.")] = False,
) -> None:
    """Fetch a verdict with its proof under an anchored root, check it, and claim it: until a day after the deadline."""
    found = link.sender.wait_proof(request_id, wait_s, nodes=node)
    if show_only:
        print_facts(found.to_json(), link.as_json)
        return
    print_facts({**found.to_json(), **link.sender.claim(found).to_json()}, link.as_json)


@app.command(epilog="Example: assent request retry 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def retry(link: Link, request_id: Id) -> None:
    """Deliver a verdict whose callback failed. Exit status 1 means that it failed again."""
    sent = link.sender.retry_callback(request_id)
    failed = [event for event in sent.events if event.name == "DeliveryFailed"]
    reason = hexed(bytes(failed[0].arguments["reason"])) if failed else None
    facts = {"request": hexed(request_id), "delivered": not failed, "reason": reason}
    print_facts({**facts, **sent.to_json()}, link.as_json)
    if failed:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: assent request deliver 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def deliver(link: Link, request_id: Id) -> None:
    """Tell the contract that asked that its verdict is final: once, when it can't change any more. The sender pays for what that does."""
    sent = link.sender.deliver_final(request_id)
    receiver = sent.event("FinalDelivered").arguments["receiver"]
    print_facts({"request": hexed(request_id), "receiver": receiver, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent request close 0x5d…c1 --keystore controller.json --password-file password")
@sends
def close(link: Link, request_id: Id) -> None:
    """End an open request whose deadline passed (one to be claimed: a day later), or whose agreement was ended; it is refunded."""
    request = link.sender.request_terms(request_id).request
    late = link.sender.block_time() > request.last_second
    sent = link.sender.expire(request) if late else link.sender.refuse(request)
    print_facts(
        {"request": hexed(request_id), "state": "expired" if late else "refused", **sent.to_json()}, link.as_json
    )


def delivery_of(anchored: bool) -> Delivery:
    """Return how the verdict is wanted."""
    from oracle.core.structs import Delivery  # noqa: PLC0415

    return Delivery.ANCHORED if anchored else Delivery.RECORDED


def _report(link: Link, asked: Asked, wait_s: float) -> None:
    facts = {"request": hexed(asked.id), "terms": asked.request.to_json(), **asked.sent.to_json()}
    if not wait_s:
        print_facts(facts, link.as_json)
        return
    verdict = link.sender.wait(asked.id, wait_s)
    print_facts({**facts, "verdict": verdict.to_json()} if link.as_json else verdict.to_json(), link.as_json)
    if not verdict.recorded:
        raise typer.Exit(FAILED)
