"""``assent operator``: join, keys, stake, renew, resign, withdraw-stake, rotate, collect, show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Link, parse_address, reads, sends
from oracle.cli.output import hexed, local_time, print_facts, print_rows

if TYPE_CHECKING:
    from oracle.client import AssentClient, Sent
    from oracle.keys.signer import LocalSigner

app = typer.Typer(
    no_args_is_help=True,
    help="Operators: join, keys, stake, renew, resign, withdraw-stake, rotate, collect, show.",
)
_ZERO = "0x" + "0" * 40


AttesterFile = Annotated[
    Path, typer.Option("--attester", exists=True, dir_okay=False, help="Key file that signs reports.")
]
SealFile = Annotated[
    Path, typer.Option("--seal", exists=True, dir_okay=False, help="Seal key file: vaults seal fields to it.")
]
Endpoint = Annotated[str, typer.Option(help="Base URL of the node's HTTP interface, as others reach it.")]
OperatorOption = Annotated[
    str | None,
    typer.Option("--operator", parser=parse_address, metavar="ADDRESS", help="The operator; the sender by default."),
]


@app.command(
    epilog="Example: assent operator join --attester attester.json --seal seal.json --endpoint https://node.example "
    "--stake-wei 1000000000000000000 --keystore operator.json --password-file password"
)
@sends
def join(
    link: Link,
    attester: AttesterFile,
    seal: SealFile,
    endpoint: Endpoint,
    stake_wei: Annotated[int, typer.Option(min=0, help="Stake, in wei.")],
) -> None:
    """Join the operators with a stake, and wait for a place on the roll. All three key files have the same password file."""
    signer, public = _node_keys(link, attester, seal)
    _report_keys(link, signer.address, public, endpoint, link.sender.join(signer, public, endpoint, stake_wei))


@app.command(epilog="Example: assent operator resign --keystore operator.json --password-file password")
@sends
def resign(link: Link) -> None:
    """Leave: the waiting list at once, the roll with a rotation; the stake unbonds once the last epoch has ended."""
    _report(link, link.sender.resign())


@app.command(
    "withdraw-stake", epilog="Example: assent operator withdraw-stake --keystore operator.json --password-file pw"
)
@sends
def withdraw_stake(link: Link) -> None:
    """Take back the stake, once unbonded and off the roll."""
    _report(link, link.sender.withdraw_stake())


@app.command(epilog="Example: assent operator rotate --keystore anyone.json --password-file password")
@sends
def rotate(link: Link) -> None:
    """Form the next epoch: an eighth of the roll may leave, and as many enter of those who wait. Anyone may."""
    sent = link.sender.rotate()
    event = sent.event("EpochFormed").arguments
    facts = {"epoch": event["epoch"], "seats": event["seats"], "roll": list(event["roll"])}
    print_facts({**facts, **sent.to_json()}, link.as_json)


@app.command(
    epilog="Example: assent operator keys --attester new.json --seal seal.json --endpoint https://node.example "
    "--keystore operator.json --password-file password"
)
@sends
def keys(link: Link, attester: AttesterFile, seal: SealFile, endpoint: Endpoint) -> None:
    """Change this operator's attester, seal key and endpoint; give what stays as it is. Keep the old attester until the next epoch."""
    signer, public = _node_keys(link, attester, seal)
    _report_keys(link, signer.address, public, endpoint, link.sender.change_keys(signer, public, endpoint))


