"""The node's HTTP interface, driven through its ASGI application."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

import oracle.api
from oracle.api import NodeParts, PeerParts, create_app
from oracle.core.digests import report_leaf
from oracle.core.errors import DatabaseError, EndpointError, PeerError, SignerUnavailableError
from oracle.core.structs import Verdict, root_pool_id
from oracle.peers.messages import MAX_PROPOSAL_BYTES, Answer, Proposal
from oracle.services.committee import CommitteeView, Member
from oracle.services.outlook import Outlook
from oracle.services.surveyor import Survey
from oracle.settings import ChainSettings, HealthSettings, KeySettings, NodeSettings
from oracle.store.node_store import Backlog, Changes, Misses, NodeStore, Report, ReportedVerdict, Waiting
from oracle.store.tables import AnchorRow, RequestRow, Stage, open_database
from oracle.telemetry.metrics import Metrics

MARK = "marked-value-5150"
ID = bytes(range(32))
ATTESTER = "0x" + "1d" * 20
PROPOSAL: dict[str, Any] = {
    "epoch": 1,
    "verdicts": [{"request": "0x" + "ab" * 32, "outcome": 1, "score": 500_000, "trail": {}}],
    "proposer": "0x" + "ab" * 20,
    "signature": "0x" + "00" * 64,
}


PEER = "0x" + "2E" * 20


def node_settings(folder: Path) -> NodeSettings:
    file = folder / "file"
    file.touch()
    return NodeSettings(
        chain=ChainSettings(
            rpc_url="http://rpc.example",
            chain_id=7,
            contract=ATTESTER,
            committee=ATTESTER,
            records=ATTESTER,
            finality="latest",
        ),
        keys=KeySettings(attester=(file,), sender=file, seal=(file,), password_file=file),
        health=HealthSettings(min_verdicts=5),
        models=(folder,),
    )


def fine(survey: Survey) -> None:
    """Let a survey have found nothing wrong."""
    survey.at = time.monotonic()
    survey.head, survey.head_timestamp, survey.round_age_s = 100, int(time.time()), 0.5
    survey.chain_problem = survey.database_problem = None
    survey.view = CommitteeView(3, (Member(0, ATTESTER, "http://a"), Member(1, PEER, "http://b")), 0)
    survey.balance_wei, survey.verdict_cost_wei = 1_000, 2
    survey.models_published = survey.models_runnable = 1
    survey.vault_age_s, survey.disk_free_bytes = float("inf"), 2**40


EPOCH = {"number": 3, "members": 2, "index": 0, "reserve": 0, "reserveIndex": None, "leaseUntil": None}


class Cosigning:
    """Takes the cosigner's place where a fault is wanted."""

    def __init__(self) -> None:
        self.outcome: Answer | Exception = Answer()
        self.got: list[Any] = []

    async def answer(self, proposal: Any) -> Answer:
        self.got.append(proposal)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Scene:
    """One node's interface."""

    def __init__(self, folder: Path) -> None:
        self.store = NodeStore(open_database(f"sqlite:///{folder / 'node.db'}"))
        self.cosigner, self.rulings, self.metrics = Cosigning(), Cosigning(), Metrics()
        self.survey = Survey(attesters=(ATTESTER,), sender=ATTESTER)
        self.outlook = Outlook(node_settings(folder), self.survey, self.metrics.peers)
        peers = PeerParts(self.cosigner, self.rulings)  # type: ignore[arg-type]
        identity = {"attester": ATTESTER, "chain_id": 7}
        self.app: FastAPI = create_app(NodeParts(self.store, peers, self.metrics, self.outlook, identity))

    async def call(self, method: str, path: str, **rest: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return await client.request(method, path, **rest)

    def see(self, identity: bytes, stage: Stage, **more: Any) -> None:
        row = RequestRow(
            id=identity, block_number=7, agreement=bytes(32), question={}, deadline=9, stage=stage,
            attempts=0, not_before=0.0, **more,
        )  # fmt: skip
        with self.store._transaction() as session:
            session.add(row)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.store.close()


async def test_healthz__when_it_runs__then_says_as_whom(scene: Scene) -> None:
    answer = await scene.call("GET", "/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": oracle.__version__, "attester": ATTESTER, "chainId": 7}


async def test_readyz__when_ready_and_when_not__then_200_or_503_with_every_reason(scene: Scene) -> None:
    fine(scene.survey)
    assert (await scene.call("GET", "/readyz")).json() == {"ready": True, "reasons": []}
    scene.survey.chain_problem = "eth_chainId: TimeoutError"
    scene.survey.disk_free_bytes = 0
    answer = await scene.call("GET", "/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert [reason.split(":")[0] for reason in answer.json()["reasons"]] == ["chain", "disk"]


async def test_health__when_asked_a_thousand_times__then_nothing_is_looked_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object) -> None:
        raise AssertionError("the database was asked")

    fine(scene.survey)
    monkeypatch.setattr(NodeStore, "_transaction", never)
    for path in ("/healthz", "/readyz", "/metrics", "/v1/status"):
        for _ in range(250):
            assert (await scene.call("GET", path)).status_code == 200


async def test_metrics__when_scraped__then_the_surveys_gauges(scene: Scene) -> None:
    fine(scene.survey)
    scene.survey.stages = {"seen": 2, "ended": 1}
    scene.survey.backlog = Backlog(
        oldest_block=90, vault_waits=1, transactions={"pending": 3, "mined": 8}, lowest_nonce=5
    )
    scene.survey.oldest_timestamp = int(time.time()) - 50
    answer = await scene.call("GET", "/metrics")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["assent_open_requests", "seen"] == 2
    assert found["assent_open_requests", "evaluated"] == 0
    assert found["assent_oldest_open_request_blocks",] == 10
    assert 50 <= found["assent_oldest_open_request_seconds",] < 60
    assert found["assent_vault_waiting_requests",] == 1
    assert found["assent_stored_transactions", "pending"] == 3
    assert found["assent_lowest_pending_nonce",] == 5
    assert found["assent_condition_met", "member"] == 1
    assert found["assent_epoch",] == 3
    assert found["assent_build_info", oracle.__version__] == 1
    assert answer.headers["content-type"].startswith("text/plain")


async def test_status__when_asked__then_the_node_as_a_whole(scene: Scene) -> None:
    fine(scene.survey)
    scene.survey.waiting = [Waiting(ID, Stage.SEEN, 3, "vault_unreachable", "the vault can't be reached")]
    scene.survey.misses = [Misses(PEER, 9, 4, 2)]
    scene.metrics.peers.answered(PEER, 0.25, signed=True)
    scene.outlook.failed("watcher", EndpointError(f"eth_call: http://user:{MARK}@rpc/{MARK}"))
    scene.outlook.failed("evaluator", RuntimeError(MARK))
    answer = await scene.call("GET", "/v1/status")
    told = answer.json()
    assert MARK not in answer.text
    assert (told["ready"], told["head"]["block"], told["epoch"]) == (True, 100, EPOCH)
    assert told["sender"] == {"address": ATTESTER, "balanceWei": "1000", "verdictCostWei": "2", "verdicts": 500}
    (peer,) = told["peers"]
    assert (peer["attester"], peer["missed"], peer["missedInARow"], peer["answerSeconds"]) == (PEER, 4, 2, 0.25)
    assert told["waiting"][0]["request"] == "0x" + ID.hex()
    assert [each["error"] for each in told["errors"]] == ["eth_call: http://rpc/…", "RuntimeError"]


async def test_status__when_nothing_was_looked_at_yet__then_still_an_answer(scene: Scene) -> None:
    told = (await scene.call("GET", "/v1/status")).json()
    assert (told["ready"], told["surveyAgeSeconds"], told["oldest"]) == (False, None, None)
    assert (await scene.call("GET", "/metrics")).status_code == 200


async def test_errors__when_there_is_no_such_route_or_method__then_in_the_form_of_all_errors(scene: Scene) -> None:
    assert (await scene.call("GET", "/nothing")).json() == {"error": "not_found", "message": "Not Found"}
    wrong = await scene.call("DELETE", "/v1/status")
    assert (wrong.status_code, wrong.json()["error"], wrong.headers["allow"]) == (405, "method_not_allowed", "GET")


async def test_lookups__when_the_database_is_away__then_503_and_nothing_of_why(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_identity: bytes) -> None:
        raise DatabaseError("connection to server at db.internal failed")

    monkeypatch.setattr(scene.store, "report", away)
    answer = await scene.call("GET", f"/v1/requests/0x{ID.hex()}")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert "internal" not in answer.text


# Trails and requests


async def test_trails__when_known__then_the_very_bytes(scene: Scene) -> None:
    content = '{"a":1,"b":"é"}'.encode()
    scene.store.save_trail(ID, bytes(32), content)
    for text in (ID.hex(), "0x" + ID.hex(), "0x" + ID.hex().upper()):
        answer = await scene.call("GET", f"/v1/trails/{text}")
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["trails", "requests", "proofs"])
@pytest.mark.parametrize(
    "text",
    [
        "0x" + "00" * 32,
        "0x",
        "x",
        "00" * 31,
        "00" * 33,
        "zz" * 32,
        "0x0x" + "00" * 31,
        "%00" * 32,
        "é" * 64,
        "' or 1=1 --",
        "0" * 10_000,
    ],
)
async def test_lookups__when_the_id_is_unknown_or_malformed__then_404_without_it(
    scene: Scene, path: str, text: str
) -> None:
    answer = await scene.call("GET", f"/v1/{path}/{text}")
    assert answer.status_code == 404
    assert answer.json()["error"] == "unknown"
    assert text not in answer.text


