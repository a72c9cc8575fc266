"""Builds a vault from its settings, and runs it until SIGTERM."""

import asyncio
import contextlib
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import open_async
from oracle.core.errors import ConfigurationError, ModelError
from oracle.database.ownership import VAULT, held
from oracle.models.package import ModelPackage
from oracle.vault.chain_view import ChainView
from oracle.vault.gatekeeper import Gatekeeper
from oracle.vault.gauges import VaultMetrics
from oracle.vault.opening import open_vault
from oracle.vault.service import create_app
from oracle.vault.settings import VaultSettings

_SHUTDOWN_S = 10
_MOST_CONNECTIONS = 512


def schemas_of(folders: Iterable[Path]) -> dict[bytes, tuple[str, ...]]:
    """Return the names of the inputs of each model package, by input schema digest. Raises ConfigurationError with all problems."""
    schemas: dict[bytes, tuple[str, ...]] = {}
    problems = []
    for folder in folders:
        try:
            package = ModelPackage.load(folder)
        except ModelError as error:
            problems.append(f"models: {error}")
        else:
            schemas[package.input_schema_digest] = tuple(feature.name for feature in package.card.inputs)
    if problems:
        raise ConfigurationError(problems)
    return schemas


def connect(settings: VaultSettings) -> ChainView:
    """Return the view of the chain that the settings name; nothing is sent yet."""
    web3 = open_async(settings.endpoints)
    contract = AssentContract(web3, settings.addresses, settings.chain_id)
    return ChainView(web3, contract, settings.start_block, settings.freshness_s)


def build(settings: VaultSettings, chain: ChainView) -> FastAPI:
    """Return the application. Raises ConfigurationError or SigningKeyError."""
    per_day = settings.operator_releases_per_day
    gatekeeper = Gatekeeper(
        open_vault(settings), chain, schemas_of(settings.models), releases_per_day=per_day, notices=settings.notices
    )
    return create_app(gatekeeper, chain, VaultMetrics(gatekeeper.budgets.left))


async def serve(settings: VaultSettings) -> None:
    """Run the vault until SIGTERM or SIGINT, then finish what is under way and return.

    Raises ConfigurationError (another vault runs on its database, too), SigningKeyError, or ChainError (wrong chain, no contract, endpoint
    unreachable) before it listens.
    """
    with held(settings.database, program=VAULT):
        await _serve(settings)


async def _serve(settings: VaultSettings) -> None:
    chain = connect(settings)
    try:
        app = build(settings, chain)
        await chain.check_chain()
        await _Server(_config(app, settings)).serve()
    finally:
        await chain.close()


def _config(app: FastAPI, settings: VaultSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        ws="none",
    )


class _Server(uvicorn.Server):
    """Ends by returning: uvicorn's own raises the signal again, which would end the process with another status than 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(each)
