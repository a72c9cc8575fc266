"""``assent`` put together: its commands, and the one place where an error becomes a message and an exit status."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import oracle
from oracle.cli import (
    agreement,
    audit,
    balance,
    committee,
    dataset,
    keys,
    mandate,
    model,
    node,
    operator,
    record,
    request,
    standing,
    vault,
    verdict,
)
from oracle.cli import agreement_draft as _agreement_draft  # noqa: F401  its commands are `agreement`'s
from oracle.cli import agreement_end as _agreement_end  # noqa: F401  its commands are `agreement`'s
from oracle.cli import receipt as _receipt  # noqa: F401  so are its
from oracle.cli import record_history as _record_history  # noqa: F401  its commands are `record`'s
from oracle.cli import record_ingest as _record_ingest  # noqa: F401  so is its one
from oracle.cli import vault_chain as _vault_chain  # noqa: F401  its commands are `vault`'s
from oracle.cli import vault_files as _vault_files  # noqa: F401  so are its
from oracle.cli import verdict_case as _verdict_case  # noqa: F401  its commands are `verdict`'s
from oracle.cli.options import wants_json
from oracle.cli.output import print_error, status_of
from oracle.core.errors import AssentError


class ErrorReportingGroup(TyperGroup):
    """Runs a command; what Assent raises on purpose ends as one message, never as a trace."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except AssentError as error:
            print_error(error, wants_json(ctx))
            raise typer.Exit(status_of(error)) from error


app = typer.Typer(
    name="assent",
    cls=ErrorReportingGroup,
    help="Machine-learning verdicts for smart contracts, about data whose owner agreed.",
    epilog="Example: assent verdict show 0x5d…c1 --deployment deploy/deployments/31337.json",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"assent {oracle.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Machine-learning verdicts for smart contracts, about data whose owner agreed."""


for _name, _module in {
    "agreement": agreement,
    "mandate": mandate,
    "request": request,
    "standing": standing,
    "verdict": verdict,
    "model": model,
    "balance": balance,
    "operator": operator,
    "committee": committee,
    "node": node,
    "vault": vault,
    "record": record,
    "dataset": dataset,
    "keys": keys,
}.items():
    app.add_typer(_module.app, name=_name)
app.command("audit", epilog=audit.EPILOG)(audit.command)
if importlib.util.find_spec("oracle.cli.devnet") is not None:  # not in every installation
    app.add_typer(importlib.import_module("oracle.cli.devnet").app, name="devnet")
