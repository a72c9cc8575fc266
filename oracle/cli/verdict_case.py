"""``assent verdict challenge``, ``contests``, ``judge``, ``rule``, ``close``, ``punish``: what becomes of a doubted verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import read_file, read_ruling, read_testimony, signed_ruling
from oracle.cli.options import Id, Link, parse_id, reads, sends
from oracle.cli.output import hexed, local_time, print_facts, print_json, print_rows
from oracle.cli.verdict import app, readable
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import AssentClient, Sent
    from oracle.core.structs import Testimony, Verdict

Stands = Annotated[bool, typer.Option("--stands", help="The verdict recorded is right.")]
Outcome = Annotated[
    int | None, typer.Option(min=0, max=254, help="It is false, and this outcome is right: with --score-ppm, --trail.")
]
ScorePpm = Annotated[int | None, typer.Option(min=0, max=1_000_000, help="The right score, in parts per million.")]
TrailDigest = Annotated[
    bytes | None,
    typer.Option("--trail", parser=parse_id, metavar="DIGEST", help="Digest of the right verdict's trail."),
]


@app.command(
    epilog="Example: assent verdict challenge 0x5d…c1 --wait-s 600 --keystore anyone.json --password-file password"
)
@sends
def challenge(
    link: Link,
    request_id: Id,
    wait_s: Annotated[float, typer.Option(min=0, help="Wait so long for a decision; 0 doesn't wait.")] = 0,
) -> None:
    """Challenge a verdict, with the bond: those on the roll who didn't sign it judge.

    The bond comes back if it is false, half of it if nobody judges, and none if it stands.
    """
    client = link.sender
    sent = client.challenge(request_id)
    until = sent.event("Challenged").arguments["until"]
    facts: dict[str, Any] = {
        "request": hexed(request_id),
        "state": "challenged",
        "bondWei": str(client.committee_terms.bond),
        "until": until if link.as_json else local_time(until),
        **sent.to_json(),
    }
    if wait_s:
        verdict = client.wait_case(request_id, wait_s)
        facts = {**facts, **(verdict.to_json() if link.as_json else readable(verdict))}
    print_facts(facts, link.as_json)


@app.command(epilog="Example: assent verdict contests --open --json")
@reads
def contests(
    link: Link,
    open_only: Annotated[bool, typer.Option("--open", help="Only those on which somebody can still decide.")] = False,
) -> None:
    """List the challenges there were, and what became of each."""
    rows = [each.to_json() for each in link.client.contests(open_only=open_only)]
    shown = rows if link.as_json else [{**each, "until": local_time(each["until"])} for each in rows]
    print_rows(("request", "state", "challenger", "arbiter", "until", "block"), shown, link.as_json)


@app.command(
    epilog="Example: assent verdict judge 0x5d…c1 --stands --sign-only --keystore attester.json --password-file password "
    "> one.json    Then, with enough of them: assent verdict judge 0x5d…c1 one.json two.json three.json "
    "--keystore anyone.json --password-file password"
)
@sends
def judge(
    link: Link,
    request_id: Id,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE…]", exists=True, dir_okay=False, help="What the judges signed."),
    ] = None,
    sign_only: Annotated[
        bool, typer.Option("--sign-only", help="Sign as a judge, with its attester; write that, send nothing.")
    ] = False,
    stands: Stands = False,
    outcome: Outcome = None,
    score_ppm: ScorePpm = None,
    trail: TrailDigest = None,
) -> None:
    """Sign as a judge of a challenged verdict, or bring what more than half of the roll signed. Nodes do both by themselves."""
    client = link.sender
    if sign_only:
        verdict = _right(client, request_id, stands, (outcome, score_ppm, trail))
        print_json(signed_ruling(request_id, verdict, stands, client.sign_ruling(request_id, verdict, stands)))
        return
    signed = [read_ruling(path, request_id) for path in files or ()]
    if not signed:
        raise ConfigurationError(["FILE: name what the judges signed, or sign with --sign-only"])
    verdict, found, _ = signed[0]
    if any(each[:2] != (verdict, found) for each in signed):
        raise ConfigurationError(["FILE: the judges signed different rulings; bring those that agree"])
    sent = client.judge(request_id, verdict, found, [signature for *_, signature in signed])
    _report(link, request_id, sent)


@app.command(
    epilog="Example: assent verdict rule 0x5d…c1 --stands --keystore arbiter.json --password-file password    "
    "For a contract's wallet: assent verdict rule 0x5d…c1 --stands --show-only"
)
@sends
def rule(
    link: Link,
    request_id: Id,
    stands: Stands = False,
    outcome: Outcome = None,
    score_ppm: ScorePpm = None,
    trail: TrailDigest = None,
    show_only: Annotated[
        bool, typer.Option("--show-only", help="Show the call, for a contract that is the arbiter; send nothing.")
    ] = False,
) -> None:
    """Rule on a challenged verdict, as its model's arbiter: where the bench didn't judge in time, or over one that did."""
    client = link.client if show_only else link.sender
    verdict = _right(client, request_id, stands, (outcome, score_ppm, trail))
    if show_only:
        print_json(client.ruling_call(request_id, verdict, stands).to_json())
        return
    _report(link, request_id, client.rule(request_id, verdict, stands))


@app.command(epilog="Example: assent verdict close 0x5d…c1 --keystore anyone.json --password-file password")
@sends
def close(link: Link, request_id: Id) -> None:
    """End the case of a challenged verdict when nobody can decide any more: as the bench found, or unjudged. Anyone may."""
    _report(link, request_id, link.sender.close(request_id))


@app.command(
    epilog="Example: assent verdict punish 0x5d…c1 signed.json --keystore anyone.json --password-file password"
)
@sends
def punish(
    link: Link,
    request_id: Id,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A report's signature: JSON with verdict, proof, epoch, count, signature."
        ),
    ],
    other: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Another; by default what the same signer had recorded."),
    ] = None,
) -> None:
    """Bring two signatures by one operator over verdicts of one request that can't both be honest: it loses a penalty."""
    client = link.sender
    request = client.request_terms(request_id).request
    first = read_testimony(read_file(file), request)
    second = _recorded(client, first) if other is None else read_testimony(read_file(other), request)
    sent = client.punish_conflict(second, first)
    event = sent.event("OperatorSlashed").arguments
    facts = {"operator": event["operator"], "penaltyWei": str(event["penalty"])}
    print_facts({"request": hexed(request_id), **facts, **sent.to_json()}, link.as_json)