async def test_requests__when_refused__then_stage_and_reason(scene: Scene) -> None:
    scene.see(ID, Stage.REFUSED, reason="proof_wrong", message="field 'x' isn't the record's")
    assert (await scene.call("GET", "/v1/requests/0x" + ID.hex())).json() == {
        "request": "0x" + ID.hex(),
        "stage": "refused",
        "block": 7,
        "reason": "proof_wrong",
        "message": "field 'x' isn't the record's",
        "score": None,
    }


async def test_proofs__when_the_request_is_anchored__then_all_that_a_claim_takes(scene: Scene) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "store"))
    from store_rows import asked

    one = asked(delivery=1)
    verdict = Verdict(1, 700_000, bytes(32))
    root = report_leaf(one.request, verdict)
    pool = root_pool_id(root, 0, 3)
    report = Report(root, 4, "0x" + "ab" * 20, (ReportedVerdict(one.id, verdict, root, pool),), 5)
    scene.store.apply(Changes(one.rows(7)), (7, bytes(32)))
    scene.store.save_report(report)
    path = "/v1/proofs/0x" + one.id.hex()
    assert (await scene.call("GET", path)).status_code == 404  # nobody has anchored it yet
    row = AnchorRow(pool=pool, block_number=8, root=root, count=1, transaction=bytes(32))
    scene.store.apply(Changes([row]), (8, bytes(32)))
    assert (await scene.call("GET", path)).json() == {
        "root": "0x" + root.hex(),
        "count": 1,
        "epoch": 4,
        "currency": "0x" + "0" * 40,
        "quorum": 3,
        "request": one.request.to_json(),
        "verdict": verdict.to_json(),
        "proof": [],
    }


