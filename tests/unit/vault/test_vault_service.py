"""The HTTP interface: forms, sizes, times, and that nothing inside shows outside."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from oracle.core.errors import DatabaseError, EndpointError, Reason, RecordError, WrongChainError
from oracle.data.ask import MAX_ASKS, Ask, together
from oracle.keys.seal_key import HybridKey
from oracle.vault import service
from oracle.vault.blobs import BlobUnavailableError
from oracle.vault.chain_view import ChainView
from oracle.vault.gatekeeper import Gatekeeper, SealedRelease
from oracle.vault.gauges import VaultMetrics
from oracle.vault.master_key import MasterKeyUnavailableError
from oracle.vault.refusals import BudgetSpentError, ReleaseRefusedError
from oracle.vault.service import create_app

MARK = "marked-value-4711"
BODY = {"request": "0x" + "11" * 32, "epoch": 1, "deadline": 1_800_000_000, "signature": "0x" + "22" * 64}


class Gate(Gatekeeper):
    """Answers as told."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked: list[Ask] = []

    async def release(self, ask: Ask) -> SealedRelease:
        self.asked.append(ask)
        if self.failure is not None:
            raise self.failure
        return SealedRelease(ask.request_id, b"\x33" * 32, b"sealed")


class Chain(ChainView):
    """Is as told."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    async def check_chain(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def app(gate: Gate, chain: Chain) -> FastAPI:
    return create_app(gate, chain)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vault.test") as client:
        yield client


async def test_release__when_asked_in_form__then_answers_request_record_and_sealed(
    client: httpx.AsyncClient, gate: Gate
) -> None:
    response = await client.post("/v1/releases", json=BODY)
    assert response.status_code == 200
    assert response.json() == {"request": BODY["request"], "record": "0x" + "33" * 32, "sealed": "0x" + b"sealed".hex()}
    assert gate.asked[0].to_json() == BODY


async def test_batch__when_one_ask_is_refused__then_the_others_are_answered(
    client: httpx.AsyncClient, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [{**BODY, "epoch": epoch} for epoch in range(3)]
    whole = Gate.release

    async def release(self: Gate, ask: Ask) -> SealedRelease:
        if ask.epoch == 1:
            raise EndpointError("away")
        return await whole(self, ask)

    monkeypatch.setattr(Gate, "release", release)
    response = await client.post("/v1/releases/batch", json={"asks": bodies})
    assert response.status_code == 200
    first, refused, last = response.json()["answers"]
    assert first == last == (await client.post("/v1/releases", json=BODY | {"epoch": 0})).json()
    assert refused == {"status": 503, "error": "chain_unreachable", "message": "away"}


async def test_batch__when_as_many_come_as_may__then_they_are_taken(client: httpx.AsyncClient, gate: Gate) -> None:
    response = await client.post("/v1/releases/batch", json={"asks": [BODY] * MAX_ASKS})
    assert response.status_code == 200
    assert len(response.json()["answers"]) == len(gate.asked) == MAX_ASKS


@pytest.mark.parametrize("asks", [[], [BODY] * (MAX_ASKS + 1), [BODY, {**BODY, "more": MARK}], BODY, None])
async def test_batch__when_the_body_is_no_list_of_asks__then_400_and_none_is_answered(
    asks: object, client: httpx.AsyncClient, gate: Gate
) -> None:
    response = await client.post("/v1/releases/batch", json={"asks": asks})
    assert (response.status_code, response.json()["error"]) == (400, "ask_malformed")
    assert MARK not in response.text
    assert gate.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**BODY, "epoch": "1"},
        {**BODY, "epoch": -1},
        {**BODY, "epoch": True},
        {**BODY, "deadline": 1.5},
        {**BODY, "request": "0x11"},
        {**BODY, "request": MARK},
        {**BODY, "signature": "0x" + "zz" * 64},
        {**BODY, "more": MARK},
    ],
)
async def test_release__when_body_is_no_ask__then_400_without_quoting(
    body: object, client: httpx.AsyncClient, gate: Gate
) -> None:
    response = await client.post("/v1/releases", json=body)
    assert (response.status_code, response.json()["error"]) == (400, "ask_malformed")
    assert MARK not in response.text
    assert gate.asked == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 16_000, b"1e999", b"NaN"])
async def test_release__when_body_is_no_json__then_400(content: bytes, client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/releases", content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]) == (400, "ask_malformed")


def refusals(base: type[ReleaseRefusedError]) -> list[type[ReleaseRefusedError]]:
    return base.__subclasses__()


@pytest.mark.parametrize("kind", refusals(ReleaseRefusedError))
async def test_release__when_refused__then_status_and_code_are_the_refusals(
    kind: type[ReleaseRefusedError], client: httpx.AsyncClient, gate: Gate
) -> None:
    gate.failure = kind("why")
    response = await client.post("/v1/releases", json=BODY)
    assert response.status_code == kind.status
    assert response.json() == {"error": kind.code, "message": "why"}


async def test_release__when_a_field_is_missing_or_the_chain_is_away__then_says_so(
    client: httpx.AsyncClient, gate: Gate
) -> None:
    gate.failure = RecordError(Reason.FIELD_MISSING, "no field 'age'")
    assert (await client.post("/v1/releases", json=BODY)).json()["error"] == "field_missing"
    gate.failure = EndpointError("away")
    response = await client.post("/v1/releases", json=BODY)
    assert (response.status_code, response.json()["error"]) == (503, "chain_unreachable")


async def test_release__when_something_breaks__then_neither_answer_nor_log_quotes_it(
    client: httpx.AsyncClient, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.failure = ZeroDivisionError(MARK)
    with caplog.at_level(logging.DEBUG):
        response = await client.post("/v1/releases", json=BODY)
    assert (response.status_code, response.json()["error"]) == (500, "internal")
    assert MARK not in response.text + caplog.text
    assert "Traceback" not in response.text + caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_body__when_declared_too_large__then_413(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/releases", content=bytes(16_385))
    assert (response.status_code, response.json()["error"]) == (413, "too_large")


async def test_body__when_it_grows_too_large_undeclared__then_413_and_no_more_is_read(
    client: httpx.AsyncClient,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 4096
            yield bytes(4096)

    response = await client.post("/v1/releases", content=endless())
    assert response.status_code == 413
    assert sent <= 6 * 4096


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
async def test_body__when_its_length_is_nonsense__then_413(length: str, client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/releases", content=b"{}", headers={"content-length": length})
    assert response.status_code == 413


async def test_body__when_it_trickles__then_408(monkeypatch: pytest.MonkeyPatch, gate: Gate, chain: Chain) -> None:
    monkeypatch.setattr(service, "BODY_TIMEOUT_S", 0.2)

    async def slow() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.15)
            yield b" "

    transport = httpx.ASGITransport(create_app(gate, chain))
    async with httpx.AsyncClient(transport=transport, base_url="http://vault.test") as client:
        response = await client.post("/v1/releases", content=slow())
    assert (response.status_code, response.json()["error"]) == (408, "too_slow")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/releases", 405, "method_not_allowed"),
        ("GET", "/docs", 404, "not_found"),
    ],
)
async def test_path__when_not_served__then_is_an_error_like_others(
    method: str, path: str, status: int, code: str, client: httpx.AsyncClient
) -> None:
    response = await client.request(method, path)
    assert (response.status_code, response.json()["error"]) == (status, code)


async def test_health__when_the_process_runs__then_is_ok_whatever_the_chain(
    client: httpx.AsyncClient, chain: Chain
) -> None:
    chain.failure = EndpointError("away")
    assert (await client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("failure", [EndpointError("away"), WrongChainError("chain 1, not 31337")])
async def test_readiness__when_the_chain_is_away_or_another__then_503(
    failure: Exception, client: httpx.AsyncClient, chain: Chain
) -> None:
    assert (await client.get("/readyz")).status_code == 200
    chain.failure = failure
    assert (await client.get("/readyz")).status_code == 503


async def test_release__when_the_operators_budget_is_spent__then_429_with_when_to_ask_again(
    client: httpx.AsyncClient, gate: Gate
) -> None:
    gate.failure = BudgetSpentError("spent", 17_280)
    response = await client.post("/v1/releases", json=BODY)
    assert (response.status_code, response.json()["error"]) == (429, "budget_spent")
    assert response.headers["retry-after"] == "17280"
    (answer,) = (await client.post("/v1/releases/batch", json={"asks": [BODY]})).json()["answers"]
    assert (answer["status"], answer["error"], answer["retryAfterS"]) == (429, "budget_spent", 17_280)


async def test_metrics__when_releases_and_refusals_were__then_counted_by_code_with_what_is_left(
    gate: Gate, chain: Chain
) -> None:
    transport = httpx.ASGITransport(create_app(gate, chain, VaultMetrics(lambda: {"0xAb": 7})))
    async with httpx.AsyncClient(transport=transport, base_url="http://vault.test") as client:
        await client.post("/v1/releases", json=BODY)
        gate.failure = BudgetSpentError("spent", 3)
        await client.post("/v1/releases", json=BODY)
        await client.post("/v1/releases/batch", json={"asks": [BODY, BODY]})
        lines = (await client.get("/metrics")).text.splitlines()
    wanted = {
        "assent_vault_releases_total 1.0",
        'assent_vault_refusals_total{code="budget_spent"} 3.0',
        'assent_vault_budget_left{operator="0xAb"} 7.0',
    }
    assert wanted <= set(lines)


async def test_batch__when_a_seal_key_is_named__then_once_for_all_that_have_none_and_as_many_asks_fit(
    client: httpx.AsyncClient, gate: Gate
) -> None:
    keys = [HybridKey().public for _ in range(2)]
    asks = [Ask(bytes([place]) * 32, 2**32 - 1, 2**53 - 1, bytes(64), keys[0]) for place in range(MAX_ASKS)]
    response = await client.post("/v1/releases/batch", json=together(asks))
    assert response.status_code == 200
    assert gate.asked == asks
    mixed = [asks[0], replace(asks[1], seal_key=keys[1])]
    assert (await client.post("/v1/releases/batch", json=together(mixed))).status_code == 200
    assert gate.asked[MAX_ASKS:] == mixed
    plain = [replace(ask, seal_key=b"") for ask in asks]
    assert "sealKey" not in together(plain)


@pytest.mark.parametrize("key", ["0x", "0x" + "11" * 32, "0x" + "zz" * 1216, 5])
async def test_release__when_the_seal_key_is_of_another_form__then_400(
    key: object, client: httpx.AsyncClient, gate: Gate
) -> None:
    response = await client.post("/v1/releases", json={**BODY, "sealKey": key})
    assert (response.status_code, response.json()["error"]) == (400, "ask_malformed")
    assert gate.asked == []


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (DatabaseError("disk full at /srv/secret"), "database_unavailable"),
        (BlobUnavailableError("the object x at s3://secret"), "ciphertext_unavailable"),
        (MasterKeyUnavailableError("the token 'secret' doesn't answer"), "master_key_unavailable"),
    ],
)
async def test_release__when_what_the_vault_needs_is_away__then_503_and_no_more_is_told(
    failure: Exception, code: str, client: httpx.AsyncClient, gate: Gate
) -> None:
    gate.failure = failure
    response = await client.post("/v1/releases", json=BODY)
    assert (response.status_code, response.json()["error"]) == (503, code)
    assert "secret" not in response.text
