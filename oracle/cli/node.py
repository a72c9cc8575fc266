"""``assent node``: run, status, check, retry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli import database
from oracle.cli.options import Id, Json
from oracle.cli.output import FAILED, hexed, print_facts, print_json
from oracle.core.errors import ConfigurationError, EndpointError

app = typer.Typer(no_args_is_help=True, help="The operator's daemon: run, status, check, retry; its database.")
app.add_typer(database.app, name="database")
Config = Annotated[Path, typer.Option("--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings, TOML.")]


@app.command(epilog="Example: assent node run --config node.toml")
def run(config: Config) -> None:
    """Run the node until SIGTERM or SIGINT. A second signal ends it at once."""
    import asyncio  # noqa: PLC0415

    from oracle.settings import load_node_settings  # noqa: PLC0415

    settings = load_node_settings(config)
    from oracle.node import run as run_node  # noqa: PLC0415  web3 and more: not for a typo in the settings

    asyncio.run(run_node(settings))


@app.command(epilog="Example: assent node status --config node.toml")
def status(
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings: where it listens."),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="The node's HTTP interface, instead of --config.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Show it once, instead of until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Show a running node: what waits where, how far it has read, its balance, its peers, its last errors."""
    from oracle.cli.node_http import fetch  # noqa: PLC0415

    place = _place(config, url)
    if as_json:
        print_json(fetch(place, "/v1/status"))
    elif once:
        from rich.console import Console  # noqa: PLC0415

        from oracle.cli.node_status import render  # noqa: PLC0415

        Console().print(render(fetch(place, "/v1/status")))
    else:
        _watch(place)


@app.command(epilog="Example: assent node check --config node.toml")
def check(config: Config, as_json: Json = False) -> None:
    """Check settings, keys, models, database, chain, committee and peers; say everything that is wrong at once, and what to do.

    The node may be running or not. Exit status 1 if anything is wrong, 2 if the settings can't be read.
    """
    from oracle.cli.node_checks import Check  # noqa: PLC0415
    from oracle.settings import load_node_settings  # noqa: PLC0415
    from oracle.telemetry.logs import configure  # noqa: PLC0415

    configure("console", "error")  # what is found is told below, once
    found = Check(load_node_settings(config))
    found.run()
    print_facts({"config": str(config), **found.facts, "problems": found.problems}, as_json)
    if found.problems:
        if not as_json:
            typer.echo("\n".join(f"problem: {each}" for each in found.problems), err=True)
        raise typer.Exit(FAILED)


@app.command(epilog="Example: assent node retry 0x5d…c1 --config node.toml")
def retry(request: Id, config: Config, as_json: Json = False) -> None:
    """Have the node try a request again now, whatever it waits for; one that it refused is evaluated anew.

    It is marked in the node's database, so the node may be running (it looks within a second) or not (it looks when started).
    """
    from oracle.settings import load_node_settings  # noqa: PLC0415

    settings = load_node_settings(config)
    store = _own_store(settings)
    try:
        before = store.retry(request)
    finally:
        store.close()
    was = {
        "was": before.stage.value,
        "attempts": before.attempts,
        "reason": before.reason or None,
        "message": before.message or None,
    }
    print_facts({"request": hexed(request), "done": "due now", **was}, as_json)


def _place(config: Path | None, url: str | None) -> str:
    if url is not None:
        return url
    if config is None:
        raise ConfigurationError(["--config: name the node's settings, or its HTTP interface with --url"])
    from oracle.cli.node_http import own_url  # noqa: PLC0415
    from oracle.settings import load_node_settings  # noqa: PLC0415

    return own_url(load_node_settings(config).http)


def _watch(place: str) -> None:
    """Show a node until Ctrl-C; a node that doesn't answer for a while is shown so."""
    import contextlib  # noqa: PLC0415
    import time  # noqa: PLC0415

    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from oracle.cli.node_http import fetch  # noqa: PLC0415
    from oracle.cli.node_status import render  # noqa: PLC0415

    with contextlib.suppress(KeyboardInterrupt), Live(render(fetch(place, "/v1/status")), screen=False) as live:
        while True:
            time.sleep(1)
            try:
                live.update(render(fetch(place, "/v1/status")))
            except EndpointError as error:
                live.update(Text(str(error), style="bold red"))


def _own_store(settings: Any) -> Any:
    """Open the database of a node that has run. Raises ConfigurationError if it is none, or another deployment's."""
    from oracle.core.digests import Domain  # noqa: PLC0415
    from oracle.store.node_store import open_store  # noqa: PLC0415

    file = settings.database.removeprefix("sqlite:///")
    if file != settings.database and not Path(file).exists():
        raise ConfigurationError([f"database: {file} doesn't exist; the node has never run with these settings"])
    return open_store(settings.database, Domain(settings.chain.chain_id, settings.chain.contract))
