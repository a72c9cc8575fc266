"""What single members did to the others: each attack, step by step, and what must hold."""

from __future__ import annotations

from services_world import NOW, World, case

from oracle.core.digests import report_leaf
from oracle.core.merkle import MerkleTree
from oracle.core.structs import Leeway, Verdict, contradict, root_pool_id
from oracle.services.punisher import conflicts
from oracle.store.node_store import Changes, Evidence
from oracle.store.tables import AnchorRow, Stage

MEMBER, OLD_KEY, NEW_KEY = "0xmember", "0xold", "0xnew"
OPERATORS = {MEMBER: "0x1", OLD_KEY: "0x2", NEW_KEY: "0x2"}
TOLERANCE = 10


async def test_downgrade__when_a_member_anchors_what_is_to_be_recorded__then_the_others_record_it(
    operators: World,
) -> None:
    asked = case(deadline=NOW + 604_000)  # delivery: recorded, by default
    await operators.evaluate(asked)
    liar = operators.first
    await liar.propose()
    ((answer, _),) = liar.records.sent  # what it would have sent; it anchors the root instead
    root = MerkleTree([report_leaf(answer.request, answer.verdict)]).root
    row = {
        "pool": root_pool_id(root, 0, asked.request.quorum),
        "block_number": 11, "root": root, "count": 1, "transaction": bytes(32),
    }  # fmt: skip
    for each in operators.peers:
        each.store.apply(Changes([AnchorRow(**row)]), (11, bytes(32)))
        found = each.store.report(asked.request.id)
        assert found is not None
        assert found.stage is Stage.EVALUATED
    honest = [each for each in operators.peers if each is not liar]
    for block in range(12, 30):
        for each in honest:
            each.seat.clock.number = block
            await each.propose(block)
    assert any(each.records.sent for each in honest)


async def test_downgrade__when_it_asked_for_an_anchored_report__then_it_is_to_be_claimed(operators: World) -> None:
    asked = case(deadline=NOW + 604_000, delivery=1)
    await operators.evaluate(asked)
    liar = operators.first
    await liar.propose()
    ((root, count, *_),) = liar.records.anchored
    row = {
        "pool": root_pool_id(root, 0, asked.request.quorum),
        "block_number": 11, "root": root, "count": count, "transaction": bytes(32),
    }  # fmt: skip
    liar.store.apply(Changes([AnchorRow(**row)]), (11, bytes(32)))
    assert [each.id for each in liar.store.claimable(NOW, NOW + 604_001, 9)] == [asked.request.id]


def signed(attester: str, outcome: int, score: int) -> Evidence:
    return Evidence(b"r" * 32, attester, Verdict(outcome, score, bytes(32)), 1, 1, (), bytes(64), 5)


def test_conflicts__when_scores_are_more_than_twice_the_tolerance_apart__then_these_two() -> None:
    near = [signed(MEMBER, 0, 100), signed(MEMBER, 1, 120)]
    assert conflicts(near, OPERATORS, Leeway(TOLERANCE)) == []
    far = signed(MEMBER, 1, 121)
    assert conflicts([*near, far], OPERATORS, Leeway(TOLERANCE)) == [(near[0], far)]


def test_conflicts__when_one_score_has_two_outcomes__then_these_two() -> None:
    first, second = signed(MEMBER, 0, 100), signed(MEMBER, 1, 100)
    assert conflicts([first, signed(OLD_KEY, 1, 100), second], OPERATORS, Leeway(TOLERANCE)) == [(first, second)]


def test_conflicts__when_two_keys_of_one_operator_signed__then_these_two() -> None:
    first, second = signed(OLD_KEY, 0, 100), signed(NEW_KEY, 1, 900)
    assert conflicts([first, signed(MEMBER, 1, 900), second], OPERATORS, Leeway(TOLERANCE)) == [(first, second)]


def test_contradict__beside_the_contracts_rule__then_as_that_has_it() -> None:
    # As in tests/contracts/core/PunishConflict.t.sol.
    for apart, outcomes, binary, expected in (
        (2000, (1, 1), True, False),
        (2001, (1, 1), True, True),
        (0, (0, 1), True, True),
        (0, (0, 1), False, False),
        (2001, (0, 1), False, True),
        (1, (0, 1), True, False),
    ):
        one, other = Verdict(outcomes[0], 500_000, bytes(32)), Verdict(outcomes[1], 500_000 + apart, b"t" * 32)
        leeway = Leeway(1_000, binary)
        assert contradict(one, other, leeway) is contradict(other, one, leeway) is expected
