"""``assent agreement erasures``, ``receipt``, ``verify``, ``history``, ``uses``, ``fhir``, ``from-fhir``: what can be shown of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from oracle.cli.agreement import app, models_of
from oracle.cli.files import read_object
from oracle.cli.options import Id, Json, Link, parse_address, parse_id, reads, sends
from oracle.cli.output import hexed, print_facts, print_json, print_rows
from oracle.core.errors import ConfigurationError

ReceiptFile = Annotated[
    typer.FileText, typer.Argument(metavar="FILE", help="A receipt as `receipt` writes it; - is standard input.")
]
ConsentFile = Annotated[
    typer.FileText, typer.Argument(metavar="FILE", help="A FHIR R4 Consent as JSON; - is standard input.")
]
BlockHash = Annotated[
    bytes | None,
    typer.Option(
        "--block-hash",
        parser=parse_id,
        metavar="HASH",
        help="The hash of the receipt's block, as you know it from your own node, or from several explorers.",
    ),
]


@app.command(epilog="Example: assent agreement erasures 0x5d…c1 --json")
@reads
def erasures(
    link: Link,
    agreement_id: Id,
    log: Annotated[
        typer.FileText | None,
        typer.Option(help="The vault's release log (`assent vault log --json`): who of the members had fields at all."),
    ] = None,
) -> None:
    """List who said on chain that it erased what it had under an agreement, who hasn't yet, and who is overdue."""
    from oracle.receipts.erasures import erasures_of  # noqa: PLC0415

    client = link.client
    releases = None if log is None else _releases(log)
    rows = [each.to_json() for each in erasures_of(client, agreement_id, releases)]
    print_rows(("eraser", "by", "answer", "at", "agreement"), rows, link.as_json)


@app.command(
    epilog="Example: assent agreement receipt 0x5d…c1 --keystore holder.json --password-file password > receipt.json"
)
@sends
def receipt(
    link: Link,
    agreement_id: Id,
    block: Annotated[int | None, typer.Option(min=0, help="How it stood then; at the latest block by default.")] = None,
) -> None:
    """Write a signed receipt for an agreement to standard output, with the proof of how it stood. Sends nothing."""
    from oracle.receipts import issue  # noqa: PLC0415

    print_json(issue(link.sender, agreement_id, block))


@app.command(epilog="Example: assent agreement verify receipt.json --block-hash 0x8e…1f")
def verify(
    file: ReceiptFile,
    block_hash: BlockHash = None,
    contract: Annotated[
        str | None, typer.Option(parser=parse_address, metavar="ADDRESS", help="Assent's contract, as you know it.")
    ] = None,
    chain_id: Annotated[int | None, typer.Option(min=1, help="The chain that it is on.")] = None,
    as_json: Json = False,
) -> None:
    """Check a receipt, offline. Exit status 0 if all of it holds, 1 with the part that doesn't."""
    from oracle.core.digests import Domain  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415
    from oracle.receipts import verify as verify_receipt  # noqa: PLC0415

    if (contract is None) != (chain_id is None):
        raise ConfigurationError(["--contract, --chain-id: name both, or neither"])
    known = None if contract is None or chain_id is None else Domain(chain_id, contract)
    found = verify_receipt(read_object(file), block_hash, known)
    agreement, standing = found.agreement, found.standing
    facts: dict[str, Any] = {
        "agreement": hexed(agreement.id),
        "status": _word(standing.status),
        # Of a renewal the proof hasn't the time; the history has.
        **({} if standing.renewed_now else {"since": _time(standing.status_since)}),
        "validUntil": _time(standing.valid_until),
        "chainId": found.domain.chain_id,
        "contract": found.domain.contract,
        "subject": agreement.subject,
        "controller": agreement.controller,
        "holder": agreement.holder,
        "recordRoot": hexed(agreement.root),
        **models_of(agreement),
        "uses": agreement.uses,
        "purposes": list(terms(agreement.purposes)),
        "prohibited": list(terms(agreement.prohibited)),
        "verdictsEarning": standing.earning,
        "issuer": found.issuer,
        "block": standing.block,
        "blockTime": _time(standing.timestamp),
        "blockHash": hexed(found.block_hash),
        "anchored": found.anchored,
    }
    print_facts(facts, as_json)
    if not found.anchored and not as_json:
        typer.echo(
            "Compare blockHash and contract with what you know of the chain, or name them (--block-hash, --contract, --chain-id): "
            "else the issuer alone vouches for them."
        )


@app.command(epilog="Example: assent agreement history 0x5d…c1")
@reads
def history(link: Link, agreement_id: Id) -> None:
    """List what became of an agreement, from the chain's events: given, each use and its end, withdrawn."""
    from oracle.receipts import history_of  # noqa: PLC0415

    rows = [
        {**entry.to_json(), "time": _time(link.client.block_time(entry.block))}
        for entry in history_of(link.client, agreement_id)
    ]
    columns = ("time", "block", "event", "use", "outcome", "agreement", "transaction")
    shown = rows if link.as_json else [{name: row.get(name, "") for name in columns} for row in rows]
    print_rows(columns, shown, link.as_json)


@app.command(epilog="Example: assent agreement uses 0x5d…c1 --json")
@reads
def uses(link: Link, agreement_id: Id) -> None:
    """List each use of an agreement: who asked, for what, which verdict, and what it earned the subject. From the chain alone."""
    from oracle.receipts import uses_of  # noqa: PLC0415

    found = uses_of(link.client, agreement_id)
    rows = [{**each.to_json(), "asked": _time(link.client.block_time(each.asked_block))} for each in found]
    columns = ("use", "asked", "purpose", "state", "outcome", "scorePpm", "earned", "request")
    shown = columns if all(each.agreement == agreement_id for each in found) else (*columns, "agreement")
    print_rows(shown, rows, link.as_json)
    if not link.as_json:
        print_facts({"uses": len(found), "earned": str(sum(each.earned for each in found))}, as_json=False)


@app.command(epilog="Example: assent agreement fhir 0x5d…c1 > consent.json")
@reads
def fhir(link: Link, agreement_id: Id) -> None:
    """Write an agreement as a FHIR R4 Consent to standard output."""
    from oracle.receipts import to_fhir  # noqa: PLC0415

    client = link.client
    status = client.read(client.contract.agreement_status(agreement_id))
    agreement, chain_id = client.agreement(agreement_id), client.domain.chain_id
    expired = not status.stands(client.block_time())
    print_json(to_fhir(agreement, chain_id, status.state, valid_until=status.valid_until, expired=expired))


@app.command("from-fhir", epilog="Example: assent agreement from-fhir consent.json > agreement.json")
@reads
def from_fhir(link: Link, file: ConsentFile) -> None:
    """Write the agreement that a FHIR R4 Consent stands for, for `give` or `sign`; refuse one that says what no agreement can."""
    from oracle.receipts import from_fhir as read_fhir  # noqa: PLC0415

    print_json(read_fhir(read_object(file), link.deployment.chain_id).to_json())


def _releases(log: typer.FileText) -> set[tuple[bytes, str]]:
    """Return for which requests fields were released to whom, by a release log."""
    try:
        return {(bytes.fromhex(each["request"]), each["attester"]) for each in read_object(log)["releases"]}
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(["--log: not a release log; write one with `assent vault log --json`"]) from None


def _word(status: str) -> str:
    """Return a DPV status in a word: ``dpv:ConsentGiven`` is given, ``dpv:RenewedConsentGiven`` renewed."""
    before, _, after = status.removeprefix("dpv:").partition("Consent")
    return (before or after).lower()


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
