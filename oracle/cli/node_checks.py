"""What ``assent node check`` looks at: everything that a node needs. Each problem has its setting and the remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from oracle.cli.node_http import fetch, own_url
from oracle.core.errors import AssentError, EndpointError

if TYPE_CHECKING:
    from oracle.client import AssentClient, Member
    from oracle.settings import NodeSettings

T = TypeVar("T")
_MOST_BYTES = 65_536
#: Gas of recording one verdict, as the running node reckons it.
_VERDICT_GAS = 100_000


class Check:
    """One look at a node's surroundings. ``facts`` is what it would run with; ``problems`` each begin with a setting."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self.facts: dict[str, Any] = {"chain": settings.chain.chain_id}
        self.problems: list[str] = []

    def run(self) -> None:
        """Look at everything; a problem in one place keeps none of the others from being looked at."""
        for name in ("attester", "sender", "seal"):
            self._attempt(f"keys.{name}", lambda name=name: self._note(name, _keys(self._settings, name)))  # type: ignore[misc]
        for folder in _packages(self._settings):
            self._attempt("models", lambda folder=folder: self._model(folder))  # type: ignore[misc]
        self._attempt("database", self._database)
        self._attempt("health.min_free_mb", self._disk)
        running = self._attempt("http.port", self._port)
        if self._attempt("chain.rpc_url", self._chain) is not None:
            self._attempt("committee", lambda: self._committee(bool(running)))
            self._attempt("balance", self._balance)

    def _attempt(self, setting: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except AssentError as error:
            lines = getattr(error, "problems", None) or [str(error)]
            self.problems += [line if line.startswith(f"{setting}: ") else f"{setting}: {line}" for line in lines]
            return None

    def _problem(self, setting: str, text: str) -> None:
        self.problems.append(f"{setting}: {text}")

    def _note(self, name: str, value: T) -> T:
        self.facts[name] = value
        return value

    # This machine

    def _model(self, folder: Path) -> str:
        from oracle.models.package import ModelPackage  # noqa: PLC0415
        from oracle.models.runtime import LocalRuntime  # noqa: PLC0415  torch: a self-test runs the model

        package = ModelPackage.load(folder)
        LocalRuntime(package).self_test()
        name = f"{package.card.name} {package.card.version}"
        self.facts.setdefault("models", []).append(name)
        return name

    def _database(self) -> None:
        from oracle.core.digests import Domain  # noqa: PLC0415
        from oracle.core.errors import ConfigurationError  # noqa: PLC0415
        from oracle.store.node_store import open_store  # noqa: PLC0415

        file = _sqlite_file(self._settings.database)
        if file is not None and not file.exists():
            if not file.parent.is_dir():
                raise ConfigurationError([f"{file.parent} doesn't exist; make the folder, or name another"])
            self._note("database", "new")
            return
        store = open_store(
            self._settings.database, Domain(self._settings.chain.chain_id, self._settings.chain.contract)
        )
        try:
            self._note("database", store.counts() or "empty")
        finally:
            store.close()

    def _disk(self) -> None:
        file = _sqlite_file(self._settings.database)
        folder = file.parent if file is not None else Path.cwd()
        wanted = self._settings.health.min_free_mb
        free = shutil.disk_usage(folder).free // 2**20 if folder.is_dir() else wanted
        if free < wanted:
            self._problem("health.min_free_mb", f"{free} MB are free in {folder}, wanted are {wanted}; make room")

    def _port(self) -> bool:
        """Return whether the node runs: then the port is its own."""
        import socket  # noqa: PLC0415

        http = self._settings.http
        with socket.socket(socket.AF_INET6 if ":" in http.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((http.host, http.port))
            except OSError:
                pass
            else:
                self._note("running", False)
                return False
        alive = fetch(own_url(http), "/healthz")
        if alive.get("attester") not in self.facts.get("attester", [alive.get("attester")]):
            raise EndpointError(f"{http.port} is another node's, of {alive.get('attester')}; choose another port")
        return bool(self._note("running", True))

    # The chain

    @cached_property
    def _client(self) -> AssentClient:
        from oracle.client import AssentClient  # noqa: PLC0415

        chain = self._settings.chain
        return AssentClient(chain.rpc_url, chain.contract, chain_id=chain.chain_id, start_block=chain.start_block)

    def _chain(self) -> str:
        """Check each endpoint's chain and methods, the contract's code, and the vocabulary that it goes by."""
        import asyncio  # noqa: PLC0415

        from oracle.chain.vocabulary import check_vocabulary  # noqa: PLC0415

        asyncio.run(self._endpoints())
        check_vocabulary(self._client.read(self._client.contract.vocabulary()))
        return self._client.contract.address

    async def _endpoints(self) -> None:
        from oracle.chain.endpoint_checks import check_endpoints  # noqa: PLC0415
        from oracle.chain.pool import EndpointPool  # noqa: PLC0415
        from oracle.telemetry.metrics import Metrics  # noqa: PLC0415

        chain = self._settings.chain
        pool = EndpointPool(chain.endpoints, Metrics(), chain.timeout_s)
        try:
            await check_endpoints(pool, chain.chain_id, chain.contract, chain.finality)
            for endpoint in pool.endpoints:
                if endpoint.is_down:
                    self._problem("chain.rpc_urls", f"endpoint {endpoint.name} doesn't answer; mend it, or take it out")
                for method in sorted(endpoint.lacks):
                    self._problem("chain.rpc_urls", f"endpoint {endpoint.name} lacks {method}; use one that has it")
        finally:
            await pool.disconnect()

    def _committee(self, running: bool) -> None:
        """Look at place, stake, lease and peers. Not to be on the roll is no problem yet: an operator joins once its node is set up."""
        client, attesters = self._client, self.facts.get("attester", [])
        members = client.roll()
        own = next((each for each in members if each.attester in attesters), None)
        self._note("place", None if own is None else "seat" if own.has_seat else "reserve")
        if own is not None:
            info = client.read(client.contract.operator_info(own.operator))
            terms = client.read(client.contract.committee_terms())
            self._note("stakeWei", str(info.stake))
            if info.stake < terms.min_stake:
                self._problem("committee", f"the stake is below {terms.min_stake} wei; `assent operator stake`")
            if info.lease - client.block_time() < terms.lease // 4:
                self._problem("committee", "the operator's lease ends soon, or has; `assent operator renew`")
            if info.resigned:
                self._problem("committee", "the operator has resigned, and leaves with the next epoch")
        elif running:
            self._problem(
                "committee",
                "the node runs, but none of its attesters is on the roll; `assent operator join`, then rotate",
            )
        self._note("peers", [self._peer(each) for each in members if each is not own])

    def _peer(self, member: Member) -> str:
        from oracle.client.nodes import NoAnswerError, ask_nodes  # noqa: PLC0415

        private = self._settings.work.allow_private_addresses
        try:
            alive = ask_nodes("/healthz", [member.endpoint], dict, allow_private=private, max_bytes=_MOST_BYTES).content
        except NoAnswerError as error:
            self._problem("peers", f"{member.attester} can't be reached: {error}; ask its operator")
            return f"{member.attester} silent"
        except (TypeError, ValueError):  # not an object, so not a node's
            alive = {}
        if alive.get("attester") != member.attester:
            self._problem("peers", f"at {member.endpoint} answers another than {member.attester}; ask its operator")
        return f"{member.attester} {alive.get('version')}"

    def _balance(self) -> None:
        sender = self.facts.get("sender")
        if sender is None:
            return
        eth = self._client.web3.eth
        balance, price = eth.get_balance(sender), eth.gas_price
        self._note("balanceWei", str(balance))
        wanted = self._settings.health.min_verdicts * _VERDICT_GAS * price
        if balance < wanted:
            self._problem(
                "balance", f"{sender} has {balance} wei, {wanted} are wanted at the current fee; send it ether"
            )


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


def _sqlite_file(database: str) -> Path | None:
    return Path(database.removeprefix("sqlite:///")) if database.startswith("sqlite:///") else None
