"""From a request to an own evaluation, and every way in which there is none."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import structlog
from services_world import (
    CONTROLLER,
    ETHER,
    LOADED,
    MARKED,
    NOW,
    RUNTIME,
    SUBJECT,
    Case,
    Peer,
    World,
    case,
    model_terms,
    peer,
)

from oracle.chain.contract import AgreementStatus, RecordStatus, RequestStatus
from oracle.core.errors import ModelError, Reason, VaultError
from oracle.core.structs import AgreementState, Finality, RecordState, RequestState
from oracle.data.fetch import VaultRefusedError
from oracle.data.record import DisclosedField, RecordTree
from oracle.models.evaluation import Evaluation
from oracle.models.features import features
from oracle.store.node_store import Changes, RequestReport
from oracle.store.tables import Stage

NAME = LOADED.card.inputs[3].name
MARK = "marked-value-8812"


@pytest.fixture
def one(operators: World) -> Peer:
    return operators.peers[0]


def report(one: Peer, asked: Case) -> RequestReport:
    found = one.store.report(asked.request.id)
    assert found is not None
    return found


async def run(one: Peer, asked: Case) -> RequestReport:
    one.see(asked)
    await one.evaluator.evaluate_due(64)
    return report(one, asked)


def let_time_pass(one: Peer, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    import time

    later = time.time() + seconds
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: later)


async def test_evaluate_due__when_all_is_well__then_the_models_own_result(one: Peer) -> None:
    asked = case()
    assert (await run(one, asked)).stage is Stage.EVALUATED
    own = one.context(asked).evaluation
    assert own is not None
    direct = RUNTIME.evaluate([features(LOADED.card, MARKED)])[0]
    assert (own["score"], own["outcome"], own["baseline"]) == (direct.score_ppm, direct.outcome, direct.baseline_ppm)
    assert own["agreement_since"] == NOW - 100
    assert own["leaves"].keys() == MARKED.keys()


async def test_evaluate_due__when_nothing_is_due__then_nothing(one: Peer) -> None:
    assert await one.evaluator.evaluate_due(64) == 0


# The vault


async def test_evaluate_due__when_the_vault_is_unreachable__then_postponed_ever_longer_and_recovers(
    one: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, delays = case(), []
    one.see(asked)
    one.source.instead[asked.request.id] = VaultError(Reason.VAULT_UNREACHABLE, "the vault can't be reached")
    later = one.store.postponed

    def at_once(identity: bytes, delay_s: float, *rest: str) -> None:
        delays.append(delay_s)
        later(identity, 0.0, *rest)

    monkeypatch.setattr(one.store, "postponed", at_once)
    for _ in range(12):
        await one.evaluator.evaluate_due(64)
    assert report(one, asked).stage is Stage.SEEN
    assert report(one, asked).reason == Reason.VAULT_UNREACHABLE
    assert delays[:4] == [0.5, 1, 2, 4]
    assert delays[-1] == 60
    del one.source.instead[asked.request.id]
    assert await one.evaluator.evaluate_due(64) == 1
    assert (report(one, asked).stage, report(one, asked).reason) == (Stage.EVALUATED, None)


async def test_evaluate_due__when_postponed__then_not_asked_before_its_time(
    one: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    one.source.instead[asked.request.id] = VaultError(Reason.VAULT_UNREACHABLE, "the vault can't be reached")
    await run(one, asked)
    await one.evaluator.evaluate_due(64)
    assert len(one.source.asked) == 1
    let_time_pass(one, monkeypatch, 0.6)
    await one.evaluator.evaluate_due(64)
    assert len(one.source.asked) == 2


async def test_evaluate_due__when_the_vault_refuses__then_refused(one: Peer) -> None:
    asked = case()
    one.source.instead[asked.request.id] = VaultRefusedError("consent")
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, Reason.VAULT_REFUSED)


@pytest.mark.parametrize("code", ["request_unknown", "epoch_stale", "ask_expired"])
async def test_evaluate_due__when_the_vaults_refusal_may_pass__then_postponed(one: Peer, code: str) -> None:
    asked = case()
    one.source.instead[asked.request.id] = VaultRefusedError(code)
    assert (await run(one, asked)).stage is Stage.SEEN


# The fields

Change = Callable[[Case], list[DisclosedField]]


def altered(asked: Case) -> list[DisclosedField]:
    first, *rest = asked.disclosed
    return [DisclosedField(first.name, 987.654321, first.salt, first.proof), *rest]


def wrong_proof(asked: Case) -> list[DisclosedField]:
    first, *rest = asked.disclosed
    return [DisclosedField(first.name, first.value, first.salt, (bytes(32), *first.proof[1:])), *rest]


def of_another_record(asked: Case) -> list[DisclosedField]:
    return RecordTree.salt(MARKED).disclose(MARKED)


def twice(asked: Case) -> list[DisclosedField]:
    return [*asked.disclosed, asked.disclosed[0]]


def without_salt(asked: Case) -> list[DisclosedField]:
    first, *rest = asked.disclosed
    return [DisclosedField(first.name, first.value, b"", first.proof), *rest]


@pytest.mark.parametrize("change", [altered, wrong_proof, of_another_record, twice, without_salt])
async def test_evaluate_due__when_fields_are_not_the_records__then_proof_wrong(one: Peer, change: Change) -> None:
    asked = case()
    one.source.instead[asked.request.id] = change(asked)
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, Reason.PROOF_WRONG)
    assert "987" not in (found.message or "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({name: value for name, value in MARKED.items() if name != NAME}, Reason.FIELD_MISSING),
        ({**MARKED, "name": MARK}, Reason.FIELD_UNEXPECTED),
        ({**MARKED, NAME: 98765.4321}, Reason.FIELD_OUT_OF_RANGE),
        ({**MARKED, NAME: -98765.4321}, Reason.FIELD_OUT_OF_RANGE),
        ({**MARKED, NAME: MARK}, Reason.FIELD_NOT_A_NUMBER),
        ({**MARKED, NAME: True}, Reason.FIELD_NOT_A_NUMBER),
        ({**MARKED, NAME: None}, Reason.FIELD_NOT_A_NUMBER),
        ({**MARKED, NAME: [MARK]}, Reason.FIELD_NOT_A_NUMBER),
    ],
)
async def test_evaluate_due__when_fields_do_not_fit_the_model__then_refused_without_a_value(
    one: Peer, fields: dict[str, object], reason: Reason
) -> None:
    asked = case(fields)
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, reason)
    assert MARK not in (found.message or "")
    assert "98765" not in (found.message or "")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_evaluate_due__when_a_value_is_no_json__then_proof_wrong(one: Peer, value: float) -> None:
    asked = case()
    first, *rest = asked.disclosed
    one.source.instead[asked.request.id] = [DisclosedField(first.name, value, first.salt, first.proof), *rest]
    assert (await run(one, asked)).reason == Reason.PROOF_WRONG


# One among many


async def test_evaluate_due__when_one_of_many_is_poison__then_all_others_are_evaluated(one: Peer) -> None:
    cases = [case() for _ in range(20)]
    for each in cases:
        one.see(each)
    poison = cases[7].request.id
    one.source.instead[poison] = RuntimeError(f"nobody thought of this: {MARK}")
    with structlog.testing.capture_logs() as logs:
        assert await one.evaluator.evaluate_due(64) == 19
    assert report(one, cases[7]).stage is Stage.SEEN
    assert MARK not in json.dumps(logs, default=str) + str(report(one, cases[7]).message)


async def test_evaluate_due__when_the_chain_fails_for_one__then_that_one_is_postponed(
    operators: World, one: Peer
) -> None:
    good, bad = case(), case()
    operators.chain.requests[bad.request.id] = aiohttp.ClientConnectionError("http://user:secret@endpoint")
    one.see(good, bad)
    assert await one.evaluator.evaluate_due(64) == 1
    found = report(one, bad)
    assert found.stage is Stage.SEEN
    assert "secret" not in (found.message or "")


class Fussy:
    """A runtime that fails on every batch with a certain row in it."""

    card = LOADED.card

    def __init__(self) -> None:
        self.bad: tuple[float, ...] = ()

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        if self.bad in [tuple(row) for row in batch]:
            raise ModelError("screening gave an output that is no finite number")
        return RUNTIME.evaluate(batch)


async def test_evaluate_due__when_one_row_breaks_the_model__then_only_that_one_is_refused(
    operators: World, tmp_path: Any
) -> None:
    runtime = Fussy()
    one = peer(operators.chain, operators.network, tmp_path, runtime=runtime)
    fields = {**MARKED, NAME: LOADED.card.inputs[3].minimum}
    runtime.bad = features(LOADED.card, fields)
    good, bad = [case() for _ in range(4)], case(fields)
    one.see(*good[:2], bad, *good[2:])
    assert await one.evaluator.evaluate_due(64) == 4
    assert (report(one, bad).stage, report(one, bad).reason) == (Stage.REFUSED, Reason.MODEL_FAILED)
    one.store.close()


# The chain's state

GONE = RequestStatus(RequestState.NONE, Finality.NONE, 0, 0, 0, bytes(20))


async def test_evaluate_due__when_the_agreement_was_withdrawn__then_consent_and_the_vault_is_not_asked(
    operators: World, one: Peer
) -> None:
    asked = case()
    operators.chain.agreements[asked.agreement.id] = AgreementStatus(AgreementState.WITHDRAWN, NOW, NOW + 9)
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, Reason.CONSENT)
    assert one.source.asked == []


async def test_evaluate_due__when_the_agreement_is_over__then_consent(operators: World, one: Peer) -> None:
    asked = case()
    operators.chain.agreements[asked.agreement.id] = AgreementStatus(AgreementState.GIVEN, NOW - 9, NOW)
    assert (await run(one, asked)).reason == Reason.CONSENT
    assert one.source.asked == []


async def test_evaluate_due__when_the_record_is_retired__then_refused(operators: World, one: Peer) -> None:
    asked = case()
    operators.chain.records[asked.record.id] = RecordStatus(RecordState.RETIRED, NOW, SUBJECT)
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, Reason.RECORD_RETIRED)
    assert one.source.asked == []


@pytest.mark.parametrize(
    "state", [RequestState.RECORDED, RequestState.REFUSED, RequestState.EXPIRED, RequestState.CHALLENGED]
)
async def test_evaluate_due__when_the_request_has_ended__then_the_vault_is_not_asked(
    operators: World, one: Peer, state: RequestState
) -> None:
    asked = case()
    operators.chain.requests[asked.request.id] = replace(GONE, state=state)
    assert (await run(one, asked)).reason == Reason.REQUEST_UNKNOWN
    assert one.source.asked == []


async def test_evaluate_due__when_the_record_is_not_committed__then_the_vault_is_not_asked_until_it_is(
    operators: World, one: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    operators.chain.records[asked.record.id] = RecordStatus(RecordState.NONE, 0, ETHER)
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.SEEN, Reason.RECORD_UNKNOWN)
    assert one.source.asked == []
    operators.chain.records.clear()
    let_time_pass(one, monkeypatch, 10)
    assert await one.evaluator.evaluate_due(64) == 1


async def test_evaluate_due__when_the_commitment_was_never_read__then_the_vault_is_not_asked(one: Peer) -> None:
    asked = case()
    one.source.cases[asked.request.id] = asked
    one.store.apply(Changes(asked.rows()[1:]), (10, bytes(32)))
    await one.evaluator.evaluate_due(64)
    assert report(one, asked).reason == Reason.RECORD_UNKNOWN
    assert one.source.asked == []


async def test_evaluate_due__when_the_record_is_anothers__then_the_vault_is_not_asked(
    operators: World, one: Peer
) -> None:
    asked = case()
    operators.chain.records[asked.record.id] = RecordStatus(RecordState.COMMITTED, NOW, CONTROLLER)
    assert (await run(one, asked)).reason == Reason.RECORD_UNKNOWN
    assert one.source.asked == []


@pytest.mark.parametrize(("gas", "stage"), [(500, Stage.EVALUATED), (501, Stage.REFUSED), (65_535, Stage.REFUSED)])
async def test_evaluate_due__when_the_callback_names_gas__then_no_more_than_the_settings_allow(
    one: Peer, gas: int, stage: Stage
) -> None:
    found = await run(one, case(callback=gas))
    assert found.stage is stage
    assert found.reason == (Reason.CALLBACK_TOO_DEAR if stage is Stage.REFUSED else None)


@pytest.mark.parametrize("what", ["requests", "agreements"])
async def test_evaluate_due__when_the_endpoint_lags_behind_its_events__then_tried_again(
    operators: World, one: Peer, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    answers: dict[str, tuple[bytes, object]] = {
        "requests": (asked.request.id, GONE),
        "agreements": (asked.agreement.id, AgreementStatus(AgreementState.NONE, 0, 0)),
    }
    key, answer = answers[what]
    getattr(operators.chain, what)[key] = answer
    assert (await run(one, asked)).stage is Stage.SEEN
    getattr(operators.chain, what).clear()
    let_time_pass(one, monkeypatch, 10)
    assert await one.evaluator.evaluate_due(64) == 1


@pytest.mark.parametrize(
    "changes", [{"files": b"f" * 32}, {"inputs": b"i" * 32}, {"outcomes": b"o" * 32}, {"outcome_count": 3}]
)
async def test_evaluate_due__when_the_model_is_not_loaded__then_model_unknown(
    one: Peer, changes: dict[str, Any]
) -> None:
    asked = case(model=model_terms(**changes))
    found = await run(one, asked)
    assert (found.stage, found.reason) == (Stage.REFUSED, Reason.MODEL_UNKNOWN)
    assert one.source.asked == []


async def test_evaluate_due__when_it_is_not_inference__then_refused(one: Peer) -> None:
    assert (await run(one, case(step=1))).stage is Stage.REFUSED


# Personal data


async def test_evaluate_due__when_done__then_no_value_is_in_the_database_or_the_logs(one: Peer) -> None:
    cases = [case(), case({**MARKED, "name": MARK}), case({**MARKED, NAME: MARK}), case({**MARKED, NAME: 98765.4321})]
    wrong = case()
    one.source.instead[wrong.request.id] = wrong_proof(wrong)
    with structlog.testing.capture_logs() as logs:
        one.see(*cases, wrong)
        assert await one.evaluator.evaluate_due(64) == 1
    kept = b"".join(path.read_bytes() for path in one.path.parent.glob(one.path.name + "*"))
    assert len(kept) > 10_000
    seen = kept + json.dumps(logs, default=str).encode()
    values = [MARK, "98765.4321", *(f"{value!r}"[:10] for value in MARKED.values())]
    assert [value for value in values if value.encode() in seen] == []
    salts = [field.salt for each in cases for field in each.tree.fields]
    assert not any(salt in seen or salt.hex().encode() in seen for salt in salts)
    assert secrets.token_bytes(8) not in seen