async def test_misses__when_members_were_asked__then_how_they_answered(scene: Scene) -> None:
    assert (await scene.call("GET", "/v1/misses")).json() == []
    scene.store.count_answer(PEER, True)
    answer = await scene.call("GET", "/v1/misses")
    assert answer.json() == [{"attester": PEER, "asked": 1, "missed": 1, "in_a_row": 1}]


# Proposals


RULING: dict[str, Any] = {
    "epoch": 1, "request": "0x" + "ab" * 32, "stands": True, "outcome": 1, "score": 5, "digest": "0x" + "00" * 32, "trail": None,
    "proposer": "0x" + "ab" * 20, "signature": "0x" + "00" * 64,
}  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [("rulings", RULING)])
async def test_peers__when_they_propose_rulings__then_they_go_to_who_answers_them(
    scene: Scene, path: str, body: dict[str, Any]
) -> None:
    answering = getattr(scene, path)
    answering.outcome = Answer(signature="0x" + "22" * 64)
    answer = await scene.call("POST", f"/v1/{path}", json=body)
    assert (answer.status_code, answer.json()["signature"]) == (200, "0x" + "22" * 64)
    assert len(answering.got) == 1
    for bad in ({**body, MARK: MARK}, {**body, "epoch": 0}, {**body, "signature": MARK}, PROPOSAL):
        refused = await scene.call("POST", f"/v1/{path}", json=bad)
        assert refused.status_code == 422
        assert MARK not in refused.text
    answering.outcome = PeerError("not a member")
    another = {**body, "signature": "0x" + "33" * 64}  # the very same message would be answered as before
    assert (await scene.call("POST", f"/v1/{path}", json=another)).status_code == 403
    assert len(scene.cosigner.got) == 0


