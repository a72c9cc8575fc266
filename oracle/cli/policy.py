"""``assent operator policy``: show, sign, schedule, apply."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Link, reads, sends
from oracle.cli.output import hexed, print_facts, print_json
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.core.structs import Policy

app = typer.Typer(no_args_is_help=True, help="The operator set's terms: show, sign, schedule, apply.")
_DAY_S = 86_400


@app.command(epilog="Example: assent operator policy show --json")
@reads
def show(link: Link) -> None:
    """Show the policy, the one scheduled if there is one, and the terms of challenges."""
    client = link.client
    scheduled = client.read(client.contract.scheduled_policy())
    facts = {
        **client.read(client.contract.current_policy()).to_json(),
        "challenges": client.read(client.contract.challenge_terms()).to_json(),
        "scheduled": None if scheduled is None else scheduled.policy.to_json(),
        "notBefore": None if scheduled is None else scheduled.not_before,
    }
    print_facts(facts, link.as_json)


@app.command(
    epilog="Example: assent operator policy sign --epoch-grace 1200 --keystore attester.json --password-file password "
    "> signed.json"
)
@sends
def sign(
    link: Link,
    min_stake_wei: Annotated[int | None, typer.Option(min=1, max=2**96 - 1, help="Least stake, in wei.")] = None,
    min_members: Annotated[int | None, typer.Option(min=2, max=64, help="No epoch has fewer members.")] = None,
    unbonding_time: Annotated[int | None, typer.Option(min=0, help="Until a stake is paid back, in seconds.")] = None,
    epoch_length: Annotated[int | None, typer.Option(min=1, help="Between two rotations, in seconds.")] = None,
    epoch_grace: Annotated[
        int | None, typer.Option(min=0, help="How long the epoch before may still sign, in seconds.")
    ] = None,
    deadline: Annotated[
        int | None, typer.Option(min=0, help="Unix time until which it is good, the same for all; in a day by default.")
    ] = None,
) -> None:
    """Sign another policy as a member, with its attester key; what isn't named stays. `schedule` takes enough of these."""
    from dataclasses import replace  # noqa: PLC0415

    client = link.sender
    changes = {
        "min_stake": min_stake_wei,
        "min_members": min_members,
        "unbonding_time": unbonding_time,
        "epoch_length": epoch_length,
        "epoch_grace": epoch_grace,
    }
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    policy = replace(client.read(client.contract.current_policy()), **given)
    until = int(time.time()) + _DAY_S if deadline is None else deadline
    signature = client.sign_amendment(policy, until)
    print_json({"signed": "amendment", "policy": policy.to_json(), "deadline": until, "signature": hexed(signature)})


@app.command(
    epilog="Example: assent operator policy schedule one.json two.json three.json --keystore anyone.json "
    "--password-file password"
)
@sends
def schedule(
    link: Link,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="What the members signed.")
    ],
) -> None:
    """Schedule a policy that a supermajority of the members signed; it can be applied after the unbonding time."""
    signed = [_read(path) for path in files]
    policy, deadline, _ = signed[0]
    if any((each, until) != (policy, deadline) for each, until, _ in signed):
        raise ConfigurationError(["FILE: the members signed different policies or deadlines; agree on one"])
    sent = link.sender.schedule_policy(policy, deadline, [signature for _, _, signature in signed])
    not_before = sent.event("PolicyScheduled").arguments["notBefore"]
    print_facts({**policy.to_json(), "notBefore": not_before, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator policy apply --keystore anyone.json --password-file password")
@sends
def apply(link: Link) -> None:
    """Apply the scheduled policy, once it is due. Anyone may."""
    sent = link.sender.apply_policy()
    policy = link.sender.read(link.sender.contract.current_policy())
    print_facts({**policy.to_json(), **sent.to_json()}, link.as_json)


def _read(path: Path) -> tuple[Policy, int, bytes]:
    from oracle.core.structs import Policy  # noqa: PLC0415

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        signature = bytes.fromhex(data["signature"].removeprefix("0x"))
        policy, deadline = Policy.from_json(data["policy"]), int(data["deadline"])
        if data["signed"] == "amendment":
            return policy, deadline, signature
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise ConfigurationError([f"{path}: not a signed policy: write one with `assent operator policy sign`"])
