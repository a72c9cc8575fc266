"""``assent agreement``: draft, give, sign, relay, withdraw, show; and the purposes to choose from."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Id, Json, Link, parse_address, parse_id, reads, sends
from oracle.cli.output import hexed, print_facts, print_json, print_rows
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import Sent
    from oracle.core.structs import Agreement

app = typer.Typer(no_args_is_help=True, help="Data-use agreements: draft, give, sign, relay, withdraw, show.")
_DAY_S = 86_400
_STEPS = ("infer", "train", "evaluate", "aggregate", "share")

AgreementFile = Annotated[
    typer.FileText, typer.Argument(metavar="FILE", help="An agreement as `draft` writes it; - is standard input.")
]
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


@app.command(
    epilog="Example: assent agreement draft --subject 0xf3… --controller 0x70… --record 0x5d… --model screening "
    "--purpose AcademicResearch --uses 3 > agreement.json"
)
@reads
def draft(
    link: Link,
    subject: Annotated[str, typer.Option(parser=parse_address, metavar="ADDRESS", help="Whose data it is.")],
    controller: Annotated[str, typer.Option(parser=parse_address, metavar="ADDRESS", help="Who may ask.")],
    record: Annotated[bytes, typer.Option(parser=parse_id, metavar="ID", help="The record's id.")],
    model: Annotated[str, typer.Option(metavar="NAME|ID", help="The model, by id or by name in the deployment.")],
    purpose: Annotated[list[str], typer.Option(metavar="TERM", help="A purpose agreed to; may be repeated.")],
    prohibit: Annotated[list[str] | None, typer.Option(metavar="TERM", help="A purpose ruled out; it wins.")] = None,
    step: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(_STEPS)}; infer by default.")] = None,
    days: Annotated[float, typer.Option(min=0, help="How long it is valid from now, in days.")] = 30,
    uses: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="How many requests may be made.")] = 1,
    notice: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="What the subject is shown.")] = None,
) -> None:
    """Write an agreement as JSON to standard output, for `give` or `sign`."""
    from oracle.client import draft_agreement  # noqa: PLC0415

    drafted = draft_agreement(
        subject,
        controller,
        record,
        link.model_id(model),
        purpose,
        prohibit or (),
        [step_of(each) for each in step or ["infer"]],
        valid_for_s=int(days * _DAY_S),
        uses=uses,
        notice=notice.read_bytes() if notice else b"",
    )
    print_json(drafted.to_json())


@app.command(epilog="Example: assent agreement give agreement.json --keystore subject.json --password-file password")
@sends
def give(link: Link, file: AgreementFile) -> None:
    """Give an agreement on chain, as its subject."""
    agreement = read_agreement(_json(file))
    _report(link, agreement, "given", link.sender.give(agreement))


@app.command(
    epilog="Example: assent agreement sign agreement.json --keystore subject.json --password-file pw > signed.json"
)
@sends
def sign(link: Link, file: AgreementFile, deadline_s: DeadlineS = _DAY_S) -> None:
    """Sign an agreement as its subject, for anyone to `relay`. Sends nothing."""
    agreement = read_agreement(_json(file))
    deadline = int(time.time()) + deadline_s
    signature = link.sender.sign_agreement(agreement, deadline)
    print_json(_signed("giving", agreement, deadline, signature))


@app.command(epilog="Example: assent agreement relay signed.json --keystore relayer.json --password-file password")
@sends
def relay(link: Link, file: AgreementFile) -> None:
    """Send what a subject signed, an agreement or a withdrawal, and pay for it."""
    kind, agreement, deadline, signature = _read_signed(_json(file))
    if kind == "withdrawal":
        _report(link, agreement, "withdrawn", link.sender.withdraw_signed(agreement, deadline, signature))
    else:
        _report(link, agreement, "given", link.sender.give_signed(agreement, deadline, signature))


@app.command(epilog="Example: assent agreement withdraw 0x5d…c1 --keystore subject.json --password-file password")
@sends
def withdraw(
    link: Link,
    agreement_id: Id,
    sign_only: Annotated[bool, typer.Option("--sign-only", help="Write a signed withdrawal for `relay`.")] = False,
    deadline_s: DeadlineS = _DAY_S,
) -> None:
    """Withdraw an agreement, as its subject. It takes effect at once, also for requests already open."""
    agreement = link.sender.agreement(agreement_id)
    if not sign_only:
        _report(link, agreement, "withdrawn", link.sender.withdraw(agreement))
        return
    deadline = int(time.time()) + deadline_s
    print_json(_signed("withdrawal", agreement, deadline, link.sender.sign_withdrawal(agreement, deadline)))


@app.command(epilog="Example: assent agreement show 0x5d…c1 --json")
@reads
def show(link: Link, agreement_id: Id) -> None:
    """Show an agreement: its terms in words, its state, and the requests made under it."""
    from oracle.core.purposes import terms  # noqa: PLC0415

    agreement = link.client.agreement(agreement_id)
    status = link.client.read(link.client.contract.agreement_status(agreement_id))
    uses = link.client.uses(agreement_id)
    facts = {
        "agreement": hexed(agreement_id),
        "state": status.state.name.lower(),
        "since": status.since,
        "purposes": list(terms(agreement.purposes)),
        "prohibited": list(terms(agreement.prohibited)),
        "steps": [name for bit, name in enumerate(_STEPS) if agreement.steps >> bit & 1],
    }
    requests = [{"use": use, "request": hexed(each), "state": state.name.lower()} for use, each, state in uses]
    if link.as_json:
        print_json({**facts, "terms": agreement.to_json(), "requests": requests})
        return
    print_facts({**agreement.to_json(), **facts}, as_json=False)
    print_rows(("use", "request", "state"), requests, as_json=False)


def step_of(name: str) -> Any:
    """Return a processing step by its name. Raises typer.BadParameter."""
    from oracle.core.structs import Step  # noqa: PLC0415

    if name not in _STEPS:
        raise typer.BadParameter(f"a step is one of {', '.join(_STEPS)}")
    return Step[name.upper()]


def read_agreement(data: Any) -> Agreement:
    """Return an agreement from its JSON values. Raises ConfigurationError."""
    from oracle.core.structs import Agreement  # noqa: PLC0415

    try:
        agreement = Agreement.from_json(data)
        agreement.hash()  # raises for a number or an address that doesn't fit its type
    except (KeyError, ValueError, TypeError, AttributeError):
        raise ConfigurationError(["not an agreement: write one with `assent agreement draft`"]) from None
    return agreement


def _json(file: typer.FileText) -> dict[str, Any]:
    try:
        data = json.load(file)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ConfigurationError([f"{file.name}: not a JSON object"])
    return data


def _signed(kind: str, agreement: Agreement, deadline: int, signature: bytes) -> dict[str, Any]:
    return {"signed": kind, "agreement": agreement.to_json(), "deadline": deadline, "signature": hexed(signature)}


def _read_signed(data: dict[str, Any]) -> tuple[str, Agreement, int, bytes]:
    agreement = read_agreement(data.get("agreement"))
    try:
        kind, deadline = data["signed"], int(data["deadline"])
        signature = bytes.fromhex(data["signature"].removeprefix("0x"))
        if kind in ("giving", "withdrawal") and 0 <= deadline < 2**64:
            return kind, agreement, deadline, signature
    except (KeyError, ValueError, TypeError, AttributeError):
        pass
    raise ConfigurationError(["not a signed agreement: write one with `assent agreement sign`"])


def _report(link: Link, agreement: Agreement, state: str, sent: Sent) -> None:
    print_facts({"agreement": hexed(agreement.id), "state": state, **sent.to_json()}, link.as_json)
