"""``assent balance``: show, deposit, withdraw."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.options import Currency, Link, parse_address, reads, sends
from oracle.cli.output import print_facts, print_rows

app = typer.Typer(
    no_args_is_help=True, help="Balances with the contract, in ether and tokens: show, deposit, withdraw."
)
_ETHER = "eth"


@app.command(epilog="Example: assent balance show 0x70… --json")
@reads
def show(link: Link, account: Annotated[str, typer.Argument(parser=parse_address, metavar="ADDRESS")]) -> None:
    """Show an account's balance in every currency: what it deposited, was refunded, and earned."""
    rows = [{"currency": currency, "amount": str(amount)} for currency, amount in link.client.balances(account).items()]
    print_rows(("currency", "amount"), rows, link.as_json)


@app.command(
    epilog="Example: assent balance deposit 1000000000000000000 --keystore controller.json --password-file password"
)
@sends
def deposit(
    link: Link,
    amount: Annotated[int, typer.Argument(min=1, help="Wei, or the token's smallest units.")],
    currency: Currency = _ETHER,
    account: Annotated[
        str | None,
        typer.Option(parser=parse_address, metavar="ADDRESS", help="Whose balance; the sender's by default."),
    ] = None,
) -> None:
    """Add to a balance, from which requests may be paid. A token is approved first where needed."""
    client = link.sender
    sent = client.deposit(amount, currency, account=account)
    whose = account or link.signer.address
    facts = {"account": whose, "currency": currency, "balance": str(client.balance(whose, currency))}
    print_facts({**facts, **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent balance withdraw --keystore controller.json --password-file password")
@sends
def withdraw(
    link: Link,
    currency: Currency = _ETHER,
    to: Annotated[
        str | None, typer.Option(parser=parse_address, metavar="ADDRESS", help="Who is paid; the sender by default.")
    ] = None,
) -> None:
    """Pay out all of the sender's balance in a currency."""
    sent = link.sender.withdraw_balance(currency, to)
    paid = sent.event("Withdrawn").arguments
    facts = {"account": paid["account"], "currency": currency, "to": paid["to"], "amount": str(paid["amount"])}
    print_facts({**facts, **sent.to_json()}, link.as_json)
