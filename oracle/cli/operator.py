"""``assent operator``: join, keys, stake, release, resign, withdraw-stake, rotate, collect, show; ``policy`` has a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli import policy
from oracle.cli.options import Link, parse_address, reads, sends
from oracle.cli.output import hexed, print_facts, print_rows

if TYPE_CHECKING:
    from oracle.client import Sent
    from oracle.keys.signer import LocalSigner

app = typer.Typer(
    no_args_is_help=True,
    help="Operators: join, keys, stake, release, resign, withdraw-stake, rotate, collect, show, policy.",
)
app.add_typer(policy.app, name="policy")
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
    """Join the operators with a stake. All three key files have the same password file."""
    signer, public = _node_keys(link, attester, seal)
    _report_keys(link, signer.address, public, endpoint, link.sender.join(signer, public, endpoint, stake_wei))


@app.command(epilog="Example: assent operator resign --keystore operator.json --password-file password")
@sends
def resign(link: Link) -> None:
    """Leave the operators from the next rotation on; the stake unbonds once the last epoch has ended."""
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


@app.command(epilog="Example: assent operator release --keystore operator.json --password-file password")
@sends
def release(link: Link, operator: OperatorOption = None) -> None:
    """Put an operator back into the set that was jailed, or whose stake was too low. Anyone may."""
    sent = link.sender.release(operator)
    print_facts({"operator": operator or link.signer.address, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent operator collect --withdraw --keystore operator.json --password-file password")
@sends
def collect(
    link: Link,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Pay the balances out as well.")] = False,
) -> None:
    """Credit this operator with its share of all that its signatures earned, in every currency."""
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
    if withdraw:
        for currency in balances:
            client.withdraw_balance(currency)
    facts = {"collected": _amounts(collected), "withdrawn" if withdraw else "balance": _amounts(balances)}
    print_facts({"operator": operator, **facts}, link.as_json)


@app.command(epilog="Example: assent operator show --json")
@reads
def show(
    link: Link,
    operator: Annotated[str | None, typer.Argument(parser=parse_address, metavar="[ADDRESS]")] = None,
) -> None:
    """Show one operator's registration and balances, or the members of the current epoch."""
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
        "resigned": info.resigned,
        "jailedUntil": info.jailed_until or None,
        "index": next((each.index for each in members if each.attester == info.attester), None),
        "balance": _amounts({currency: each for currency, each in client.balances(operator).items() if each}),
    }
    print_facts(facts, link.as_json)


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
