"""``assent agreement``: draft, notice, give, sign, relay, renew, show, settle; and the purposes to choose from.

How one ends is in :mod:`oracle.cli.agreement_end`, what can be shown of one in :mod:`oracle.cli.receipt`.
"""

from __future__ import annotations

import time
from pathlib import Path
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
    step_of,
)
from oracle.cli.options import Id, Json, Link, parse_address, parse_id, reads, sends
from oracle.cli.output import hexed, print_facts, print_json, print_rows
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.client import Sent
    from oracle.core.structs import Agreement, Record

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


_ADDRESS: dict[str, Any] = {"parser": parse_address, "metavar": "ADDRESS"}


@app.command(
    epilog="Example: assent agreement draft --record 0x5d… --controller 0x70… --model screening "
    "--purpose AcademicResearch --uses 3 > agreement.json"
)
@reads
def draft(
    link: Link,
    controller: Annotated[str, typer.Option(**_ADDRESS, help="Who may ask.")],
    model: Annotated[str, typer.Option(metavar="NAME|ID", help="The model, by id or by name in the deployment.")],
    purpose: Annotated[
        list[str] | None, typer.Option(metavar="TERM", help="A purpose agreed to; may be repeated.")
    ] = None,
    permission: Annotated[
        list[str] | None,
        typer.Option(metavar="DUO", help="Purposes by a DUO permission, such as GRU or HMB; repeatable."),
    ] = None,
    record: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ID", help="The record's id, to be looked up on chain.")
    ] = None,
    root: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ROOT", help="The record's root, if it isn't on chain yet.")
    ] = None,
    subject: Annotated[str | None, typer.Option(**_ADDRESS, help="Whose data it is; with --root.")] = None,
    holder: Annotated[str | None, typer.Option(**_ADDRESS, help="Who keeps the record; with --root.")] = None,
    prohibit: Annotated[list[str] | None, typer.Option(metavar="TERM", help="A purpose ruled out; it wins.")] = None,
    ehds: Annotated[
        bool, typer.Option("--ehds", help="Rule out what the European Health Data Space forbids: Art. 54(b), (c).")
    ] = False,
    modifier: Annotated[
        list[str] | None, typer.Option(metavar="DUO", help="What whoever asks must undertake, such as NCU; repeatable.")
    ] = None,
    place: Annotated[
        int, typer.Option(min=0, max=999, help="Where alone it may be used, ISO 3166-1 numeric; 0: anywhere.")
    ] = 0,
    language: Annotated[str, typer.Option(metavar="CODE", help="The notice's language, ISO 639-1.")] = "",
    erasure: Annotated[
        bool, typer.Option("--erasure", help="Have the record erased when the agreement ends, and told on chain.")
    ] = False,
    step: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(STEPS)}; infer by default.")] = None,
    days: Annotated[float, typer.Option(min=0, help="How long it is valid from now, in days.")] = 30,
    uses: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="How many requests may be made.")] = 1,
    price: Annotated[
        int, typer.Option(min=0, max=2**96 - 1, help="What each verdict earns the subject: wei, or the token's units.")
    ] = 0,
    notice: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="What the subject is shown.")] = None,
) -> None:
    """Write an agreement as JSON to standard output, for `give` or `sign`."""
    from oracle.client import draft_agreement  # noqa: PLC0415
    from oracle.core.duo import ehds_prohibited  # noqa: PLC0415
    from oracle.core.notices import notice_bytes  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    drafted = draft_agreement(
        _record(link, record, root, subject, holder),
        controller,
        link.model_id(model),
        _purposes(purpose, permission),
        [*(prohibit or ()), *(terms(ehds_prohibited()) if ehds else ())],
        [step_of(each) for each in step or ["infer"]],
        valid_for_s=int(days * DAY_S),
        uses=uses,
        price=price,
        modifiers=modifier or (),
        place=place,
        language=language or _language_of(notice),
        erasure=erasure,
        notice=notice_bytes(notice.read_bytes()) if notice else b"",
    )
    print_json(drafted.to_json())


@app.command(epilog="Example: assent agreement notice notice.txt --language en --recipient 'your clinic' > notice.json")
def notice(
    text: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What the subject reads, UTF-8.")],
    language: Annotated[str, typer.Option(metavar="CODE", help="Its language, ISO 639-1.")] = "",
    recipient: Annotated[list[str] | None, typer.Option(help="Who learns the answer, in words; repeatable.")] = None,
    processor: Annotated[
        list[str] | None,
        typer.Option(**_ADDRESS, help="An operator that may process the record; repeatable; none: any."),
    ] = None,
) -> None:
    """Write a notice to standard output, for `draft --notice` and, if it names processors, for `vault notice`."""
    from oracle.core.notices import Notice  # noqa: PLC0415

    try:
        content = text.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigurationError([f"{text}: not UTF-8 text"]) from None
    made = Notice(content, language, tuple(recipient or ()), tuple(processor or ()))
    typer.echo(made.encoded().decode())


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


@app.command(epilog="Example: assent agreement show 0x5d…c1 --json")
@reads
def show(link: Link, agreement_id: Id) -> None:
    """Show an agreement: its terms in words, its state, and the requests made under it."""
    from oracle.core.duo import modifier_codes  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    agreement = link.client.agreement(agreement_id)
    status = link.client.read(link.client.contract.agreement_status(agreement_id))
    uses = link.client.uses(agreement_id)
    facts = {
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


def _record(link: Link, record: bytes | None, root: bytes | None, subject: str | None, holder: str | None) -> Record:
    """Return the record that an agreement is about: looked up by its id, or put together."""
    from oracle.core.structs import Record  # noqa: PLC0415

    if record is not None:
        found = link.client.record(record).record
        if subject not in (None, found.subject) or holder not in (None, found.holder) or root not in (None, found.root):
            raise ConfigurationError([f"--record: it is {found.subject}'s, held by {found.holder}; name it alone"])
        return found
    if root is None or subject is None or holder is None:
        raise ConfigurationError(["--record: name the record, or its --root, --subject and --holder"])
    return Record(root, subject, holder)


def _language_of(notice: Path | None) -> str:
    from oracle.core.notices import Notice, NoticeError  # noqa: PLC0415

    try:
        return "" if notice is None else Notice.parse(notice.read_bytes()).language
    except NoticeError:
        return ""


def _purposes(named: list[str] | None, permissions: list[str] | None) -> list[str]:
    from oracle.core.duo import permission_mask  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    if not named and not permissions:
        raise ConfigurationError(["--purpose: name a purpose, or a --permission"])
    return [*(named or ()), *terms(permission_mask(permissions or ()))]


def report_state(link: Link, agreements: Sequence[Agreement], state: str, sent: Sent) -> None:
    """Print what a transaction made of agreements."""
    ids = [hexed(each.id) for each in agreements]
    named = {"agreement": ids[0]} if len(ids) == 1 else {"agreements": ids}
    if any(event.name == "AgreementRefused" for event in sent.events):
        state = "refused" if len(ids) == 1 else f"{state} or, where it wasn't given, refused"
    print_facts({**named, "state": state, **sent.to_json()}, link.as_json)
