"""Looks at the node as a whole, once a second, whether anyone asks or not: what is served about it costs an asker's wish nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from oracle.chain.rpc import ChainReader, endpoint_errors
from oracle.core.errors import ChainError, DatabaseError, EndpointError
from oracle.keys.opening import OperatorKeys
from oracle.services.arbiters import Arbiters
from oracle.services.committee import CommitteeView
from oracle.services.leases import Leases
from oracle.services.library import Library
from oracle.services.seat import Seat
from oracle.services.transactor import Transactor
from oracle.settings import NodeSettings
from oracle.store.node_store import Backlog, Misses, Waiting

#: What costs a call of the chain is looked at so often; while something is wrong, each second.
_SLOWLY_S, _QUICKLY_S = 15.0, 1.0
_RPC_TIMEOUT_S = 5.0
#: Gas of recording one verdict with its callback's, generously.
_VERDICT_GAS = 100_000
_SQLITE = "sqlite:///"


class Answering(Protocol):
    """Whoever asks vaults."""

    answered_at: float


@dataclass(slots=True)
class Survey:
    """What was last seen. Ages are in seconds; a problem is None where there is none."""

    at: float = float("-inf")
    stages: dict[str, int] = field(default_factory=dict)
    backlog: Backlog = field(default_factory=Backlog)
    waiting: list[Waiting] = field(default_factory=list)
    misses: list[Misses] = field(default_factory=list)
    head: int = 0
    head_timestamp: int = 0
    round_age_s: float = float("inf")
    oldest_timestamp: int | None = None
    chain_problem: str | None = "not looked at yet"
    view: CommitteeView | None = None
    #: Until when the operator's lease holds (Unix seconds), and how long one is; None if it has none.
    lease_until: int | None = None
    lease_s: int = 0
    attesters: tuple[str, ...] = ()
    sender: str = ""
    balance_wei: int | None = None
    verdict_cost_wei: int | None = None
    models_published: int = 0
    models_runnable: int = 0
    #: Of models that are loaded, those whose arbiter this node doesn't serve under.
    models_unserved: int = 0
    vault_age_s: float = float("inf")
    engine_problems: list[str] = field(default_factory=list)
    key_problems: list[str] = field(default_factory=list)
    database_problem: str | None = None
    disk_free_bytes: int | None = None

    @property
    def age_s(self) -> float:
        """How long ago this was seen."""
        return time.monotonic() - self.at

    @property
    def oldest_s(self) -> float:
        """Age of the oldest request in work, 0 if none is."""
        return max(time.time() - self.oldest_timestamp, 0) if self.oldest_timestamp else 0

    @property
    def oldest_blocks(self) -> int:
        """Blocks since the oldest request in work, 0 if none is."""
        oldest = self.backlog.oldest_block
        return 0 if oldest is None else max(self.head - oldest, 0)


class Surveyor:
    """Keeps the survey. Whatever it can't look at in time keeps what was seen before, and says so."""

    def __init__(
        self,
        settings: NodeSettings,
        seat: Seat,
        reader: ChainReader,
        transactor: Transactor,
        vaults: Answering,
        keys: OperatorKeys,
        leases: Leases,
        library: Library | None = None,
    ) -> None:
        self._settings = settings
        self._seat = seat
        self._reader = reader
        self._transactor = transactor
        self._vaults = vaults
        self._keys = keys
        self._leases = leases
        self._arbiters = Arbiters(settings.work.arbiters)
        self._library = library
        self._slowly_at = float("-inf")
        self._oldest: tuple[int, int] | None = None
        self.survey = Survey(attesters=seat.keys.addresses, sender=transactor.address)

    async def look(self, *, hurry: bool = False) -> None:
        """Look at everything that is due to be looked at. Never raises for a failure outside.

        ``hurry`` if something was wrong: then what is looked at slowly otherwise is looked at again soon.
        """
        survey, clock = self.survey, self._seat.clock
        survey.head, survey.head_timestamp = clock.number, clock.timestamp
        survey.round_age_s = time.monotonic() - clock.read_at
        survey.vault_age_s = time.monotonic() - self._vaults.answered_at
        slowly = time.monotonic() - self._slowly_at >= (_QUICKLY_S if hurry else _SLOWLY_S)
        await self._look_at_store(slowly)
        survey.key_problems = await self._keys.problems()
        if slowly:
            self._slowly_at = time.monotonic()
            survey.disk_free_bytes = await asyncio.to_thread(_free_bytes, self._settings.database)
            survey.engine_problems = self._library.problems() if self._library else []
            survey.chain_problem = await self._problem_of(self._look_at_chain)
        else:
            survey.chain_problem = survey.chain_problem or await self._problem_of(self._look_at_committee)
        survey.at = time.monotonic()

    async def _look_at_store(self, slowly: bool) -> None:
        survey, store = self.survey, self._seat.store

        def read() -> None:
            survey.stages, survey.backlog = store.counts(), store.backlog()
            survey.waiting, survey.misses = store.waiting(), store.misses()
            if slowly:
                store.touch()
                models = store.models()
                survey.models_published = len(models)
                loaded = [model for model in models if self._seat.catalogue.has(model)]
                survey.models_runnable = sum(map(self._arbiters.may_serve, loaded))
                survey.models_unserved = len(loaded) - survey.models_runnable

        try:
            await asyncio.to_thread(read)
            survey.database_problem = None
        except DatabaseError as error:
            survey.database_problem = error.cause

    async def _problem_of(self, look: Callable[[], Coroutine[Any, Any, None]]) -> str | None:
        try:
            async with asyncio.timeout(_RPC_TIMEOUT_S):
                await look()
        except TimeoutError:
            return f"no answer within {_RPC_TIMEOUT_S:.0f} s"
        except ChainError as error:
            return str(error)
        return None

    async def _look_at_chain(self) -> None:
        await self._reader.check_chain()
        await self._look_at_committee()
        self.survey.balance_wei = await self._transactor.balance_wei()
        self.survey.verdict_cost_wei = _VERDICT_GAS * await self._gas_price_wei()

    async def _look_at_committee(self) -> None:
        self.survey.view = await self._seat.committee.view()
        self.survey.lease_until, self.survey.lease_s = self._leases.until, self._leases.length_s
        await self._look_at_oldest()

    async def _gas_price_wei(self) -> int:
        """Return what the next block's gas costs, tip included."""
        with endpoint_errors("eth_feeHistory"):
            history = await self._reader.web3.eth.fee_history(1, "latest", [50.0])
            rewards = history.get("reward") or []
            return int(history["baseFeePerGas"][-1]) + (int(rewards[-1][0]) if rewards else 0)

    async def _look_at_oldest(self) -> None:
        """Learn when the oldest request in work was made: its block's time, asked for once."""
        oldest = self.survey.backlog.oldest_block
        if oldest is not None and (self._oldest is None or self._oldest[0] != oldest):
            try:
                self._oldest = (oldest, (await self._reader.block(oldest)).timestamp)
            except EndpointError:
                self._oldest = None  # a reorganisation may have taken it; asked again in a second
        self.survey.oldest_timestamp = self._oldest[1] if oldest is not None and self._oldest else None


def _free_bytes(database: str) -> int | None:
    """Return the free space where a SQLite file is; else of the folder that the node works in."""
    folder = Path(database.removeprefix(_SQLITE)).parent if database.startswith(_SQLITE) else Path.cwd()
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