async def test_reports__when_well_formed__then_the_cosigners_answer(scene: Scene) -> None:
    scene.cosigner.outcome = Answer(signature="0x" + "11" * 64)
    answer = await scene.call("POST", "/v1/reports", json=PROPOSAL)
    assert (answer.status_code, answer.json()) == (200, {"signature": "0x" + "11" * 64, "declined": []})
    assert scene.cosigner.got == [Proposal.model_validate_json(json.dumps(PROPOSAL))]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in PROPOSAL.items() if name != key}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        MARK.encode(),
        b"\xff\xfe" + MARK.encode(),
        b"[" * 100_000,
        json.dumps({**PROPOSAL, MARK: MARK}).encode(),
        json.dumps({**PROPOSAL, "signature": MARK}).encode(),
        json.dumps({**PROPOSAL, "proposer": MARK}).encode(),
        json.dumps({**PROPOSAL, "epoch": MARK}).encode(),
        json.dumps({**PROPOSAL, "epoch": True}).encode(),
        json.dumps({**PROPOSAL, "epoch": 2**32}).encode(),
        json.dumps({**PROPOSAL, "verdicts": []}).encode(),
        json.dumps({**PROPOSAL, "verdicts": [{MARK: MARK}]}).encode(),
        json.dumps({**PROPOSAL, "verdicts": [{**PROPOSAL["verdicts"][0], "score": 1_000_001}]}).encode(),
        json.dumps({**PROPOSAL, "verdicts": PROPOSAL["verdicts"] * 257}).encode(),
        json.dumps([PROPOSAL]).encode(),
        *(json.dumps(without(key)).encode() for key in PROPOSAL),
    ],
)
async def test_reports__when_malformed__then_422_that_echoes_nothing(scene: Scene, body: bytes) -> None:
    answer = await scene.call("POST", "/v1/reports", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "malformed"
    assert MARK not in answer.text
    assert len(answer.text) < 2_000
    assert scene.cosigner.got == []


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536 + 1):
        yield b" " * 65_536


async def test_reports__when_the_body_is_too_large__then_413_whatever_the_headers_say(scene: Scene) -> None:
    whole = await scene.call("POST", "/v1/reports", content=b" " * (MAX_PROPOSAL_BYTES + 1))
    chunked = await scene.call("POST", "/v1/reports", content=chunks(MAX_PROPOSAL_BYTES))
    lying = await scene.call(
        "POST", "/v1/reports", content=chunks(MAX_PROPOSAL_BYTES), headers={"content-length": "10"}
    )
    for answer in (whole, chunked, lying):
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_reports__when_the_body_never_ends__then_given_up_before_it_is_read(scene: Scene) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 2**30:
            read += 65_536
            yield b" " * 65_536

    messages: list[dict[str, Any]] = []
    body = endless()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(body), "more_body": True}

    async def send(message: Any) -> None:
        messages.append(message)

    await scene.app({**SCOPE}, receive, send)
    assert messages[0]["status"] == 413
    assert read <= MAX_PROPOSAL_BYTES + 2 * 65_536


