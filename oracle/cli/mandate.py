"""``assent mandate``: appoint, dismiss, show. Who may act for a subject: a guardian, a data trust."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Link, parse_address, reads, sends
from oracle.cli.output import print_facts
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.core.structs import Mandate

app = typer.Typer(no_args_is_help=True, help="Who may act for a subject: appoint, dismiss, show.")

RIGHTS = ("give", "revoke", "renew")

_ADDRESS: dict[str, Any] = {"parser": parse_address, "metavar": "ADDRESS"}
Representative = Annotated[str, typer.Argument(**_ADDRESS, help="Who acts for the subject.")]
Subject = Annotated[str, typer.Option(**_ADDRESS, help="Whose agreements they are.")]


@app.command(
    epilog="Example: assent mandate appoint 0x70… --right revoke --right renew --purpose ImproveHealthcare --until 2031-05-04 "
    "--keystore subject.json --password-file password"
)
@sends
def appoint(
    link: Link,
    representative: Representative,
    right: Annotated[list[str], typer.Option(metavar="|".join(RIGHTS), help="What it may do; repeatable.")],
    until: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="When the mandate ends by itself, and what is given or renewed under it at the latest: a date (0:00 UTC).",
        ),
    ],
    purpose: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM", help="A purpose for which it may give and renew agreements; repeatable."),
    ] = None,
) -> None:
    """Let somebody act for you, a subject. To give only, from now; to revoke or to renew, a day from now at the earliest."""
    from oracle.core.mandates import NOTICE_S  # noqa: PLC0415
    from oracle.core.purposes import mask  # noqa: PLC0415
    from oracle.core.structs import Mandate, Right  # noqa: PLC0415

    if unknown := [each for each in right if each not in RIGHTS]:
        raise ConfigurationError([f"--right: {each!r} is none of {', '.join(RIGHTS)}" for each in unknown])
    rights = Right(sum({int(Right[each.upper()]) for each in right}))
    if bool(rights & (Right.GIVE | Right.RENEW)) != bool(purpose):
        raise ConfigurationError(
            ["--purpose: name those for which it may give or renew, and none if it may only revoke"]
        )
    # A little later than the contract's least, for its clock and ours differ.
    begins = 0 if rights is Right.GIVE else int(time.time()) + NOTICE_S + 600
    mandate = Mandate(int(rights), begins, _seconds(until), mask(purpose or ()))
    sent = link.sender.appoint(representative, mandate)
    print_facts({"representative": representative, **_facts(mandate), **sent.to_json()}, link.as_json)


@app.command(
    epilog="Example: assent mandate dismiss 0x70… --subject 0x31… --keystore subject.json --password-file password"
)
@sends
def dismiss(link: Link, representative: Representative, subject: Subject) -> None:
    """End a mandate at once, as the subject or as the representative. What was given under it stands."""
    sent = link.sender.dismiss(subject, representative)
    print_facts({"representative": representative, "subject": subject, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent mandate show 0x70… --subject 0x31… --json")
@reads
def show(link: Link, representative: Representative, subject: Subject) -> None:
    """Show what somebody may do for a subject."""
    mandate = link.client.read(link.client.contract.mandate_of(subject, representative))
    print_facts({"representative": representative, "subject": subject, **_facts(mandate)}, link.as_json)


def _facts(mandate: Mandate) -> dict[str, Any]:
    from oracle.core.purposes import terms  # noqa: PLC0415

    rights = [name for bit, name in enumerate(RIGHTS) if mandate.rights >> bit & 1]
    return {"rights": rights, "from": mandate.begins, "until": mandate.until, "purposes": list(terms(mandate.purposes))}


def _seconds(date: str) -> int:
    try:
        return int(datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        raise ConfigurationError(["--until: a date is YYYY-MM-DD"]) from None
