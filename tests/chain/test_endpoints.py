"""Several RPC endpoints as one, each with its bad days, over a real chain."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from daemon_chain import Ground, ground
from faulty_endpoint import FaultyEndpoint, faulty

from oracle.chain.contract import AssentContract
from oracle.chain.endpoint import EndpointFailure
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.errors import ConfigurationError, ContractRevertError, EndpointError, WrongChainError
from oracle.core.structs import RequestState
from oracle.keys.devnet import DEVNET_CHAIN_ID
from oracle.keys.signer import LocalSigner
from oracle.services.acts import Acts
from oracle.services.transactor import Transactor
from oracle.services.watcher import Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.store.transactions import TransactionStore
from oracle.telemetry.metrics import Metrics

SECRETS = ("secret-key", "secret-word")


@pytest.fixture(scope="module")
def chain() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture
async def first(chain: Ground) -> AsyncIterator[FaultyEndpoint]:
    async with faulty(chain.url) as made:
        yield made


@pytest.fixture
async def second(chain: Ground) -> AsyncIterator[FaultyEndpoint]:
    async with faulty(chain.url) as made:
        yield made


class Line:
    """A node's way to the chain."""

    def __init__(self, chain: Ground, *endpoints: FaultyEndpoint | str, **limits: Any) -> None:
        self.metrics = Metrics()
        urls = [each if isinstance(each, str) else each.url for each in endpoints]
        self.web3 = open_async(urls, self.metrics, **{"timeout_s": 20.0, "patience_s": 10.0, **limits})
        self.pool = self.web3.provider
        self.reader = ChainReader(self.web3, chain.contract.addresses, DEVNET_CHAIN_ID)

    def count(self, name: str, index: int, **labels: str) -> float | None:
        labels = {"endpoint": self.pool.endpoints[index].name, **labels}
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def line(chain: Ground, first: FaultyEndpoint, second: FaultyEndpoint) -> AsyncIterator[Line]:
    made = Line(chain, first, second)
    await made.reader.check_start("latest")
    first.asked.clear()
    second.asked.clear()
    yield made
    await made.pool.disconnect()


async def test_read__when_both_are_well__then_the_first_answers(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    assert (await line.reader.head("latest")).number == chain.head
    await line.reader.check_chain()
    assert first.asked["eth_getCode"] == 1
    assert second.asked["eth_getCode"] == 0
    assert line.count("assent_rpc_up", 0) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 429}, "limited"),
        ({"status": 503}, "http"),
        ({"error": {"code": -32603, "message": "internal error"}}, "trouble"),
        ({"error": {"code": -32005, "message": "daily request limit exceeded"}}, "limited"),
    ],
)
async def test_read__when_the_first_fails__then_the_next_answers_and_it_is_counted(
    chain: Ground, line: Line, first: FaultyEndpoint, fault: dict[str, Any], told: str
) -> None:
    for name, value in fault.items():
        setattr(first, name, value)
    assert (await line.reader.block(chain.head)).number == chain.head
    assert (line.count("assent_rpc_errors_total", 0, fault=told) or 0) >= 1
    assert not line.count("assent_rpc_errors_total", 1, fault=told)