@app.command(
    epilog="Example: assent operator stake 1000000000000000000 --keystore operator.json --password-file password"
)
@sends
def stake(
    link: Link,
    amount_wei: Annotated[int, typer.Argument(min=1, max=2**96 - 1, help="How much to add, in wei.")],
    operator: OperatorOption = None,
) -> None:
    """Add to an operator's stake. Anyone may."""
    sent = link.sender.add_stake(amount_wei, operator)
    event = sent.event("StakeAdded").arguments
    print_facts({"operator": event["operator"], "stakeWei": str(event["stake"]), **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator renew --keystore operator.json --password-file password")
@sends
def renew(link: Link) -> None:
    """Renew this operator's lease from now; one that is out waits again, with stake enough."""
    sent = link.sender.renew_lease()
    until = sent.event("LeaseRenewed").arguments["until"]
    lease = until if link.as_json else local_time(until)
    print_facts({"operator": link.signer.address, "lease": lease, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator collect --withdraw --keystore operator.json --password-file password")
@sends
def collect(
    link: Link,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Pay balances and credit out as well.")] = False,
) -> None:
    """Credit this operator with its share of all that its signatures earned, in every currency, beside what it judged for."""
    from oracle.core.errors import ContractRevertError  # noqa: PLC0415

    client, operator = link.sender, link.signer.address
    collected: dict[str, int] = {}
    for earning in client.earnings(operator):
        try:
            sent = client.collect(earning)
        except ContractRevertError as error:
            if error.name != "NothingToCollect":
                raise
        else:
            amount = sent.event("Collected").arguments["amount"]
            collected[earning.currency] = collected.get(earning.currency, 0) + amount
    balances = {currency: amount for currency, amount in client.balances(operator).items() if amount}
    credit = client.credit(operator)
    if withdraw:
        for currency in balances:
            client.withdraw_balance(currency)
        if credit:
            client.withdraw_credit()
    left = {"withdrawn": _amounts(balances), "creditWithdrawn": str(credit)}
    kept = {"balance": _amounts(balances), "credit": str(credit)}
    facts = {"collected": _amounts(collected), **(left if withdraw else kept)}
    print_facts({"operator": operator, **facts}, link.as_json)


@app.command(epilog="Example: assent operator show --json")
@reads
def show(
    link: Link,
    operator: Annotated[str | None, typer.Argument(parser=parse_address, metavar="[ADDRESS]")] = None,
) -> None:
    """Show one operator: its keys, stake, lease and place, and what it has to its credit; or everyone on the current epoch's roll."""
    client = link.client
    if operator is None:
        rows = [each.to_json() for each in client.roll()]
        print_rows(("index", "place", "attester", "operator", "endpoint"), rows, link.as_json)
        return
    facts = _facts(client, operator)
    lease, over = facts["lease"], facts["leaseOver"]
    if not link.as_json and lease:
        facts["lease"] = f"{local_time(lease)}" + (" (over: `assent operator renew`)" if over else "")
    print_facts(facts, link.as_json)


def _facts(client: AssentClient, operator: str) -> dict[str, Any]:
    from oracle.core.structs import Place  # noqa: PLC0415

    info = client.read(client.contract.operator_info(operator))
    # Around a change of keys the roll still has the attester before.
    member = next((each for each in client.roll() if each.operator == operator), None)
    place = "waiting" if info.place is Place.WAITING else "out"
    return {
        "operator": operator,
        "attester": None if info.attester == _ZERO else info.attester,
        "sealKey": hexed(info.seal_key),
        "endpoint": info.endpoint,
        "stakeWei": str(info.stake),
        "place": place if member is None else member.place,
        "index": None if member is None else member.index,
        "lease": info.lease or None,
        "leaseOver": info.lease < client.block_time() if info.lease else None,
        "resigned": info.resigned,
        "convictedIn": info.convicted_in or None,
        "credit": str(client.credit(operator)),
        "balance": _amounts({currency: each for currency, each in client.balances(operator).items() if each}),
    }


def _node_keys(link: Link, attester: Path, seal: Path) -> tuple[LocalSigner, bytes]:
    """Return the attester and the public seal key from their files, whose password is the sender's."""
    from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
    from oracle.keys.keystore import read_seal_key, read_signer  # noqa: PLC0415

    _, password = link.sender, link.password_file or Path()  # the sender first: it says which options are missing
    signer = read_signer(attester, password)
    refuse_devnet_key(signer.address, link.deployment.chain_id)
    return signer, read_seal_key(seal, password).public


def _report_keys(link: Link, attester: str, seal_public: bytes, endpoint: str, sent: Sent) -> None:
    keys = {"attester": attester, "sealKey": hexed(seal_public), "endpoint": endpoint}
    print_facts({"operator": link.signer.address, **keys, **sent.to_json()}, link.as_json)


def _amounts(amounts: Mapping[str, int]) -> dict[str, str]:
    """Return amounts by currency as JSON has them."""
    return {currency: str(amount) for currency, amount in amounts.items()}


def _report(link: Link, sent: Sent) -> None:
    print_facts({"operator": link.signer.address, **sent.to_json()}, link.as_json)
