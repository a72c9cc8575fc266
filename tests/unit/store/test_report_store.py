"""Reports, proofs, evidence, misses, cases, and standing requests in the tables."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from store_rows import Asked, asked

from oracle.core.digests import report_leaf
from oracle.core.merkle import MerkleTree, verify
from oracle.core.structs import Leeway, Schedule, Signers, StandingRequest, Verdict, root_pool_id
from oracle.store.node_store import Changes, Evidence, NodeStore, Proven, Recorded, Report, ReportedVerdict
from oracle.store.tables import AnchorRow, CaseRow, CaseState, RoundRow, Stage, StandingRow, open_database

HASH = b"h" * 32
PROPOSER = "0x" + "ab" * 20


@pytest.fixture
def store(database_url: str) -> Iterator[NodeStore]:
    made = NodeStore(open_database(database_url))
    yield made
    made.close()


def put(store: NodeStore, *many: Asked, block: int = 10) -> None:
    for one in many:
        store.apply(Changes(one.rows(block)), (block, HASH))


def report(*many: Asked, at: int = 1_000) -> tuple[Report, MerkleTree]:
    verdicts = [Verdict(1, 5, secrets.token_bytes(32)) for _ in many]
    leaves = [report_leaf(one.request, verdict) for one, verdict in zip(many, verdicts, strict=True)]
    tree = MerkleTree(leaves)
    pool = root_pool_id(tree.root, 0, 3)
    rows = zip(many, verdicts, leaves, strict=True)
    return Report(tree.root, 1, PROPOSER, tuple(ReportedVerdict(o.id, v, leaf, pool) for o, v, leaf in rows), at), tree


def anchor(made: Report, block: int = 11, quorum: int = 3, since: int = 0) -> AnchorRow:
    pool = root_pool_id(made.root, 0, quorum)
    row = {"pool": pool, "block_number": block, "root": made.root, "count": len(made.verdicts), "since": since}
    return AnchorRow(**row, transaction=b"t" * 32)


def stage(store: NodeStore, one: Asked) -> Stage | None:
    found = store.report(one.id)
    return found.stage if found else None


# Reports


@pytest.mark.parametrize("first", ["report", "root"])
def test_save_report__when_its_root_is_on_chain__then_its_requests_are_anchored_and_proven(
    store: NodeStore, first: str
) -> None:
    many = [asked(delivery=1) for _ in range(5)]
    put(store, *many)
    store.evaluated({one.id: {"score": 1} for one in many[:4]})
    made, tree = report(*many)
    if first == "report":
        store.save_report(made)
        assert store.proven(many[0].id, many[0].request.deadline) is None
    store.apply(Changes([anchor(made)]), (11, HASH))
    store.save_report(made)
    store.save_report(made)
    assert [stage(store, one) for one in many] == [Stage.ANCHORED] * 5
    for one, each in zip(many, made.verdicts, strict=True):
        found = store.proven(one.id, one.request.deadline)
        assert found is not None
        assert (found.root, found.count, found.epoch, found.verdict) == (tree.root, 5, 1, each.verdict)
        assert verify(tree.root, each.leaf, found.proof)


def test_anchored__when_for_another_quorum__then_the_requests_are_still_to_be_reported(store: NodeStore) -> None:
    one = asked(delivery=1)
    put(store, one)
    store.evaluated({one.id: {"score": 1}})
    made, _ = report(one)
    store.save_report(made)
    # With the quorum's signatures anyone can anchor the same root for what it doesn't answer.
    store.apply(Changes([anchor(made, quorum=2)]), (11, HASH))
    assert stage(store, one) is Stage.EVALUATED
    store.apply(Changes([anchor(made)]), (12, HASH))
    assert stage(store, one) is Stage.ANCHORED


def test_anchored__when_after_a_deadline__then_that_request_has_no_proof_and_is_not_to_be_claimed(
    store: NodeStore,
) -> None:
    late, just = asked(delivery=1, deadline=599), asked(delivery=1, deadline=600)
    put(store, late, just)
    store.evaluated({one.id: {"score": 1} for one in (late, just)})
    made, _ = report(late, just)
    store.save_report(made)
    store.apply(Changes([anchor(made, since=600)]), (11, HASH))
    assert (stage(store, late), stage(store, just)) == (Stage.EVALUATED, Stage.ANCHORED)
    assert store.proven(late.id, 599) is None
    assert store.proven(just.id, 600) is not None
    assert [context.id for context in store.claimable(610, 1_000, 9)] == [just.id]


def test_claimable__when_the_time_to_claim_is_over__then_not_among_them(store: NodeStore) -> None:
    over, other = asked(delivery=1, deadline=500), asked(delivery=1, deadline=501)
    put(store, over, other)
    made, _ = report(over, other)
    store.save_report(made)
    store.apply(Changes([anchor(made)]), (11, HASH))
    last = 500 + 86_400
    assert [context.id for context in store.claimable(last, last, 9)] == [over.id, other.id]
    assert [context.id for context in store.claimable(last + 1, last, 9)] == [other.id]


def test_anchored__when_claimed_or_closed__then_ended_and_found_until_then(store: NodeStore) -> None:
    one, other = asked(delivery=1, deadline=500), asked(delivery=1, deadline=900)
    put(store, one, other)
    made, _ = report(one, other)
    store.save_report(made)
    store.apply(Changes([anchor(made)]), (11, HASH))
    assert [context.id for context in store.claimable(450, 600, 9)] == [one.id]
    assert [context.id for context in store.claimable(450, 1_000, 9)] == [one.id, other.id]
    assert [context.id for context in store.claimable(450, 1_000, 9, lambda identity, _: identity == other.id)] == [
        other.id
    ]
    assert store.closable(700, 9) == []  # it can be claimed for a day
    assert [context.id for context in store.closable(700 + 86_400, 9)] == [one.id]
    store.apply(Changes(endings={one.id: (Stage.RECORDED, 12)}), (12, HASH))
    assert [context.id for context in store.claimable(450, 1_000, 9)] == [other.id]


def test_save_proof__when_this_node_did_not_sign__then_one_verdict_is_proven_and_the_whole_tree_takes_its_place(
    store: NodeStore,
) -> None:
    many = [asked(delivery=1) for _ in range(3)]
    put(store, *many)
    made, tree = report(*many)
    store.apply(Changes([anchor(made)]), (11, HASH))
    first = made.verdicts[0]
    proof = tuple(tree.proof(first.leaf))
    store.save_proof(Proven(tree.root, 1, 3, first.verdict, proof, b""), many[0].id, first.leaf, first.pool)
    assert [stage(store, one) for one in many] == [Stage.ANCHORED, Stage.SEEN, Stage.SEEN]
    found = store.proven(many[0].id, many[0].request.deadline)
    assert found is not None
    assert found.proof == proof
    store.save_report(made)
    assert [stage(store, one) for one in many] == [Stage.ANCHORED] * 3
    assert store.proven(many[0].id, many[0].request.deadline) == found


def test_prune_reports__when_old_and_never_anchored__then_forgotten_and_no_other(store: NodeStore) -> None:
    one, other, young = asked(), asked(), asked()
    put(store, one, other, young)
    old, _ = report(one, at=10)
    anchored, _ = report(other, at=10)
    recent, _ = report(young, at=900)
    for each in (old, anchored, recent):
        store.save_report(each)
    store.apply(Changes([anchor(anchored)]), (11, HASH))
    assert store.prune_reports(500) == 1
    assert store.reports_by(PROPOSER, [one.id], 0) == {}
    assert store.reports_by(PROPOSER, [other.id], 0) == {other.id: 1}
    assert store.reports_by(PROPOSER, [young.id], 0) == {young.id: 1}
    assert store.reports_by(PROPOSER, [young.id], 901) == {}


# Evidence


def evidence(request: bytes, score: int, attester: str = PROPOSER, at: int = 5, outcome: int = 0) -> Evidence:
    return Evidence(request, attester, Verdict(outcome, score, b"t" * 32), 1, 2, (b"p" * 32,), b"s" * 64, at)


def keep(store: NodeStore, tolerance_ppm: int, *many: Evidence) -> None:
    store.keep_evidence(many, {each.request: Leeway(tolerance_ppm) for each in many})


def test_keep_evidence__when_the_same_again__then_once(store: NodeStore) -> None:
    for _ in range(3):
        keep(store, 10, evidence(b"r" * 32, 5))
    assert store.evidence(b"r" * 32) == [evidence(b"r" * 32, 5)]
    assert store.contested() == {}


def test_contested__when_verdicts_differ__then_named_whoever_signed_them(store: NodeStore) -> None:
    by_score, by_outcome, alike = b"r" * 32, b"q" * 32, b"p" * 32
    keep(store, 5, evidence(by_score, 100), evidence(by_score, 101, "0x2"))
    keep(store, 5, evidence(by_outcome, 100), evidence(by_outcome, 100, outcome=1))
    keep(store, 5, evidence(alike, 100), evidence(alike, 100, "0x2"))
    assert store.contested() == {by_outcome: 2, by_score: 2}


def test_keep_evidence__when_there_are_many_near_each_other__then_few_are_kept_and_a_conflict_still_is(
    store: NodeStore,
) -> None:
    request = b"r" * 32
    for score in range(100):
        keep(store, 500, evidence(request, score))
    assert len(store.evidence(request)) == 8
    keep(store, 500, evidence(request, 0, outcome=1))  # as near as can be, with the other label
    assert len(store.evidence(request)) == 9
    for score in range(100):
        keep(store, 500, evidence(request, 10_000 + score))
    assert len(store.evidence(request)) == 16


def test_keep_evidence__when_another_of_the_batch_has_no_tolerance__then_each_is_kept_by_its_own(
    store: NodeStore,
) -> None:
    request, other = b"r" * 32, b"q" * 32
    for score in range(16):
        store.keep_evidence([evidence(request, score), evidence(other, 5)], {request: Leeway(500), other: Leeway(0)})
    keep(store, 500, evidence(request, 400_000))
    scores = [each.verdict.score for each in store.evidence(request)]
    assert scores == [*range(8), 400_000]


def test_signed_by__when_several_signed__then_what_these_did(store: NodeStore) -> None:
    one, other = b"r" * 32, b"q" * 32
    keep(store, 0, evidence(one, 1), evidence(one, 2, "0x2"), evidence(other, 3, "0x3"))
    found = store.signed_by(("0x2", PROPOSER), [one, other])
    assert sorted(verdict.score for verdict in found[one]) == [1, 2]
    assert found[other] == []


def test_prune_evidence__when_old__then_forgotten(store: NodeStore) -> None:
    keep(store, 10, evidence(b"r" * 32, 5, at=5), evidence(b"q" * 32, 5, at=50))
    store.prune_evidence(50)
    assert store.evidence(b"r" * 32) == []
    assert len(store.evidence(b"q" * 32)) == 1


# Misses


def test_count_answer__when_answers_come_and_fail__then_counted_in_all_and_in_a_row(store: NodeStore) -> None:
    for missing in (True, True, False, True):
        store.count_answer("0x1", missing)
    store.count_answer("0x2", False)
    assert [(each.attester, each.asked, each.missed, each.in_a_row) for each in store.misses()] == [
        ("0x1", 4, 3, 1), ("0x2", 1, 0, 0),
    ]  # fmt: skip


# Cases


def challenged(store: NodeStore, one: Asked, block: int = 12, until: int = 500) -> None:
    row = CaseRow(
        request=one.id, block_number=block, until=until, arbiter="0x0", state=CaseState.OPEN, attempts=0, not_before=0.0
    )
    store.apply(Changes([row]), (block, HASH))


def recorded(store: NodeStore, one: Asked, block: int = 11) -> Recorded:
    verdict = Recorded(Verdict(1, 7, b"t" * 32), Signers(0b111, 1), b"x" * 32)
    store.apply(Changes(endings={one.id: (Stage.RECORDED, block)}, verdicts={one.id: verdict}), (block, HASH))
    return verdict


def test_cases__when_one_goes_its_way__then_found_by_state_with_the_verdict_recorded(store: NodeStore) -> None:
    one, never = asked(), asked()
    put(store, one, never)
    verdict = recorded(store, one)
    challenged(store, one)
    challenged(store, never)  # of a verdict that this node hasn't read: left alone
    (found,) = store.cases(CaseState.OPEN, evaluated=False)
    assert (found.request.id, found.until, found.request.recorded) == (one.id, 500, verdict)
    store.reevaluated(one.id, {"score": 9})
    assert store.cases(CaseState.OPEN, evaluated=False) == []
    (found,) = store.cases(CaseState.OPEN, evaluated=True)
    assert found.evaluation == {"score": 9}
    store.case_postponed(one.id, 60)
    assert store.cases(CaseState.OPEN) == []
    store.apply(Changes(cases={one.id: (CaseState.CORRECTED, 13)}), (13, HASH))
    again = store.case(one.id)
    assert again is not None
    assert again.state is CaseState.CORRECTED


def test_cases__when_what_was_put_off_is_settled_or_open_again__then_it_is_due_at_once(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    recorded(store, one)
    challenged(store, one)
    store.case_postponed(one.id, 60)
    store.apply(Changes(cases={one.id: (CaseState.CORRECTED, 13)}), (13, HASH))
    (found,) = store.cases(CaseState.CORRECTED)
    assert found.attempts == 0
    store.case_postponed(one.id, 60)
    store.rewind(12, (12, HASH))
    (found,) = store.cases(CaseState.OPEN)
    assert found.attempts == 0


def test_cases__when_a_challenge_is_read_again__then_the_work_done_on_it_stays(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    recorded(store, one)
    challenged(store, one)
    store.reevaluated(one.id, {"score": 9})
    challenged(store, one)
    assert len(store.cases(CaseState.OPEN, evaluated=True)) == 1


def test_rewind__when_a_claim_is_gone_and_its_root_stands__then_the_request_is_anchored(store: NodeStore) -> None:
    one = asked(delivery=1)
    put(store, one)
    made, _ = report(one)
    store.save_report(made)
    store.apply(Changes([anchor(made)]), (11, HASH))
    recorded(store, one, block=16)
    store.rewind(15, (15, HASH))
    assert stage(store, one) is Stage.ANCHORED


def test_rewind__when_challenges_and_their_ends_are_gone__then_as_before(store: NodeStore) -> None:
    one, other = asked(), asked()
    put(store, one, other)
    recorded(store, one)
    recorded(store, other, block=16)
    challenged(store, one)
    challenged(store, other, block=17)
    store.apply(Changes(cases={one.id: (CaseState.UPHELD, 18)}), (18, HASH))
    store.rewind(15, (15, HASH))
    assert [each.request.id for each in store.cases(CaseState.OPEN)] == [one.id]
    assert store.case(other.id) is None
    store.rewind(10, (10, HASH))
    assert store.case(one.id) is None


# Standing requests


def standing(store: NodeStore, one: Asked, identity: bytes | None = None) -> bytes:
    schedule, question = Schedule(100, 10, 4, 60, True, False), one.request.question.at(1, 0)
    made = StandingRequest(one.agreement.id, one.agreement.controller, question, one.request.quote, schedule)
    row = StandingRow(
        id=identity or made.id, block_number=11, agreement=one.agreement.id, question=question.to_json(),
        schedule=schedule.to_json(),
    )  # fmt: skip
    store.apply(Changes([row]), (11, HASH))
    return made.id


def test_standing__when_its_id_is_not_that_of_its_terms__then_left_alone(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    standing(store, one, b"s" * 32)
    assert store.standing() == []


def test_standing__when_rounds_are_opened__then_the_next_and_how_many(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    identity = standing(store, one)
    (found,) = store.standing()
    assert (found.next, found.opened, found.withdrawn) == (0, 0, False)
    for round_, block in ((0, 12), (2, 14)):
        row = RoundRow(standing=identity, round=round_, request=bytes(32), block_number=block)
        store.apply(Changes([row]), (block, HASH))
    (found,) = store.standing()
    assert (found.next, found.opened) == (3, 2)
    store.rewind(13, (13, HASH))
    (found,) = store.standing()
    assert (found.next, found.opened) == (1, 1)
    store.apply(Changes(standing_ended={identity: 15}, withdrawn={one.agreement.id: 15}), (15, HASH))
    assert store.standing() == []
    store.rewind(14, (14, HASH))
    (found,) = store.standing()
    assert not found.withdrawn
