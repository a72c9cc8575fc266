"""``assent devnet``: a whole Assent on this machine."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from deploy.devnet import Devnet

app = typer.Typer(help="A local devnet: Anvil, contract, vault and operators, as processes.", no_args_is_help=True)

_LOOK_S = 1.0


@app.callback()
def devnet() -> None:
    """Keep `up` a sub-command, though it is the only one."""


@app.command(epilog="Example: assent devnet up --operators 7 --block-time 2")
def up(
    folder: Annotated[Path, typer.Option(help="Where keys, databases and logs go; emptied first.")] = Path(".devnet"),
    operators: Annotated[int, typer.Option(min=4, max=14, help="How many operators.")] = 4,
    block_time: Annotated[int, typer.Option(min=1, max=60, help="Seconds between blocks.")] = 1,
    anvil_port: Annotated[int, typer.Option(min=0, max=65_535, help="Anvil's port; 0 takes a free one.")] = 8545,
    vault_port: Annotated[int, typer.Option(min=0, max=65_535, help="The vault's port; 0 takes a free one.")] = 8650,
    node_port: Annotated[
        int, typer.Option(min=0, max=65_500, help="The first operator's port, the others' follow; 0 takes free ones.")
    ] = 9100,
    as_json: Annotated[bool, typer.Option("--json", help="Print addresses and endpoints as one line of JSON.")] = False,
) -> None:
    """Start everything, print where it is, and run until Ctrl-C; then leave no process behind."""
    from deploy.devnet import Devnet, DevnetOptions  # noqa: PLC0415  web3 and more, which --help needn't load

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the context manager tidies up
    _empty(folder)
    options = DevnetOptions(
        folder=folder.resolve(),
        operators=operators,
        block_time_s=block_time,
        anvil_port=anvil_port,
        vault_port=vault_port,
        node_port=node_port,
    )
    with Devnet(options, lambda line: typer.echo(f"devnet: {line}", err=True)) as running:
        # Only now: while parts start, a signal breaks off at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        facts = _facts(running)
        if as_json:
            typer.echo(json.dumps(facts))
        else:
            _print_table(facts)
        while not stop.wait(_LOOK_S):
            running.processes.check()
        typer.echo("devnet: stopping …", err=True)
    typer.echo("devnet: stopped", err=True)


def _empty(folder: Path) -> None:
    """Empty the folder if it is a devnet's; refuse to touch anything else."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / "logs").is_dir():
        raise typer.BadParameter(f"{folder} holds something that isn't a devnet's; name another --folder")
    shutil.rmtree(folder)


def _facts(running: Devnet) -> dict[str, Any]:
    client, accounts = running.client(running.accounts.deployer), running.accounts
    return {
        "rpcUrl": running.rpc_url,
        "chainId": client.domain.chain_id,
        "contract": client.address,
        "deployment": str(running.options.folder / "deployment.json"),
        "vault": running.vault_url,
        "models": {name: "0x" + each.hex() for name, each in running.models.items()},
        "operators": [
            {"name": operator.name, "attester": operator.attester, "endpoint": operator.endpoint}
            for operator in running.operators
        ],
        "accounts": {
            name: getattr(accounts, name).address
            for name in ("deployer", "holder", "subject", "controller", "relayer", "clinic")
        },
    }


def _print_table(facts: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("what", "where", box=None, padding=(0, 2))
    table.columns[1].overflow = "fold"
    for name in ("rpcUrl", "chainId", "contract", "deployment", "vault"):
        table.add_row(name, str(facts[name]))
    for name, model in facts["models"].items():
        table.add_row(f"model {name}", model)
    for operator in facts["operators"]:
        table.add_row(operator["name"], operator["endpoint"])
        table.add_row("  attester", operator["attester"])
    for name, address in facts["accounts"].items():
        table.add_row(f"account {name}", address)
    console = Console()
    console.print(table)
    console.print("[dim]accounts are those of Anvil's well-known phrase; Ctrl-C stops everything[/]")
