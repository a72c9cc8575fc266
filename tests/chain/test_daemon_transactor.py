"""The sender key's transactions on a real chain, and what can become of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemon_chain import OPERATORS, SUBJECT, Ground, ground
from hexbytes import HexBytes
from sqlalchemy import Engine

from oracle.chain.contract import AssentContract
from oracle.chain.fees import read_market
from oracle.chain.rpc import open_async
from oracle.core.errors import ContractRevertError, EndpointError
from oracle.core.structs import RequestState
from oracle.keys.devnet import DEVNET_CHAIN_ID
from oracle.keys.signer import LocalSigner
from oracle.services.acts import Acts
from oracle.services.transactor import Transactor
from oracle.settings import SendSettings
from oracle.store.tables import open_database
from oracle.store.transactions import Attempt, TransactionStore
from oracle.telemetry.metrics import Metrics

BUMP_BLOCKS = SendSettings().bump_blocks


@pytest.fixture(scope="module")
def chain() -> Iterator[Ground]:
    with ground() as made:
        yield made


@dataclass
class Scene:
    """A node's sender on the chain."""

    chain: Ground
    engine: Engine
    store: TransactionStore
    signer: LocalSigner
    transactor: Transactor
    acts: Acts
    metrics: Metrics

    async def record(self, count: int = 1) -> list[bytes]:
        """Send verdicts for new requests; return the requests' ids."""
        requests = [self.chain.asked() for _ in range(count)]
        await asyncio.gather(*(self.acts.record(*self.chain.attested(each)) for each in requests))
        return [each.id for each in requests]

    def state(self, identity: bytes) -> RequestState:
        self.chain.quiet()
        return self.chain.contract.verdict_of(identity).call().state

    def end(self, nonce: int) -> str:
        found = self.store.find(nonce)
        assert found is not None
        return found.state

    def count(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    async def settle(self) -> None:
        await self.transactor.settle(self.chain.head)


def transactor_of(
    url: str | list[str],
    chain: Ground,
    store: TransactionStore,
    signer: LocalSigner,
    metrics: Metrics,
    **settings: float,
) -> tuple[Transactor, Acts]:
    web3 = open_async(url)
    contract = AssentContract(web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    transactor = Transactor(web3, contract, store, signer, metrics, SendSettings(**settings))  # type: ignore[arg-type]
    return transactor, Acts(contract, transactor)


@pytest.fixture
async def scene(chain: Ground, tmp_path: Path) -> AsyncIterator[Scene]:
    chain.rpc("evm_setAutomine", True)
    signer, metrics = LocalSigner(secrets.token_bytes(32)), Metrics()
    chain.rpc("anvil_setBalance", signer.address, hex(10**18))
    engine = open_database(f"sqlite:///{tmp_path / 'node.db'}")
    store = TransactionStore(engine, signer.address)
    transactor, acts = transactor_of(chain.url, chain, store, signer, metrics)
    yield Scene(chain, engine, store, signer, transactor, acts, metrics)
    await transactor._web3.provider.disconnect()
    engine.dispose()
    chain.rpc("evm_setAutomine", True)
    chain.mine(1)


async def test_record__when_the_contract_takes_it__then_mined_settled_and_counted(scene: Scene) -> None:
    (identity,) = await scene.record()
    assert scene.state(identity) is RequestState.RECORDED
    assert [attempt.nonce for attempt in scene.store.under_way()] == [0]
    await scene.settle()
    assert scene.store.under_way() == []
    assert scene.end(0) == "mined"
    labels = {"kind": "record", "end": "mined"}
    assert scene.metrics.registry.get_sample_value("assent_transactions_total", labels) == 1


async def test_send__when_callbacks_may_take_more_than_a_transaction_can_have__then_sent_with_all_it_can(
    scene: Scene,
) -> None:
    request = scene.chain.asked()
    answer, attestation = scene.chain.attested(request)
    function = scene.acts._contract.record(request, answer.verdict, attestation)
    await scene.transactor.send("record", request.id, function, [2_000_000] * 9)
    (saved,) = scene.store.under_way()
    assert scene.chain.web3.eth.get_transaction(HexBytes(saved.last.hash))["gas"] == 2**24
    assert scene.state(request.id) is RequestState.RECORDED


async def test_record__when_broadcast__then_it_was_saved_before(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[int] = []
    sending = scene.transactor._broadcast

    async def looking(*arguments: object) -> None:
        saved.append(len(scene.store.under_way()))
        await sending(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(scene.transactor, "_broadcast", looking)
    await scene.record()
    assert saved == [1]


async def test_settle__when_killed_between_saving_and_sending__then_sent_after_the_restart(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def killed(*_: object) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr(scene.transactor, "_broadcast", killed)
    request = scene.chain.asked()
    with pytest.raises(RuntimeError):
        await scene.acts.record(*scene.chain.attested(request))
    engine = open_database(f"sqlite:///{tmp_path / 'node.db'}")
    store = TransactionStore(engine, scene.signer.address)
    again, acts = transactor_of(scene.chain.url, scene.chain, store, scene.signer, Metrics())
    # Known as under way, so not sent a second time with another nonce.
    await acts.record(*scene.chain.attested(request))
    assert len(store.under_way()) == 1
    await again.settle(scene.chain.head)
    assert scene.state(request.id) is RequestState.RECORDED
    await again.settle(scene.chain.head)
    assert store.under_way() == []
    await again._web3.provider.disconnect()
    engine.dispose()


async def test_settle__when_the_pool_dropped_it__then_sent_again_after_some_blocks_for_more(scene: Scene) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    await scene.acts.record(*scene.chain.attested(request))
    (saved,) = scene.store.under_way()
    first = saved.last
    scene.chain.rpc("anvil_dropTransaction", "0x" + first.hash.hex())
    scene.chain.mine(BUMP_BLOCKS - 1)
    await scene.settle()
    assert scene.store.under_way() == [saved]
    scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.REQUESTED
    await scene.settle()
    (saved,) = scene.store.under_way()
    kept, second = saved.attempts
    assert (kept, second.nonce, second.request) == (first, first.nonce, first.request)
    assert second.max_fee_wei * 100 >= first.max_fee_wei * 110
    assert second.tip_wei * 100 >= first.tip_wei * 110
    scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.RECORDED
    await scene.settle()
    assert scene.end(first.nonce) == "mined"


async def test_settle__when_the_base_fee_leaps__then_the_replacement_is_dear_enough(scene: Scene) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    await scene.acts.record(*scene.chain.attested(request))
    (first,) = [each.last for each in scene.store.under_way()]
    for _ in range(BUMP_BLOCKS):
        scene.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(first.max_fee_wei * 5))
        scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.REQUESTED
    scene.chain.rpc("anvil_setBalance", scene.signer.address, hex(10**20))
    await scene.settle()
    scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.RECORDED
    await scene.settle()
    assert scene.store.under_way() == []


async def test_record__when_the_contract_refuses__then_its_error_by_name_and_nothing_kept(scene: Scene) -> None:
    request = scene.chain.asked()
    answer, attestation = scene.chain.attested(request)
    await scene.acts.record(answer, attestation)
    await scene.settle()
    with pytest.raises(ContractRevertError) as caught:
        await scene.acts.record(answer, attestation)
    assert caught.value.name == "RequestNotOpen"
    assert caught.value.arguments["state"] == RequestState.RECORDED
    with pytest.raises(ContractRevertError) as late:
        await scene.acts.close(scene.chain.asked(), agreement_ended=False)
    assert late.value.name == "DeadlineNotPassed"
    assert scene.store.under_way() == []


async def test_settle__when_the_nonce_was_used_elsewhere__then_replaced_and_free_to_be_sent_again(
    scene: Scene,
) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    await scene.acts.record(*scene.chain.attested(request))
    (attempt,) = [each.last for each in scene.store.under_way()]
    scene.chain.rpc("anvil_dropTransaction", "0x" + attempt.hash.hex())
    foreign = {
        "type": 2, "chainId": DEVNET_CHAIN_ID, "nonce": attempt.nonce, "to": SUBJECT, "value": 1, "gas": 21_000,
        "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9,
    }  # fmt: skip
    scene.chain.web3.eth.send_raw_transaction(scene.signer.sign_transaction(foreign))
    scene.chain.mine(1)
    await scene.settle()
    assert scene.end(attempt.nonce) == "pending"  # its receipt may only be late
    scene.chain.mine(1)
    await scene.settle()
    assert scene.end(attempt.nonce) == "replaced"
    scene.chain.rpc("evm_setAutomine", True)
    await scene.acts.record(*scene.chain.attested(request))
    assert scene.state(request.id) is RequestState.RECORDED


async def test_settle__when_it_reverted_on_chain__then_reverted(scene: Scene) -> None:
    request = scene.chain.asked()
    answer, attestation = scene.chain.attested(request)
    scene.chain.rpc("evm_setAutomine", False)
    await scene.acts.record(answer, attestation)
    # Somebody else's report, ahead of ours in the same block.
    other = scene.chain.contract.record(request, answer.verdict, attestation)
    other.transact({"from": OPERATORS[0], "gas": 500_000, "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**11})
    scene.chain.mine(1)
    await scene.settle()
    assert scene.end(0) == "reverted"
    assert scene.state(request.id) is RequestState.RECORDED


async def test_record__when_many_at_once__then_each_has_a_nonce_of_its_own(scene: Scene) -> None:
    requests = [scene.chain.asked() for _ in range(5)]
    scene.chain.rpc("evm_setAutomine", False)
    await asyncio.gather(*(scene.acts.record(*scene.chain.attested(each)) for each in requests))
    assert [attempt.nonce for attempt in scene.store.under_way()] == [0, 1, 2, 3, 4]
    scene.chain.mine(1)
    assert {scene.state(each.id) for each in requests} == {RequestState.RECORDED}
    await scene.settle()
    assert scene.store.under_way() == []


async def test_record__when_the_same_twice__then_sent_once(scene: Scene) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    answer, attestation = scene.chain.attested(request)
    await asyncio.gather(*(scene.acts.record(answer, attestation) for _ in range(4)))
    assert len(scene.store.under_way()) == 1


async def test_record__when_a_mined_one_is_reorganised_away__then_its_nonce_is_used_again(scene: Scene) -> None:
    (first,) = await scene.record()
    await scene.settle()
    assert scene.end(0) == "mined"
    scene.chain.rpc("evm_setAutomine", False)
    scene.chain.rpc("anvil_reorg", 1, [])
    scene.chain.rpc("evm_setAutomine", True)
    assert scene.state(first) is RequestState.REQUESTED
    (again,) = await scene.record()
    assert scene.state(again) is RequestState.RECORDED
    assert scene.chain.web3.eth.get_transaction_count(scene.chain.web3.to_checksum_address(scene.signer.address)) == 1


async def test_close__when_due__then_refused_or_expired(scene: Scene) -> None:
    agreement = scene.chain.agree(scene.chain.commit())
    withdrawn = scene.chain.ask(agreement)
    scene.chain.send(scene.chain.contract.withdraw(agreement), SUBJECT)
    late = scene.chain.ask(scene.chain.agree(scene.chain.commit()), lasts_s=90)
    scene.chain.rpc("evm_increaseTime", 120)
    scene.chain.mine(1)
    await scene.acts.close(withdrawn, agreement_ended=True)
    await scene.acts.close(late, agreement_ended=False)
    assert scene.state(withdrawn.id) is RequestState.REFUSED
    assert scene.state(late.id) is RequestState.EXPIRED


async def test_balance_wei__when_read__then_in_the_metrics(scene: Scene) -> None:
    assert await scene.transactor.balance_wei() == 10**18
    assert scene.metrics.registry.get_sample_value("assent_sender_balance_wei") == 10**18


async def test_settle__when_the_sender_runs_out_of_ether__then_what_is_saved_waits_until_it_has_some(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.transactor._FIRST_REST_S", 0.01)
    saving = scene.store.save

    def broke(attempt: Attempt) -> None:  # after the estimate, which would say so
        saving(attempt)
        scene.chain.rpc("anvil_setBalance", scene.signer.address, "0x1")

    monkeypatch.setattr(scene.store, "save", broke)
    request = scene.chain.asked()
    await scene.acts.record(*scene.chain.attested(request))
    assert scene.count("assent_broadcasts_refused_total", reason="no_funds") == 1
    assert len(scene.store.under_way()) == 1
    await asyncio.sleep(0.05)
    await scene.settle()
    assert scene.count("assent_broadcasts_refused_total", reason="no_funds") == 2
    scene.chain.rpc("anvil_setBalance", scene.signer.address, hex(10**18))
    await asyncio.sleep(0.1)
    await scene.settle()
    assert scene.state(request.id) is RequestState.RECORDED


async def test_settle__when_an_earlier_attempt_is_the_one_mined__then_settled_by_its_receipt(scene: Scene) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    await scene.acts.record(*scene.chain.attested(request))
    (first,) = [each.last for each in scene.store.under_way()]
    scene.chain.rpc("anvil_dropTransaction", "0x" + first.hash.hex())
    scene.chain.mine(BUMP_BLOCKS)
    await scene.settle()
    (second,) = [each.last for each in scene.store.under_way()]
    assert second != first
    scene.chain.rpc("anvil_dropTransaction", "0x" + second.hash.hex())
    scene.chain.web3.eth.send_raw_transaction(first.raw)
    scene.chain.mine(1)
    await scene.settle()
    assert scene.end(first.nonce) == "mined"
    assert scene.state(request.id) is RequestState.RECORDED


async def test_settle__when_the_fee_is_at_the_cap__then_the_dearest_is_sent_again_as_it_is(scene: Scene) -> None:
    head = scene.chain.web3.eth.get_block("latest")
    cap_gwei = max(2 * head["baseFeePerGas"], 10**8) / 10**9  # hardly more than the first offer
    transactor, acts = transactor_of(
        scene.chain.url, scene.chain, scene.store, scene.signer, scene.metrics, max_fee_gwei=cap_gwei
    )
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    await acts.record(*scene.chain.attested(request))
    for _ in range(40):
        if (
            scene.count("assent_fees_raised_total", kind="record") == (before := len(attempts_of(scene)))
            and before > 30
        ):
            break
        scene.chain.rpc("anvil_dropTransaction", "0x" + attempts_of(scene)[-1].hash.hex())
        scene.chain.mine(BUMP_BLOCKS)
        await transactor.settle(scene.chain.head)
    attempts = attempts_of(scene)
    assert all(each.max_fee_wei <= cap_gwei * 10**9 for each in attempts)
    dearest = attempts[-1]
    assert dearest.max_fee_wei * 112 // 100 > cap_gwei * 10**9
    scene.chain.rpc("anvil_dropTransaction", "0x" + dearest.hash.hex())
    scene.chain.mine(BUMP_BLOCKS)
    await transactor.settle(scene.chain.head)
    assert attempts_of(scene) == attempts
    scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.RECORDED
    await transactor._web3.provider.disconnect()


def attempts_of(scene: Scene) -> tuple[Attempt, ...]:
    (only,) = scene.store.under_way()
    return only.attempts


async def test_settle__when_the_block_is_taken_back_before_it_is_final__then_pending_and_sent_again(
    scene: Scene,
) -> None:
    (identity,) = await scene.record()
    believed = scene.chain.head - 1
    await scene.transactor.settle(believed)
    assert scene.end(0) == "included"
    scene.chain.rpc("evm_setAutomine", False)
    scene.chain.rpc("anvil_reorg", 1, [])
    scene.chain.mine(4)
    assert scene.state(identity) is RequestState.REQUESTED
    await scene.transactor.settle(believed)
    assert scene.end(0) == "pending"
    assert scene.count("assent_receipts_vanished_total", kind="record") == 1
    scene.chain.mine(1)
    assert scene.state(identity) is RequestState.RECORDED
    await scene.settle()
    assert scene.end(0) == "mined"


async def test_settle__when_it_is_mined_but_not_final__then_it_is_still_under_way(scene: Scene) -> None:
    request = scene.chain.asked()
    answer, attestation = scene.chain.attested(request)
    await scene.acts.record(answer, attestation)
    await scene.transactor.settle(scene.chain.head - 1)
    await scene.acts.record(answer, attestation)  # no second one, and no revert
    assert scene.end(0) == "included"
    assert scene.count("assent_transactions_total", kind="record", end="mined") is None
    scene.chain.mine(4)
    await scene.transactor.settle(scene.chain.head)
    assert scene.end(0) == "mined"


async def test_record__when_another_transaction_has_the_nonce_in_the_pool__then_the_fee_is_raised_at_once(
    scene: Scene,
) -> None:
    request = scene.chain.asked()
    scene.chain.rpc("evm_setAutomine", False)
    foreign = {
        "type": 2, "chainId": DEVNET_CHAIN_ID, "nonce": 0, "to": SUBJECT, "value": 1, "gas": 21_000,
        "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**7,
    }  # fmt: skip
    scene.chain.web3.eth.send_raw_transaction(scene.signer.sign_transaction(foreign))
    await scene.acts.record(*scene.chain.attested(request))
    for _ in range(30):
        if scene.transactor._taken:
            break
        await scene.settle()
    assert scene.count("assent_broadcasts_refused_total", reason="underpriced")
    scene.chain.mine(1)
    assert scene.state(request.id) is RequestState.RECORDED


async def test_settle__when_the_nonce_is_too_low__then_counted_and_resolved_by_the_receipt(scene: Scene) -> None:
    (identity,) = await scene.record()
    scene.chain.quiet()
    scene.transactor._taken.clear()  # as after a restart
    market = await read_market(scene.transactor._web3)
    (sent,) = scene.store.under_way()
    await scene.transactor._broadcast(sent.last, market)
    assert scene.count("assent_broadcasts_refused_total", reason="nonce_too_low") == 1
    await scene.settle()
    assert scene.end(0) == "mined"
    assert scene.state(identity) is RequestState.RECORDED


async def test_record__when_the_endpoint_is_down__then_endpoint_error_and_nothing_kept(
    scene: Scene,
) -> None:
    request = scene.chain.asked()
    down, acts = transactor_of("http://127.0.0.1:1/secret", scene.chain, scene.store, scene.signer, Metrics())
    with pytest.raises(EndpointError) as caught:
        await acts.record(*scene.chain.attested(request))
    assert "secret" not in str(caught.value)
    assert scene.store.under_way() == []
    await down._web3.provider.disconnect()
