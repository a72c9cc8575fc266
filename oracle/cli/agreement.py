"""``assent agreement``: give, sign, relay, renew, adopt, show, settle; and the purposes to choose from.

How one is drafted is in :mod:`oracle.cli.agreement_draft`, how one ends in :mod:`oracle.cli.agreement_end`, what can be shown of one in
:mod:`oracle.cli.receipt`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import (
    STEPS,
    AgreementFile,
    AgreementFiles,
    SignedFile,
    read_agreement,
    read_object,
    read_signed_agreements,
    signed_agreements,
)
from oracle.cli.options import Id, Json, Link, reads, sends
from oracle.cli.output import hexed, print_facts, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.client import Sent
    from oracle.core.structs import Agreement

app = typer.Typer(
    no_args_is_help=True,
    help="Data-use agreements: make, give and withdraw them; receipts, and what became of them.",
)
DAY_S = 86_400

SignOnly = Annotated[bool, typer.Option("--sign-only", help="Send nothing; write it signed, for `relay`.")]
DeadlineS = Annotated[int, typer.Option("--deadline-s", min=1, help="How long the signature may be used, in seconds.")]


@app.command("list-purposes", epilog="Example: assent agreement list-purposes research")
def list_purposes(
    search: Annotated[str, typer.Argument(help="Part of a term; all of them by default.")] = "", as_json: Json = False
) -> None:
    """List the purposes (W3C DPV) that an agreement can name. Agreeing to one covers those below it."""
    from oracle.core.purposes import purposes  # noqa: PLC0415

    rows = [
        {"term": each.term, "bit": each.bit, "below": list(each.parents), "iri": each.iri}
        for each in purposes()
        if search.lower() in each.term.lower()
    ]
    print_rows(("term", "bit", "below"), rows, as_json)


@app.command(epilog="Example: assent agreement give agreement.json --keystore subject.json --password-file password")
@sends
def give(link: Link, file: AgreementFile) -> None:
    """Give an agreement on chain, as its subject."""
    agreement = read_agreement(read_object(file))
    report_state(link, [agreement], "given", link.sender.give(agreement))


@app.command(
    epilog="Example: assent agreement sign agreement.json --keystore subject.json --password-file pw > signed.json"
)
@sends
def sign(link: Link, files: AgreementFiles, deadline_s: DeadlineS = DAY_S) -> None:
    """Sign an agreement, or several at once, as their subject, for anyone to `relay`. Sends nothing."""
    agreements = [read_agreement(read_object(file)) for file in files]
    deadline = int(time.time()) + deadline_s
    if len(agreements) == 1:
        signature = link.sender.sign_agreement(agreements[0], deadline)
    else:
        signature = link.sender.sign_agreements(agreements, deadline)
    print_json(signed_agreements("giving", agreements, deadline, signature))


@app.command(epilog="Example: assent agreement relay signed.json --keystore relayer.json --password-file password")
@sends
def relay(link: Link, file: SignedFile) -> None:
    """Send what a subject signed, agreements, withdrawals or a renewal, and pay for it."""
    signed = read_signed_agreements(read_object(file))
    sender, proof = link.sender, (signed.deadline, signed.signature)
    first, *others = signed.agreements
    if signed.kind == "renewal":
        report_state(link, [first], "renewed", sender.renew_signed(first, signed.valid_until, *proof))
    elif signed.kind == "withdrawal":
        sent = (
            sender.withdraw_many_signed(signed.agreements, *proof) if others else sender.withdraw_signed(first, *proof)
        )
        report_state(link, signed.agreements, "withdrawn", sent)
    else:
        sent = sender.give_many_signed(signed.agreements, *proof) if others else sender.give_signed(first, *proof)
        report_state(link, signed.agreements, "given", sent)


@app.command(
    epilog="Example: assent agreement renew 0x5d…c1 --days 365 --keystore subject.json --password-file password"
)
@sends
def renew(
    link: Link,
    agreement_id: Id,
    days: Annotated[float, typer.Option(min=0, help="How long it is valid from now, in days.")],
    sign_only: SignOnly = False,
    deadline_s: DeadlineS = DAY_S,
) -> None:
    """Lengthen an agreement, as its subject or a representative; all its other terms stay."""
    client = link.sender
    agreement = client.agreement(agreement_id)
    until = int(time.time() + days * DAY_S)
    if not sign_only:
        report_state(link, [agreement], "renewed", client.renew(agreement, until))
        return
    deadline = int(time.time()) + deadline_s
    signature = client.sign_renewal(agreement, until, deadline)
    print_json({**signed_agreements("renewal", [agreement], deadline, signature), "validUntil": until})


@app.command(
    epilog="Example: assent agreement adopt 0x5d…c1 --model screening --uses 3 --keystore controller.json "
    "--password-file password"
)
@sends
def adopt(
    link: Link,
    agreement_id: Id,
    model: Annotated[str, typer.Option(metavar="NAME|ID", help="The model, by id or by name in the deployment.")],
    uses: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="How many of the agreement's uses it takes.")] = 1,
) -> None:
    """Take one model of the publisher that a subject agreed to, as the controller: makes an agreement for it, to ask under."""
    client = link.sender
    sent = client.adopt(client.agreement(agreement_id), client.model(link.model_id(model)), uses)
    made = next(bytes(event.arguments["id"]) for event in sent.events if event.name == "AgreementAdopted")
    facts = {"agreement": hexed(made), "under": hexed(agreement_id), "uses": uses}
    print_facts({**facts, "state": "given", **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent agreement show 0x5d…c1 --json")
@reads
def show(link: Link, agreement_id: Id) -> None:
    """Show an agreement: its terms in words, its state, and the requests made under it."""
    from oracle.core.duo import modifier_codes  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    agreement = link.client.agreement(agreement_id)
    status = link.client.read(link.client.contract.agreement_status(agreement_id))
    uses = link.client.uses(agreement_id)
    facts: dict[str, Any] = {
        "agreement": hexed(agreement_id),
        "state": status.state.name.lower(),
        "since": status.since,
        "validUntil": status.valid_until,
        "modifiers": list(modifier_codes(agreement.modifiers)),
        "purposes": list(terms(agreement.purposes)),
        "prohibited": list(terms(agreement.prohibited)),
        "unsettled": status.unsettled,
        "steps": [name for bit, name in enumerate(STEPS) if agreement.steps >> bit & 1],
    }
    if agreement.models_by is not None:
        adopted = [hexed(each) for each in link.client.read(link.client.contract.adopted_under(agreement_id))]
        currency = link.client.price_of(agreement).currency
        facts = {**facts, **models_of(agreement), "currency": currency, "allotted": status.allotted, "adopted": adopted}
    requests = [{"use": use, "request": hexed(each), "state": state.name.lower()} for use, each, state in uses]
    if link.as_json:
        print_json({**facts, "terms": agreement.to_json(), "requests": requests})
        return
    print_facts({**agreement.to_json(), **facts}, as_json=False)
    print_rows(("use", "request", "state"), requests, as_json=False)


@app.command(epilog="Example: assent agreement settle 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def settle(link: Link, agreement_id: Id) -> None:
    """Credit the subject and the model's publisher with what the agreement's verdicts earned. Anyone may."""
    client = link.sender
    due = client.unsettled(agreement_id)
    sent = client.settle(agreement_id)
    facts = {"verdicts": due.verdicts, "price": str(due.price), "royalty": str(due.royalty), "currency": due.currency}
    print_facts({"agreement": hexed(agreement_id), **facts, **sent.to_json()}, link.as_json)


def models_of(agreement: Agreement) -> dict[str, Any]:
    """Return what to show of the model agreed to, or of the publisher of models."""
    by = agreement.models_by
    if by is None:
        return {"model": hexed(agreement.model)}
    return {"modelsBy": by.publisher, "currencyIndex": by.currency}


def report_state(link: Link, agreements: Sequence[Agreement], state: str, sent: Sent) -> None:
    """Print what a transaction made of agreements."""
    ids = [hexed(each.id) for each in agreements]
    named = {"agreement": ids[0]} if len(ids) == 1 else {"agreements": ids}
    if any(event.name == "AgreementRefused" for event in sent.events):
        state = "refused" if len(ids) == 1 else f"{state} or, where it wasn't given, refused"
    print_facts({**named, "state": state, **sent.to_json()}, link.as_json)
