"""``assent operator``: join, resign, show, rotate, collect, withdraw-stake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Link, parse_address, reads, sends
from oracle.cli.output import hexed, print_facts, print_rows

if TYPE_CHECKING:
    from oracle.client import Sent

app = typer.Typer(no_args_is_help=True, help="Operators: join, resign, show, rotate, collect, withdraw-stake.")
_ZERO = "0x" + "0" * 40


@app.command(
    epilog="Example: assent operator join --attester attester.json --seal seal.json --endpoint https://node.example "
    "--stake-wei 1000000000000000000 --keystore operator.json --password-file password"
)
@sends
def join(
    link: Link,
    attester: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Key file that signs reports.")],
    seal: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Seal key file: vaults seal fields to it.")],
    endpoint: Annotated[str, typer.Option(help="Base URL of the node's HTTP interface, as others reach it.")],
    stake_wei: Annotated[int, typer.Option(min=0, help="Stake, in wei.")],
) -> None:
    """Join the operators with a stake. All three key files have the same password file."""
    from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
    from oracle.keys.keystore import read_seal_key, read_signer  # noqa: PLC0415

    sender, password = link.sender, link.password_file or Path()
    signer, public = read_signer(attester, password), read_seal_key(seal, password).public
    refuse_devnet_key(signer.address, link.deployment.chain_id)
    sent = sender.join(signer, public, endpoint, stake_wei)
    facts = {
        "operator": link.signer.address,
        "attester": signer.address,
        "sealKey": hexed(public),
        "endpoint": endpoint,
    }
    print_facts({**facts, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator resign --keystore operator.json --password-file password")
@sends
def resign(link: Link) -> None:
    """Leave the operators from the next rotation on; the stake unbonds from now."""
    _report(link, link.sender.resign())


@app.command(
    "withdraw-stake", epilog="Example: assent operator withdraw-stake --keystore operator.json --password-file pw"
)
@sends
def withdraw_stake(link: Link) -> None:
    """Take back the stake, once unbonded and no longer a member."""
    _report(link, link.sender.withdraw_stake())


@app.command(epilog="Example: assent operator rotate --keystore anyone.json --password-file password")
@sends
def rotate(link: Link) -> None:
    """Start a new epoch, with those as members who joined and haven't left."""
    sent = link.sender.rotate()
    event = sent.event("EpochRotated").arguments
    facts = {"epoch": event["epoch"], "members": list(event["members"])}
    print_facts({**facts, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator collect --withdraw --keystore operator.json --password-file password")
@sends
def collect(
    link: Link,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Pay the credits out as well.")] = False,
) -> None:
    """Credit this operator with its share of all fees that its signatures earned."""
    from oracle.core.errors import ContractRevertError  # noqa: PLC0415

    client, operator = link.sender, link.signer.address
    attester = client.read(client.contract.operator_info(operator)).attester
    collected = 0
    for earning in client.earnings(attester):
        try:
            sent = client.collect(earning.epoch, earning.signers, earning.index)
        except ContractRevertError as error:
            if error.name != "NothingToCollect":
                raise
        else:
            collected += sent.event("Collected").arguments["amount"]
    facts: dict[str, Any] = {"operator": operator, "collectedWei": str(collected)}
    credit = client.read(client.contract.credit_of(operator))
    if withdraw and credit:
        facts |= client.withdraw_credits().to_json()
    print_facts({**facts, "withdrawnWei" if withdraw else "creditWei": str(credit)}, link.as_json)


@app.command(epilog="Example: assent operator show --json")
@reads
def show(
    link: Link,
    operator: Annotated[str | None, typer.Argument(parser=parse_address, metavar="[ADDRESS]")] = None,
) -> None:
    """Show one operator's registration and credits, or the members of the current epoch."""
    client = link.client
    members = client.members()
    if operator is None:
        rows = [
            {"index": each.index, "attester": each.attester, "operator": each.operator, "endpoint": each.endpoint}
            for each in members
        ]
        print_rows(("index", "attester", "operator", "endpoint"), rows, link.as_json)
        return
    info = client.read(client.contract.operator_info(operator))
    facts = {
        "operator": operator,
        "attester": None if info.attester == _ZERO else info.attester,
        "sealKey": hexed(info.seal_key),
        "endpoint": info.endpoint,
        "stakeWei": str(info.stake),
        "leftAt": info.left_at or None,
        "index": next((each.index for each in members if each.attester == info.attester), None),
        "creditWei": str(client.read(client.contract.credit_of(operator))),
    }
    print_facts(facts, link.as_json)


def _report(link: Link, sent: Sent) -> None:
    print_facts({"operator": link.signer.address, **sent.to_json()}, link.as_json)
