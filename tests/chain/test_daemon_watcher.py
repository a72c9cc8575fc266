"""The watcher on a real chain, reorganisations and hostile texts included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from daemon_chain import HOLDER, OPERATORS, PUBLISHER, SUBJECT, Ground, ground
from eth_abi import encode
from eth_typing import HexStr
from eth_utils import keccak

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.addresses import Addresses
from oracle.core.errors import EndpointError, WrongChainError
from oracle.core.structs import Request
from oracle.keys.devnet import DEVNET_CHAIN_ID, devnet_key
from oracle.keys.signer import LocalSigner
from oracle.services.committee import Committee
from oracle.services.watcher import Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import Stage, open_database
from oracle.telemetry.metrics import Metrics


@pytest.fixture(scope="module")
def chain() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    made = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    yield made
    made.close()


@pytest.fixture
async def reader(chain: Ground) -> AsyncIterator[ChainReader]:
    web3 = open_async(chain.url)
    yield ChainReader(web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    await web3.provider.disconnect()


def watcher(chain: Ground, reader: ChainReader, store: NodeStore, finality: str = "latest") -> Watcher:
    settings = ChainSettings(
        rpc_url=chain.url,
        chain_id=DEVNET_CHAIN_ID,
        **chain.places,
        finality=finality,
        range_blocks=3,
    )
    return Watcher(reader, store, settings, Metrics())


def stage(store: NodeStore, request: Request) -> Stage | None:
    report = store.report(request.id)
    return report.stage if report else None


async def test_catch_up__when_all_kinds_of_events_are_there__then_rows_as_the_chain_has_them(
    chain: Ground, reader: ChainReader, store: NodeStore
) -> None:
    recorded, withdrawn, open_ = chain.asked(), chain.asked(), chain.asked()
    recorded_as = chain.record_verdict(recorded)
    watching = watcher(chain, reader, store)
    found = await watching.catch_up()
    assert found.committee
    assert found.head.number == chain.head
    context = store.context(open_.id)
    assert context is not None
    assert (context.request, context.model, context.vault) == (open_, chain.model, "http://vault.example")
    chain.send(chain.contract.withdraw(context.agreement), SUBJECT)
    gone = store.context(withdrawn.id)
    assert gone is not None
    chain.send(chain.contract.withdraw(gone.agreement), SUBJECT)
    chain.send(chain.contract.refuse(withdrawn), PUBLISHER)
    await watching.catch_up()
    stages = [stage(store, each) for each in (recorded, withdrawn, open_)]
    assert stages == [Stage.RECORDED, Stage.ENDED, Stage.SEEN]
    assert [each.id for each in store.closable(0, 9)] == [open_.id]
    kept = store.context(recorded.id)
    assert kept is not None
    assert kept.recorded is not None
    assert kept.recorded.verdict == recorded_as.verdict


async def test_catch_up__when_a_depth_is_configured__then_nothing_above_it(
    chain: Ground, reader: ChainReader, store: NodeStore
) -> None:
    request = chain.asked()
    watching = watcher(chain, reader, store, "5")
    await watching.catch_up()
    assert stage(store, request) is None
    chain.mine(5)
    await watching.catch_up()
    assert stage(store, request) is Stage.SEEN


@pytest.mark.parametrize("depth", [1, 2, 5, 20, 70])
async def test_catch_up__when_the_chain_reorganises__then_the_tables_follow(
    chain: Ground, reader: ChainReader, store: NodeStore, depth: int
) -> None:
    kept = chain.asked()
    chain.mine(depth)
    watching = watcher(chain, reader, store)
    await watching.catch_up()
    # All of it in the last block, which goes.
    chain.rpc("evm_setAutomine", False)
    root, counts = bytes([depth]) * 32, store.counts()
    sent = chain.contract.commit(root, SUBJECT, "http://v").transact({"from": HOLDER})
    chain.mine(1)
    chain.rpc("evm_setAutomine", True)
    assert chain.web3.eth.get_transaction_receipt(sent)["blockNumber"] == chain.head
    await watching.catch_up()
    chain.rpc("anvil_reorg", depth, [])
    chain.mine(1)
    await watching.catch_up()
    cursor = store.cursor()
    assert cursor is not None
    assert cursor == (chain.head, bytes(chain.web3.eth.get_block(chain.head)["hash"]))
    assert store.counts() == counts
    context = store.context(kept.id)
    assert context is not None
    assert (context.stage, context.request) == (Stage.SEEN, kept)


@pytest.mark.parametrize("depth", [2, 7, 20])
async def test_catch_up__when_a_verdict_is_reorganised_away__then_the_request_is_open_again(
    chain: Ground, reader: ChainReader, store: NodeStore, depth: int
) -> None:
    request = chain.asked()
    watching = watcher(chain, reader, store)
    await watching.catch_up()
    store.evaluated({request.id: {"score": 1}})
    chain.record_verdict(request)
    chain.mine(depth - 1)
    await watching.catch_up()
    assert stage(store, request) is Stage.RECORDED
    chain.rpc("anvil_reorg", depth, [])
    await watching.catch_up()
    assert chain.contract.verdict_of(request.id).call().state == 1
    assert stage(store, request) is Stage.SEEN


async def test_catch_up__when_a_request_is_reorganised_away__then_forgotten(
    chain: Ground, reader: ChainReader, store: NodeStore
) -> None:
    watching = watcher(chain, reader, store)
    agreement = chain.agree(chain.commit())
    request = chain.ask(agreement)
    await watching.catch_up()
    chain.rpc("anvil_reorg", 1, [])
    await watching.catch_up()
    assert stage(store, request) is None
    again = chain.ask(agreement)
    await watching.catch_up()
    assert stage(store, again) is Stage.SEEN


def hostile(signature: str, kinds: list[str], values: list[object]) -> str:
    return "0x" + (keccak(text=signature)[:4] + encode(kinds, values)).hex()


async def test_catch_up__when_somebody_wrote_bytes_that_are_no_text__then_all_else_goes_on(
    chain: Ground, reader: ChainReader, store: NodeStore
) -> None:
    # The ABI writes bytes and string alike; only the reader cares.
    data = hostile("commit(bytes32,address,string)", ["bytes32", "address", "bytes"], [b"r" * 32, SUBJECT, b"\xff\xfe"])
    sent = chain.web3.eth.send_transaction(
        {"from": HOLDER, "to": chain.contract.addresses.records, "data": HexStr(data)}
    )
    assert chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1
    request = chain.asked()
    await watcher(chain, reader, store).catch_up()
    assert stage(store, request) is Stage.SEEN


async def test_committee__when_an_endpoint_is_no_text__then_the_others_are_read(chain: Ground) -> None:
    operator, attester = OPERATORS[3], LocalSigner(devnet_key(15))
    deadline, endpoint = chain.now + 1000, b"http://\xff\xfe"
    # What a wallet would sign for a text, over bytes that are none.
    named = keccak(text="Joining(address operator,bytes32 sealKey,string endpoint,uint256 deadline)")
    kinds = ["bytes32", "address", "bytes32", "bytes32", "uint256"]
    struct = keccak(encode(kinds, [named, operator, b"s" * 32, keccak(endpoint), deadline]))
    signature = attester.sign(chain.contract.committee_domain.digest(struct))
    data = hostile(
        "join(address,bytes32,string,uint256,bytes)",
        ["address", "bytes32", "bytes", "uint256", "bytes"],
        [attester.address, b"s" * 32, endpoint, deadline, signature],
    )
    before = chain.rpc("evm_snapshot")
    call = {"from": operator, "to": chain.contract.addresses.committee, "data": data, "value": 10**18}
    assert chain.web3.eth.wait_for_transaction_receipt(chain.web3.eth.send_transaction(call))["status"] == 1  # type: ignore[arg-type]
    chain.rotate()
    web3 = open_async(chain.url)
    committee = Committee(AssentContract(web3, chain.contract.addresses, DEVNET_CHAIN_ID), [chain.attesters[0].address])
    view = await committee.view()
    await web3.provider.disconnect()
    chain.rpc("evm_revert", before)
    assert len(view.members) == 4
    assert sorted(member.endpoint for member in view.members)[:3] == ["http://127.0.0.1:1"] * 3


async def test_check_chain__when_another_chain_or_no_contract__then_wrong_chain(chain: Ground) -> None:
    web3 = open_async(chain.url)
    await ChainReader(web3, chain.contract.addresses, DEVNET_CHAIN_ID).check_chain()
    with pytest.raises(WrongChainError, match=r"chain 31337.*says 1;"):
        await ChainReader(web3, chain.contract.addresses, 1).check_chain()
    with pytest.raises(WrongChainError, match="no contract"):
        await ChainReader(web3, Addresses(SUBJECT, SUBJECT, SUBJECT), DEVNET_CHAIN_ID).check_chain()
    for name in ("committee", "records"):
        other = replace(chain.contract.addresses, **{name: SUBJECT})
        with pytest.raises(WrongChainError, match=f"correct chain.{name}"):
            await ChainReader(web3, other, DEVNET_CHAIN_ID).check_chain()
    await web3.provider.disconnect()


async def test_catch_up__when_the_endpoint_is_down__then_endpoint_error(store: NodeStore, chain: Ground) -> None:
    web3 = open_async("http://127.0.0.1:1/secret-key")
    reader = ChainReader(web3, chain.contract.addresses, DEVNET_CHAIN_ID)
    with pytest.raises(EndpointError) as caught:
        await watcher(chain, reader, store).catch_up()
    assert "secret-key" not in str(caught.value)
    await web3.provider.disconnect()
