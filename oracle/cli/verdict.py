"""``assent verdict``: show, wait."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.options import Id, Link, reads
from oracle.cli.output import FAILED, print_facts

app = typer.Typer(no_args_is_help=True, help="Verdicts: show, wait.")


@app.command(epilog="Example: assent verdict show 0x5d…c1 --json")
@reads
def show(link: Link, request_id: Id) -> None:
    """Show a request's state and, once recorded, its verdict."""
    print_facts(link.client.verdict(request_id).to_json(), link.as_json)


@app.command(epilog="Example: assent verdict wait 0x5d…c1 --timeout-s 120")
@reads
def wait(
    link: Link,
    request_id: Id,
    timeout_s: Annotated[float, typer.Option(min=0, help="Give up after so many seconds.")] = 60,
) -> None:
    """Wait until a request has ended. Exit status 0 means that there is a verdict."""
    verdict = link.client.wait(request_id, timeout_s)
    print_facts(verdict.to_json(), link.as_json)
    if not verdict.recorded:
        raise typer.Exit(FAILED)