async def test_read__when_the_first_stalls__then_the_next_is_asked_as_well(
    chain: Ground, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    made = Line(chain, first, second, patience_s=0.2, timeout_s=60)
    first.stall_s = 30
    assert (await made.reader.block(chain.head)).number == chain.head
    assert second.asked["eth_getBlockByNumber"] == 1
    assert made.count("assent_rpc_errors_total", 0, fault="slow") == 1
    await made.pool.disconnect()


async def test_read__when_the_only_endpoint_is_busy__then_it_is_left_to_answer(
    chain: Ground, first: FaultyEndpoint
) -> None:
    made = Line(chain, first, patience_s=0.05, timeout_s=60)
    await made.reader.check_start("latest")
    first.asked.clear()
    first.stall_s = 0.5
    await asyncio.gather(*(made.reader.block(chain.head) for _ in range(30)))
    assert first.asked["eth_getBlockByNumber"] == 30
    assert not made.count("assent_rpc_errors_total", 0, fault="slow")
    await made.pool.disconnect()


async def test_read__when_the_only_endpoint_stalls__then_it_is_asked_once_more_and_not_called_slow(
    chain: Ground, first: FaultyEndpoint
) -> None:
    made = Line(chain, first, patience_s=0.2, timeout_s=60)
    await made.reader.check_start("latest")
    first.stall_s, first.share = 30, 0.5
    for _ in range(5):
        assert (await made.reader.block(chain.head)).number == chain.head
    assert not made.count("assent_rpc_errors_total", 0, fault="slow")
    await made.pool.disconnect()


async def test_read__when_the_first_is_well_again__then_it_is_preferred_again(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.chain.endpoint._LAST_REST_S", 0.05)
    first.status = 503
    for _ in range(4):
        await line.reader.block(0)
        await asyncio.sleep(0.06)
    assert line.count("assent_rpc_up", 0) == 0
    first.status = 200
    await asyncio.sleep(0.06)
    await line.reader.block(0)
    before = second.asked["eth_getCode"]
    await line.reader.check_chain()
    assert second.asked["eth_getCode"] == before
    assert line.count("assent_rpc_up", 0) == 1


async def test_read__when_the_only_endpoint_fails_now_and_then__then_asked_again(
    chain: Ground, first: FaultyEndpoint
) -> None:
    made = Line(chain, first)
    first.status, first.share = 500, 0.3
    for _ in range(20):
        assert (await made.reader.block(chain.head)).number == chain.head
    assert (made.count("assent_rpc_errors_total", 0, fault="http") or 0) > 0
    await made.pool.disconnect()


async def test_read__when_the_contract_reverts__then_the_next_is_not_asked(
    chain: Ground, line: Line, second: FaultyEndpoint
) -> None:
    contract = AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    request = chain.asked()
    with pytest.raises(ContractRevertError) as caught:
        await Acts(contract, transactor_of(chain, line, "sqlite://")).close(request, agreement_ended=False)
    assert caught.value.name == "DeadlineNotPassed"
    assert second.asked["eth_estimateGas"] == 0


async def test_read__when_no_endpoint_answers__then_endpoint_error_without_secrets(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    first.status = second.status = 500
    with pytest.raises(EndpointError) as caught:
        await line.reader.block(0)
    assert not any(word in str(caught.value) for word in SECRETS)


async def test_read__when_a_method_is_not_among_the_plain_ones__then_not_sent(
    line: Line, first: FaultyEndpoint
) -> None:
    with pytest.raises(EndpointError, match="eth_gasPrice"):
        await line.web3.eth.gas_price
    assert first.asked["eth_gasPrice"] == 0


# Lag


# View calls that come together


async def views(chain: Ground, line: Line, count: int = 5) -> list[Any]:
    contract = AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    attesters = [each.address for each in chain.attesters]
    calls = (contract.operator_of(attesters[place % len(attesters)]).acall() for place in range(count))
    return await asyncio.gather(*calls)


async def test_views__when_they_come_together__then_in_one_request_and_each_has_its_own_answer(
    chain: Ground, line: Line, first: FaultyEndpoint
) -> None:
    operators = [chain.contract.operator_of(each.address).call() for each in chain.attesters]
    assert len(set(operators)) > 2
    size = len(operators)
    assert await views(chain, line, size) == operators
    assert first.batches == {size: 1}
    assert await views(chain, line, 5 * size) == operators * 5
    assert sum(size * count for size, count in first.batches.items()) == 6 * len(operators)


async def test_views__when_the_endpoint_takes_no_batches__then_each_by_itself_from_then_on(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    first.takes_batches = False
    for _ in range(2):
        assert len(await views(chain, line)) == 5
    assert first.batches == {5: 1}
    assert first.asked["eth_call"] == 10
    assert not second.asked["eth_call"]


@pytest.mark.parametrize("status", [400, 413, 500])
async def test_views__when_the_endpoint_answers_batches_with_a_status__then_each_by_itself(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint, status: int
) -> None:
    first.batch_status = status
    for _ in range(2):
        assert len(await views(chain, line)) == 5
    assert first.batches == {5: 1}
    assert not second.asked["eth_call"]
    assert line.count("assent_rpc_errors_total", 0, fault="http") is None


@pytest.mark.parametrize("status", [429, 500])
async def test_views__when_a_batch_fails__then_the_next_endpoint_answers_all_of_it_and_it_is_one_failure(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint, status: int
) -> None:
    first.status = status
    assert len(await views(chain, line)) == 5
    assert second.asked["eth_call"] == 5
    assert line.count("assent_rpc_errors_total", 0, fault="limited" if status == 429 else "http") == 1
    first.status = 200
    first.batches.clear()
    line.pool.endpoints[0]._not_before = 0.0
    assert len(await views(chain, line)) == 5
    assert first.batches == {5: 1}  # together again: it was the endpoint, not the batch


async def test_views__when_a_batch_is_limited_in_words__then_it_is_not_asked_for_more_at_once(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    first.batch_error = {"code": -32005, "message": "rate limit exceeded"}
    assert len(await views(chain, line)) == 5
    assert not first.asked["eth_call"]
    assert second.asked["eth_call"] == 5


async def until(holds: Callable[[], bool], patience_s: float = 4) -> None:
    """Wait until something holds: a busy machine takes its time."""
    async with asyncio.timeout(patience_s):
        while not holds():
            await asyncio.sleep(0.01)


async def test_views__when_all_are_given_up__then_the_request_is_broken_off(
    chain: Ground, line: Line, first: FaultyEndpoint
) -> None:
    first.stall_s = 5
    provider = line.pool.endpoints[0]._http
    running = [asyncio.create_task(views(chain, line, 4)) for _ in range(2)]
    await until(lambda: len(provider._tasks) == 1)
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await until(lambda: not provider._tasks)


async def test_views__when_the_line_is_closed_at_once__then_nobody_waits_for_ever(chain: Ground, line: Line) -> None:
    provider = line.pool.endpoints[0]._http
    waiting = asyncio.create_task(provider.make_request("eth_call", [{}, "latest"]))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await provider.disconnect()
    with pytest.raises(ConnectionAbortedError):
        await asyncio.wait_for(waiting, 5)
    answer = await asyncio.wait_for(provider.make_request("eth_call", [{}, "latest"]), 5)  # type: ignore[arg-type]
    assert "error" in answer or "result" in answer


async def test_views__when_some_are_given_up__then_the_others_are_answered(
    chain: Ground, line: Line, first: FaultyEndpoint
) -> None:
    contract = AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    first.stall_s = 1.5
    running = [asyncio.create_task(contract.members_of(1).acall()) for _ in range(4)]
    await until(lambda: len(line.pool.endpoints[0]._http._tasks) == 1)
    running[0].cancel()
    running[2].cancel()
    found = await asyncio.gather(*running, return_exceptions=True)
    assert [isinstance(each, list) for each in found] == [False, True, False, True]


async def test_head__when_the_first_lags__then_the_other_is_asked(
    chain: Ground, line: Line, first: FaultyEndpoint
) -> None:
    chain.mine(10)
    first.lag_blocks = 5
    await line.reader.head("latest")  # compared here, at the latest
    assert (await line.reader.head("latest")).number == chain.head
    assert line.count("assent_rpc_lag_blocks", 0) == 5


async def test_events__when_the_first_has_not_reached_the_ranges_end__then_the_other_answers(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    chain.asked()
    end = await line.reader.block(chain.head)
    first.lag_blocks = 2
    await line.pool.refresh()
    first.asked.clear()
    assert await line.reader.events(0, end)
    assert first.asked["eth_getLogs"] == 0
    second.lag_blocks = 2
    await line.pool.refresh()
    with pytest.raises(EndpointError, match="reached that block"):
        await line.reader.events(0, end)


async def test_catch_up__when_all_that_is_left_lags_behind_the_cursor__then_nothing_is_taken_back(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint, tmp_path: Path
) -> None:
    store = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    watching = watcher(chain, line, store)
    request = chain.asked()
    await watching.catch_up()
    cursor = store.cursor()
    first.status, second.lag_blocks = 500, 4
    found = await watching.catch_up()
    assert (found.head.number, found.moved) == (chain.head, False)
    assert store.cursor() == cursor
    assert store.report(request.id) is not None
    store.close()


def watcher(chain: Ground, line: Line, store: NodeStore, range_blocks: int = 2_000) -> Watcher:
    settings = ChainSettings(
        rpc_url=chain.url,
        chain_id=DEVNET_CHAIN_ID,
        **chain.places,
        finality="latest",
        range_blocks=range_blocks,
        reread_blocks=4,
    )
    return Watcher(line.reader, store, settings, line.metrics)


async def test_catch_up__when_the_first_cuts_its_answers_off__then_the_second_look_at_the_other_finds_the_rest(
    chain: Ground, line: Line, first: FaultyEndpoint, tmp_path: Path
) -> None:
    store = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    watching = watcher(chain, line, store)
    await watching.catch_up()
    first.truncated_to = 0
    request = chain.asked()
    await watching.catch_up()
    assert store.report(request.id) is None
    chain.mine(7)
    await watching.catch_up()
    assert store.report(request.id) is not None
    assert line.metrics.registry.get_sample_value("assent_events_found_late_total")
    store.close()


async def test_catch_up__when_many_blocks_were_missed_over_a_bad_line__then_all_that_was_in_them_is_found(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint, tmp_path: Path
) -> None:
    store = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    watching = watcher(chain, line, store, range_blocks=20)
    await watching.catch_up()
    requests = []
    for _ in range(4):
        chain.mine(50)
        requests.append(chain.asked())
    first.error, first.share = {"code": -32603, "message": "internal error"}, 0.3
    second.lag_blocks = 3
    for _ in range(20):
        with suppress(EndpointError):
            # A round may end at the head of the endpoint that is behind: the next goes on from there.
            if (await watching.catch_up()).head.number == chain.head:
                break
    assert store.cursor() == (chain.head, bytes(chain.web3.eth.get_block(chain.head)["hash"]))
    assert all(store.report(each.id) is not None for each in requests)
    store.close()


# Wrong chain


async def test_check_start__when_one_serves_another_chain__then_it_is_named_without_its_secrets(
    chain: Ground, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    second.chain_id = 5
    made = Line(chain, first, second)
    with pytest.raises(WrongChainError, match=r"1-127\.0\.0\.1 serves chain 5.*says 31337") as caught:
        await made.reader.check_start("latest")
    assert not any(word in str(caught.value) for word in SECRETS)
    await made.pool.disconnect()


async def test_check_start__when_one_does_not_answer__then_the_node_starts_with_the_other(
    chain: Ground, second: FaultyEndpoint
) -> None:
    made = Line(chain, "http://127.0.0.1:1/secret-key", second)
    await made.reader.check_start("latest")
    assert (await made.reader.block(chain.head)).number == chain.head
    await made.pool.disconnect()


async def test_read__when_one_comes_back_as_another_chain__then_never_used(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    first.status = 503
    for _ in range(3):
        with pytest.raises(EndpointFailure):
            await line.pool.endpoints[0].read("eth_getBlockByNumber", ["latest", False])
    assert line.pool.endpoints[0].is_down
    first.status, first.chain_id = 200, 5
    await asyncio.sleep(2.1)  # its rest
    await line.reader.head("latest")
    first.asked.clear()
    for _ in range(3):
        await line.reader.check_chain()
    request = chain.asked()
    await Acts(
        AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID), transactor_of(chain, line, "sqlite://")
    ).record(*chain.attested(request))
    assert set(first.asked) <= {"eth_chainId"}
    assert second.asked["eth_sendRawTransaction"] == 1
    assert line.count("assent_rpc_up", 0) == 0


# Methods


async def test_check_start__when_a_method_is_missing_at_one__then_it_is_asked_of_the_other(
    chain: Ground, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    first.lacks = {"eth_feeHistory"}
    made = Line(chain, first, second)
    await made.reader.check_start("latest")
    await made.web3.eth.fee_history(1, "latest", [50])
    assert (first.asked["eth_feeHistory"], second.asked["eth_feeHistory"]) == (1, 2)
    await made.pool.disconnect()


async def test_check_start__when_no_endpoint_has_a_method__then_each_is_named_with_the_remedy(
    chain: Ground, first: FaultyEndpoint
) -> None:
    first.lacks = {"eth_feeHistory", "eth_getLogs"}
    made = Line(chain, first)
    with pytest.raises(ConfigurationError, match=r"another one in chain\.rpc_urls") as caught:
        await made.reader.check_start("latest")
    assert [problem.split(";")[0].split()[-1] for problem in caught.value.problems] == ["eth_feeHistory", "eth_getLogs"]
    await made.pool.disconnect()


async def test_check_start__when_no_endpoint_knows_the_finality__then_said_so(
    chain: Ground, first: FaultyEndpoint
) -> None:
    first.tags = {"latest"}
    made = Line(chain, first)
    with pytest.raises(ConfigurationError, match=r"chain\.finality: no endpoint has a finalized block"):
        await made.reader.check_start("finalized")
    await made.reader.check_start("12")
    await made.pool.disconnect()


# Sending


def transactor_of(chain: Ground, line: Line, database: str) -> Transactor:
    signer = LocalSigner(secrets.token_bytes(32))
    chain.rpc("anvil_setBalance", signer.address, hex(10**18))
    contract = AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    return Transactor(
        line.web3, contract, TransactionStore(open_database(database), signer.address), signer, line.metrics
    )


async def test_send__when_one_endpoint_takes_it__then_sent_though_another_refuses(
    chain: Ground, line: Line, first: FaultyEndpoint, second: FaultyEndpoint
) -> None:
    transactor = transactor_of(chain, line, "sqlite://")
    contract = AssentContract(line.web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    request = chain.asked()
    sending = Acts(contract, transactor)
    first.lacks = {"eth_sendRawTransaction"}
    await sending.record(*chain.attested(request))
    assert second.asked["eth_sendRawTransaction"] == 1
    chain.quiet()
    assert chain.contract.verdict_of(request.id).call().state is RequestState.RECORDED
