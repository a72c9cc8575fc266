"""``assent devnet``: a whole Assent on this machine."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from deploy.devnet import Devnet

app = typer.Typer(help="A local devnet: Anvil, contract, vault and operators, as processes.", no_args_is_help=True)

_LOOK_S = 1.0
#: Marks a folder as a devnet's, which may be emptied, and is locked while one runs.
_MARKER = ".assent-devnet"
_PURPOSE = "ImproveHealthcare"


@app.callback()
def devnet() -> None:
    """Keep `up` a sub-command, though it is the only one."""


@app.command(epilog="Examples: assent devnet up --block-time 2; assent devnet up --seats 3 --operators 5")
def up(
    folder: Annotated[Path, typer.Option(help="Where keys, databases and logs go; emptied first.")] = Path(".devnet"),
    operators: Annotated[int, typer.Option(min=3, max=14, help="How many operators.")] = 4,
    seats: Annotated[
        int, typer.Option(min=3, max=14, help="How many of them sign; the rest are in reserve, and judge.")
    ] = 4,
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

    folder = folder.resolve()
    if operators < seats:
        raise typer.BadParameter(
            f"{operators} operators can't fill {seats} seats; name more --operators, or fewer --seats"
        )
    options = DevnetOptions(
        folder=folder,
        operators=operators,
        seats=seats,
        block_time_s=block_time,
        anvil_port=anvil_port,
        vault_port=vault_port,
        node_port=node_port,
        published=True,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the context manager tidies up
    _must_be_devnets(folder)
    devnet = Devnet(
        options, lambda line: typer.echo(f"devnet: {line}", err=True)
    )  # has its ports, or nothing is touched
    with _held(folder), devnet as running:
        facts = {**_facts(running), **_furnish(running)}
        (folder / "devnet.json").write_text(json.dumps(facts, indent=1) + "\n")
        # Only now: while parts start, a signal breaks off at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if as_json:
            typer.echo(json.dumps(facts))
        else:
            _print_table(facts)
        while not stop.wait(_LOOK_S):
            running.processes.check()
        typer.echo("devnet: stopping …", err=True)
    typer.echo("devnet: stopped", err=True)


def _must_be_devnets(folder: Path) -> None:
    """Refuse a folder with anything in it that no devnet has marked as its own."""
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder; name another --folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise typer.BadParameter(f"{folder} holds something that isn't a devnet's; name another --folder, or empty it")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Empty a devnet's folder, and keep it from every other devnet."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _MARKER).open("ab") as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise typer.BadParameter(f"a devnet runs in {folder}: end that one, or name another --folder") from None
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != _MARKER:
                entry.unlink()
        yield


def _furnish(running: Devnet) -> dict[str, str]:
    """Give everybody's keys and a held-out case's record to whoever tries it out; return where they are."""
    from deploy.devnet_files import write_people  # noqa: PLC0415
    from oracle.models.zoo.screening.data import held_out  # noqa: PLC0415

    keys = running.options.folder / "keys"
    password = write_people(keys)
    record = running.keep_record(held_out()[0].fields, running.accounts.subject.address)
    return {"keys": str(keys), "passwordFile": str(password), "record": "0x" + record.id.hex()}


def _facts(running: Devnet) -> dict[str, Any]:
    client, accounts = running.client(running.accounts.deployer), running.accounts
    return {
        "rpcUrl": running.rpc_url,
        "chainId": client.domain.chain_id,
        "contract": client.address,
        "committee": client.contract.addresses.committee,
        "records": client.contract.addresses.records,
        "arbiter": running.arbiter,
        "deployment": str(running.options.folder / "deployment.json"),
        "vault": running.vault_url,
        "vaultConfig": str(running.vault_config),
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
    for name in (
        "rpcUrl",
        "chainId",
        "contract",
        "committee",
        "records",
        "arbiter",
        "deployment",
        "vault",
        "vaultConfig",
        "keys",
        "passwordFile",
        "record",
    ):
        table.add_row(name, str(facts[name] or "none: the roll convicts by itself"))
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
    console.print("\n[bold]next[/], in another terminal:")
    for line in _next_steps(facts):
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)


def _next_steps(facts: dict[str, Any]) -> list[str]:
    """Return the commands that lead to a first verdict, about the record that the devnet's vault has."""

    def signed(by: str) -> str:
        return f"--keystore {facts['keys']}/{by}.json --password-file {facts['passwordFile']}"

    model, controller = next(iter(facts["models"])), facts["accounts"]["controller"]
    return [
        f"assent agreement draft --record {facts['record']} --controller {controller} --model {model} --purpose {_PURPOSE} --uses 3"
        " > agreement.json",
        f"assent agreement give agreement.json {signed('subject')}",
        f"assent request make AGREEMENT --purpose {_PURPOSE} --wait-s 60 {signed('controller')}",
        "assent audit REQUEST",
    ]
