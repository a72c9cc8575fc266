"""``assent node``: run, check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from oracle.cli import database
from oracle.cli.options import Json
from oracle.cli.output import print_facts
from oracle.core.errors import AssentError, ConfigurationError

if TYPE_CHECKING:
    from oracle.client import AssentClient
    from oracle.settings import NodeSettings

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="The operator's daemon: run, check.")
app.add_typer(database.app, name="database")
Config = Annotated[Path, typer.Option("--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings, TOML.")]


@app.command(epilog="Example: assent node run --config node.toml")
def run(config: Config) -> None:
    """Run the node until SIGTERM or SIGINT."""
    import asyncio  # noqa: PLC0415

    from oracle.settings import load_node_settings  # noqa: PLC0415

    settings = load_node_settings(config)
    from oracle.node import run as run_node  # noqa: PLC0415  web3 and more: not for a typo in the settings

    asyncio.run(run_node(settings))


@app.command(epilog="Example: assent node check --config node.toml")
def check(config: Config, as_json: Json = False) -> None:
    """Check settings, keys, models and chain, and say everything that is wrong at once. Exit status 2 if anything is."""
    from oracle.settings import load_node_settings  # noqa: PLC0415

    facts, problems = _examine(load_node_settings(config))
    if problems:
        raise ConfigurationError(problems)
    print_facts({"config": str(config), **facts}, as_json)


def _examine(settings: NodeSettings) -> tuple[dict[str, Any], list[str]]:
    """Return what the node would run with, and every problem, each beginning with its setting."""
    facts: dict[str, Any] = {}
    problems: list[str] = []

    def attempt(setting: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except AssentError as error:
            problems.append(f"{setting}: {error}")
            return None

    for name in ("attester", "sender", "seal"):
        facts[name] = attempt(f"keys.{name}", lambda name=name: _keys(settings, name))  # type: ignore[misc]
    models = [attempt("models", lambda folder=folder: _model(folder)) for folder in _packages(settings)]  # type: ignore[misc]
    facts["models"] = [each for each in models if each]
    facts["chain"] = settings.chain.chain_id
    if attempt("chain.rpc_url", lambda: _chain(settings)) is not None and facts["attester"]:
        facts["member"] = attempt("chain", lambda: _is_member(settings, facts["attester"]))
    return facts, problems


def _keys(settings: NodeSettings, name: str) -> list[str] | str:
    """Return what is public of the keys of one kind: a list of those of which there may be several."""
    from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
    from oracle.keys.keystore import read_seal_key, read_signer  # noqa: PLC0415

    password = settings.keys.password_file

    def address(path: Path) -> str:
        signer = read_signer(path, password)
        refuse_devnet_key(signer.address, settings.chain.chain_id)
        return signer.address

    keys, remote = settings.keys, settings.keys.remote
    if name == "seal":
        return ["0x" + read_seal_key(path, password).public.hex() for path in keys.seal]
    if name == "sender":
        return address(keys.sender) if keys.sender else _remote(settings, remote.sender if remote else None)[0]
    return [*map(address, keys.attester), *_remote(settings, *(remote.attester if remote else ()))]


def _remote(settings: NodeSettings, *addresses: str | None) -> list[str]:
    """Return addresses, checksummed, once the remote signer was seen to have their keys."""
    import asyncio  # noqa: PLC0415

    from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
    from oracle.keys.web3signer import RemoteSigner, Web3Signer  # noqa: PLC0415
    from oracle.telemetry.metrics import Metrics  # noqa: PLC0415

    async def check() -> list[str]:
        if settings.keys.remote is None:
            return []
        server = Web3Signer(settings.keys.remote, Metrics())
        signers = [RemoteSigner(address, server) for address in addresses if address]
        try:
            for signer in signers:
                refuse_devnet_key(signer.address, settings.chain.chain_id)
                await signer.check()
        finally:
            await server.aclose()
        return [signer.address for signer in signers]

    return asyncio.run(check())


def _packages(settings: NodeSettings) -> list[Path]:
    folder = settings.models_folder
    found = folder.iterdir() if folder and folder.is_dir() else ()
    return [*settings.models, *sorted(path for path in found if path.is_dir() and not path.name.startswith("."))]


def _model(folder: Path) -> str:
    from oracle.models.package import ModelPackage  # noqa: PLC0415

    card = ModelPackage.load(folder).card
    return f"{card.name} {card.version}"


def _chain(settings: NodeSettings) -> str:
    return _client(settings).contract.address


def _is_member(settings: NodeSettings, attesters: list[str]) -> bool:
    """Not a problem if it isn't: an operator joins once its node is set up."""
    return any(member.attester in attesters for member in _client(settings).members())


def _client(settings: NodeSettings) -> AssentClient:
    from oracle.client import AssentClient  # noqa: PLC0415

    chain = settings.chain
    return AssentClient(chain.rpc_url, chain.contract, chain_id=chain.chain_id, start_block=chain.start_block)