def _recorded(client: AssentClient, given: Testimony) -> Testimony:
    """Return what whoever signed this had recorded about the same request. Raises ConfigurationError."""
    signer = client.witness(given)
    operator = None if signer is None else client.read(client.contract.operator_of(signer))
    for each in client.testimonies(given.request.id):
        attester = client.witness(each)
        if attester is not None and client.read(client.contract.operator_of(attester)) == operator:
            return each
    raise ConfigurationError(
        [f"FILE: its signer ({signer}) had no verdict of this request recorded; name another file"]
    )


def _right(
    client: AssentClient, request_id: bytes, stands: bool, named: tuple[int | None, int | None, bytes | None]
) -> Verdict:
    """Return the verdict that is said to be right: the one recorded, or the one named. Raises ConfigurationError."""
    from oracle.core.structs import Verdict  # noqa: PLC0415

    outcome, score_ppm, trail = named
    if stands and named == (None, None, None):
        return client.recording(request_id).verdict
    if stands or outcome is None or score_ppm is None or trail is None:
        raise ConfigurationError(
            ["say either --stands, or what is right instead: --outcome, --score-ppm and --trail, all three"]
        )
    return Verdict(outcome, score_ppm, trail)


def _report(link: Link, request_id: bytes, sent: Sent) -> None:
    verdict = link.client.verdict(request_id)
    facts = verdict.to_json() if link.as_json else readable(verdict)
    transaction = sent.to_json()
    print_facts({**facts, **transaction, "request": hexed(request_id)}, link.as_json)
