"""``assent committee``: show."""

from __future__ import annotations

from typing import Any

import typer

from oracle.cli.options import Link, reads
from oracle.cli.output import local_time, print_facts, print_json, print_rows

app = typer.Typer(no_args_is_help=True, help="The committee: show its terms, its roll, and who waits.")


@app.command(epilog="Example: assent committee show --json")
@reads
def show(link: Link) -> None:
    """Show the committee's terms, the epoch, who is on its roll with a seat or in reserve, who waits, and when it can rotate."""
    client = link.client
    epoch = client.read(client.contract.current_epoch())
    rotatable, now = client.read(client.contract.rotatable_at()), client.block_time()
    terms = client.committee_terms.to_json()
    roll, waiting = [each.to_json() for each in client.roll()], [each.to_json() for each in client.waiting()]
    numbers = {"epoch": epoch.number, "seats": epoch.seats, "rotatableAt": rotatable, "canRotate": now >= rotatable}
    address = client.contract.addresses.committee
    if link.as_json:
        print_json({"committee": address, **numbers, "terms": terms, "roll": roll, "waiting": waiting})
        return
    times = {"rotatableAt": local_time(rotatable), "start": local_time(terms["start"])}
    print_facts({"committee": address, **numbers, **terms, "seats of the epoch": epoch.seats, **times}, as_json=False)
    print_rows(("index", "place", "operator", "stakeWei", "lease", "endpoint"), _readable(roll), as_json=False)
    if waiting:
        candidates = [{**each, "place": "waiting"} for each in waiting]
        print_rows(("place", "operator", "stakeWei", "lease", "endpoint"), _readable(candidates), as_json=False)


def _readable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "lease": local_time(each["lease"])} for each in rows]
