"""``assent node database``: upgrade, current, backup, restore, archived."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Json, parse_id
from oracle.cli.output import print_facts, print_json
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.settings import NodeSettings
    from oracle.store.node_store import NodeStore

app = typer.Typer(no_args_is_help=True, help="The node's database: upgrade, current, backup, restore, archived.")
Config = Annotated[Path, typer.Option("--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings, TOML.")]


def _settings(config: Path) -> NodeSettings:
    from oracle.settings import load_node_settings  # noqa: PLC0415

    return load_node_settings(config)


@contextlib.contextmanager
def _opened(settings: NodeSettings) -> Iterator[NodeStore]:
    """Open a database that is this deployment's, its tables brought up to this program's version."""
    from oracle.core.digests import Domain  # noqa: PLC0415
    from oracle.store.node_store import open_store  # noqa: PLC0415

    store = open_store(settings.database, Domain(settings.chain.chain_id, settings.chain.contract))
    try:
        yield store
    finally:
        store.close()


@app.command(epilog="Example: assent node database upgrade --config node.toml")
def upgrade(config: Config, as_json: Json = False) -> None:
    """Bring the tables up to this program's version; the node does so itself when it starts."""
    with _opened(_settings(config)) as store:
        print_facts(_facts(store), as_json)


@app.command(epilog="Example: assent node database current --config node.toml")
def current(config: Config, as_json: Json = False) -> None:
    """Tell the version of the tables, and this program's; change nothing."""
    from oracle.database import schema  # noqa: PLC0415
    from oracle.database.opening import connect, reading  # noqa: PLC0415
    from oracle.store.schema import SCHEMA  # noqa: PLC0415

    engine = connect(_settings(config).database)
    try:
        with reading(engine).connect() as connection:
            found = schema.current(connection)
    finally:
        engine.dispose()
    print_facts({"version": found, "program": SCHEMA.newest()}, as_json)


@app.command(epilog="Example: assent node database backup node-2026-11-25.db --config node.toml")
def backup(file: Path, config: Config, as_json: Json = False) -> None:
    """Copy an SQLite database into a new file, while the node runs or not. For PostgreSQL: pg_dump."""
    from oracle.database.backup import back_up  # noqa: PLC0415

    back_up(_settings(config).database, file)
    print_facts({"backup": str(file), "bytes": file.stat().st_size}, as_json)


@app.command(epilog="Example: assent node database restore node-2026-11-25.db --config node.toml")
def restore(file: Path, config: Config, as_json: Json = False) -> None:
    """Put an SQLite backup where the settings say, if nothing is there, and check that it is this deployment's."""
    from oracle.database.backup import restore as put_back  # noqa: PLC0415
    from oracle.database.backup import sqlite_path  # noqa: PLC0415

    settings = _settings(config)
    put_back(settings.database, file)
    try:
        with _opened(settings) as store:
            facts = _facts(store)
    except ConfigurationError:
        # Another deployment's, or a later program's: it would only stand in the way.
        sqlite_path(settings.database).unlink()
        raise
    print_facts(facts, as_json)


@app.command(epilog="Example: assent node database archived 0x5d…c1 --config node.toml")
def archived(request: str, config: Config) -> None:
    """Print all that is kept of a request that went to the archive, as JSON."""
    with _opened(_settings(config)) as store:
        kept = store.archived(parse_id(request))
    if kept is None:
        raise ConfigurationError([f"request: {request} isn't in the archive; ask `assent request show`"])
    print_json(kept)


def _facts(store: NodeStore) -> dict[str, Any]:
    from oracle.store.schema import SCHEMA  # noqa: PLC0415

    cursor = store.cursor()
    return {
        "version": SCHEMA.newest(),
        "block": cursor[0] if cursor else None,
        "requests": sum(store.counts().values()),
    }
