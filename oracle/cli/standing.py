"""``assent standing``: make, open, end, show, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.files import step_of
from oracle.cli.options import Id, Link, parse_address, parse_id, reads, sends
from oracle.cli.output import hexed, print_facts, print_json, print_rows
from oracle.cli.request import Anchored, CallbackGas, FromBalance, Purpose, StepName, Use, delivery_of
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import AssentClient
    from oracle.core.structs import Schedule

app = typer.Typer(
    no_args_is_help=True, help="Standing requests, one question on a schedule: make, open, end, show, list."
)


@app.command(
    epilog="Example: assent standing make 0x5d…c1 --purpose AcademicResearch --rounds 12 --every-s 604800 "
    "--keystore controller.json --password-file password"
)
@sends
def make(
    link: Link,
    agreement_ids: Annotated[
        list[bytes], typer.Argument(parser=parse_id, metavar="AGREEMENT...", help="The agreements, one or more.")
    ],
    purpose: Purpose,
    rounds: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="How many times to ask.")],
    every_s: Annotated[int | None, typer.Option(min=1, max=2**32 - 1, help="Seconds between two rounds.")] = None,
    every_blocks: Annotated[
        int | None, typer.Option(min=1, max=2**32 - 1, help="Blocks between two rounds, instead of seconds.")
    ] = None,
    start: Annotated[
        int | None, typer.Option(min=0, max=2**40 - 1, help="Unix time, or block, of the first round; now by default.")
    ] = None,
    window_s: Annotated[
        int, typer.Option(min=60, max=604_800, help="How long each round may be answered, in seconds.")
    ] = 3600,
    catch_up: Annotated[bool, typer.Option("--catch-up", help="Open missed rounds later, instead of none.")] = False,
    step: StepName = "infer",
    use: Use = None,
    callback_gas: CallbackGas = 0,
    anchored: Anchored = False,
    from_balance: FromBalance = False,
) -> None:
    """Ask again and again under one or more agreements, as their controller, and pay all rounds in advance."""
    client = link.sender
    if (every_s is None) == (every_blocks is None):
        raise ConfigurationError(["--every-s, --every-blocks: name one of them"])
    made = client.stand(
        [client.agreement(each) for each in agreement_ids],
        purpose,
        _schedule(client, every_s, every_blocks, start, rounds, window_s, catch_up),
        step=step_of(step),
        use=use,
        callback_gas=callback_gas,
        delivery=delivery_of(anchored),
        from_balance=from_balance,
    )
    rows = [{"standing": hexed(each.id), "agreement": hexed(each.agreement)} for each in made.standing]
    if link.as_json:
        print_json({"standing": rows, "schedule": made.standing[0].schedule.to_json(), **made.sent.to_json()})
        return
    print_rows(("standing", "agreement"), rows, as_json=False)
    print_facts(made.sent.to_json(), as_json=False)


@app.command("open", epilog="Example: assent standing open 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def open_(
    link: Link,
    standing_id: Id,
    round_: Annotated[int | None, typer.Option("--round", min=0, help="The round; by default the one due now.")] = None,
) -> None:
    """Open a round that is due. Anyone may; operators do."""
    asked = link.sender.open_round(standing_id, round_)
    facts = {"standing": hexed(standing_id), "request": hexed(asked.id), "terms": asked.request.to_json()}
    print_facts({**facts, **asked.sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent standing end 0x5d…c1 --keystore controller.json --password-file password")
@sends
def end(link: Link, standing_id: Id) -> None:
    """End a standing request; the rounds that weren't opened are refunded to the controller's balance."""
    sent = link.sender.end_standing(standing_id)
    refunded = str(sent.event("StandingEnded").arguments["refunded"])
    print_facts({"standing": hexed(standing_id), "refunded": refunded, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent standing show 0x5d…c1 --json")
@reads
def show(link: Link, standing_id: Id) -> None:
    """Show a standing request: its terms, its state, when the next round is due, and the requests so far."""
    data = link.client.standing_view(standing_id).to_json()
    if link.as_json:
        print_json(data)
        return
    requests, terms = data.pop("requests"), data.pop("terms")
    print_facts({**data, **terms}, as_json=False)
    print_rows(("round", "request", "state"), requests, as_json=False)


@app.command("list", epilog="Example: assent standing list --controller 0x70… --json")
@reads
def list_(
    link: Link,
    agreement: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ID", help="Those under this agreement only.")
    ] = None,
    controller: Annotated[
        str | None, typer.Option(parser=parse_address, metavar="ADDRESS", help="This controller's only.")
    ] = None,
) -> None:
    """List standing requests with their state."""
    rows = [each.to_json() for each in link.client.standings(agreement_id=agreement, controller=controller)]
    print_rows(("standing", "active", "opened", "next", "due"), rows, link.as_json)


def _schedule(
    client: AssentClient,
    every_s: int | None,
    every_blocks: int | None,
    start: int | None,
    rounds: int,
    window_s: int,
    catch_up: bool,
) -> Schedule:
    from oracle.core.structs import Schedule  # noqa: PLC0415

    in_blocks = every_blocks is not None
    if start is None:
        start = client.block_number() if in_blocks else client.block_time()
    return Schedule(start, every_blocks or every_s or 0, rounds, window_s, in_blocks, catch_up)
