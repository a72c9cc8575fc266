"""``assent agreement withdraw``, ``refuse``, ``exclude``, ``revoke``, ``invalidate``: each way an agreement ends before its time."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from oracle.cli.agreement import DAY_S, DeadlineS, SignOnly, app, report_state
from oracle.cli.files import AgreementFile, read_agreement, read_object, signed_agreements
from oracle.cli.options import Id, Link, parse_id, sends
from oracle.cli.output import hexed, print_facts, print_json

Ids = Annotated[
    list[bytes], typer.Argument(parser=parse_id, metavar="ID…", help="Their ids, 0x and 64 hexadecimal digits each.")
]


@app.command(epilog="Example: assent agreement withdraw 0x5d…c1 --keystore subject.json --password-file password")
@sends
def withdraw(
    link: Link,
    agreement_ids: Ids,
    sign_only: SignOnly = False,
    deadline_s: DeadlineS = DAY_S,
) -> None:
    """Withdraw agreements, as their subject. It takes effect at once, also for requests already open."""
    client = link.sender
    agreements = [client.agreement(each) for each in agreement_ids]
    first, *others = agreements
    if not sign_only and not others:
        report_state(link, agreements, "withdrawn", client.withdraw(first))
        return
    deadline = int(time.time()) + deadline_s
    signature = client.sign_withdrawals(agreements, deadline) if others else client.sign_withdrawal(first, deadline)
    if sign_only:
        print_json(signed_agreements("withdrawal", agreements, deadline, signature))
    else:
        report_state(link, agreements, "withdrawn", client.withdraw_many_signed(agreements, deadline, signature))


@app.command(epilog="Example: assent agreement refuse agreement.json --keystore subject.json --password-file password")
@sends
def refuse(link: Link, file: AgreementFile) -> None:
    """Refuse an agreement, as its subject: whatever you signed of it, it can't be given any more. One that is given is withdrawn."""
    agreement = read_agreement(read_object(file))
    report_state(link, [agreement], "withdrawn", link.sender.withdraw(agreement))


@app.command(
    epilog="Example: assent agreement exclude 0x5d…c1 --model screening --keystore subject.json --password-file password"
)
@sends
def exclude(
    link: Link,
    agreement_id: Id,
    model: Annotated[str, typer.Option(metavar="NAME|ID", help="The model, by id or by name in the deployment.")],
) -> None:
    """Rule out one model of the publisher that you agreed to, as the subject: it can't be adopted any more, and what was is withdrawn."""
    client = link.sender
    model_id = link.model_id(model)
    sent = client.exclude_model(client.agreement(agreement_id), model_id)
    facts = {"agreement": hexed(agreement_id), "model": hexed(model_id), "state": "excluded"}
    print_facts({**facts, "transactions": [hexed(each.hash) for each in sent]}, link.as_json)


@app.command(epilog="Example: assent agreement revoke 0x5d…c1 --keystore guardian.json --password-file password")
@sends
def revoke(link: Link, agreement_id: Id) -> None:
    """End an agreement in its subject's stead, as a representative with a mandate for it."""
    agreement = link.sender.agreement(agreement_id)
    report_state(link, [agreement], "revoked", link.sender.revoke(agreement))


@app.command(epilog="Example: assent agreement invalidate 0x5d…c1 --keystore holder.json --password-file password")
@sends
def invalidate(link: Link, agreement_id: Id) -> None:
    """End an agreement about a record that you hold, because it isn't what it seemed: another person's, or not free."""
    agreement = link.sender.agreement(agreement_id)
    report_state(link, [agreement], "invalidated", link.sender.invalidate(agreement))