SCOPE: dict[str, Any] = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
    "path": "/v1/reports", "raw_path": b"/v1/reports", "query_string": b"", "root_path": "", "headers": [],
    "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
}  # fmt: skip


async def test_reports__when_the_body_trickles__then_408(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.api._BODY_TIMEOUT_S", 0.1)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    async with asyncio.timeout(5):
        answer = await scene.call("POST", "/v1/reports", content=trickle())
    assert (answer.status_code, answer.json()["error"]) == (408, "too_slow")


async def test_reports__when_the_client_goes_away__then_no_exception(scene: Scene) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        return

    await scene.app({**SCOPE}, receive, send)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (PeerError("not a member"), 403),
        (EndpointError("http://key@host"), 503),
        (SignerUnavailableError(MARK), 503),
        (RuntimeError(MARK), 500),
    ],
)
async def test_reports__when_answering_fails__then_a_status_and_no_trace(
    scene: Scene, failure: Exception, status: int
) -> None:
    scene.cosigner.outcome = failure
    answer = await scene.call("POST", "/v1/reports", json=PROPOSAL)
    assert answer.status_code == status
    for secret in ("Traceback", "File ", MARK, "key@host"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/docs"), ("GET", "/redoc"), ("GET", "/"), ("GET", "/v1/reports"), ("DELETE", "/healthz")],
)
async def test_app__when_there_is_nothing__then_404_or_405(scene: Scene, method: str, path: str) -> None:
    assert (await scene.call(method, path)).status_code in (404, 405)


# Limits


async def test_reports__when_an_address_floods__then_429_with_the_time_to_wait_and_little_reaches_the_cosigner(
    scene: Scene,
) -> None:
    scene.cosigner.outcome = PeerError("the signature isn't the proposer's over this report")
    answers = [await scene.call("POST", "/v1/reports", json=PROPOSAL) for _ in range(60)]
    turned_away = [answer for answer in answers if answer.status_code == 429]
    assert len(turned_away) > 30
    assert turned_away[0].json()["error"] == "too_many"
    assert int(turned_away[0].headers["retry-after"]) >= 1
    assert len(scene.cosigner.got) < 30
    text = (await scene.call("GET", "/metrics")).text
    assert 'assent_peer_rejected_total{peer="stranger",reason="rate"}' in text
    assert 'assent_peer_rejected_total{peer="stranger",reason="not_accepted"}' in text


async def test_reports__when_a_flood_comes_from_a_members_address__then_its_pass_lets_it_in(scene: Scene) -> None:
    scene.cosigner.outcome = Answer(signature="0x" + "11" * 64)
    pass_ = (await scene.call("POST", "/v1/reports", json=PROPOSAL)).headers["assent-pass"]
    for _ in range(60):
        flooded = await scene.call("POST", "/v1/reports", content=b"{")
    assert flooded.status_code == 429
    another = {**PROPOSAL, "signature": "0x" + "01" * 64}
    assert (await scene.call("POST", "/v1/reports", json=another)).status_code == 429
    answer = await scene.call("POST", "/v1/reports", json=another, headers={"assent-pass": pass_})
    assert answer.status_code == 200


async def test_reports__when_the_same_message_comes_again__then_the_same_answer_without_the_cosigner(
    scene: Scene,
) -> None:
    scene.cosigner.outcome = Answer(signature="0x" + "11" * 64)
    first = await scene.call("POST", "/v1/reports", json=PROPOSAL)
    again = await scene.call("POST", "/v1/reports", json=PROPOSAL)
    assert (again.status_code, again.json()) == (200, first.json())
    assert "assent-pass" not in again.headers
    assert len(scene.cosigner.got) == 1


async def test_reports__when_a_gigabyte_is_announced__then_413_without_reading(scene: Scene) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await scene.app({**SCOPE, "headers": [(b"content-length", b"1073741824")]}, receive, send)
    assert sent[0]["status"] == 413
