"""What single members did to the others: each attack, step by step, and what must hold."""

from __future__ import annotations

from oracle.core.structs import Verdict, contradict
from oracle.services.punisher import conflicts
from oracle.store.node_store import Evidence

MEMBER, OLD_KEY, NEW_KEY = "0xmember", "0xold", "0xnew"
OPERATORS = {MEMBER: "0x1", OLD_KEY: "0x2", NEW_KEY: "0x2"}
TOLERANCE = 10


def signed(attester: str, outcome: int, score: int) -> Evidence:
    return Evidence(b"r" * 32, attester, Verdict(outcome, score, bytes(32)), 1, 1, (), bytes(64), 5)


def test_conflicts__when_scores_are_more_than_twice_the_tolerance_apart__then_these_two() -> None:
    near = [signed(MEMBER, 0, 100), signed(MEMBER, 1, 120)]
    assert conflicts(near, OPERATORS, TOLERANCE) == []
    far = signed(MEMBER, 1, 121)
    assert conflicts([*near, far], OPERATORS, TOLERANCE) == [(near[0], far)]


def test_conflicts__when_one_score_has_two_outcomes__then_these_two() -> None:
    first, second = signed(MEMBER, 0, 100), signed(MEMBER, 1, 100)
    assert conflicts([first, signed(OLD_KEY, 1, 100), second], OPERATORS, TOLERANCE) == [(first, second)]


def test_conflicts__when_two_keys_of_one_operator_signed__then_these_two() -> None:
    first, second = signed(OLD_KEY, 0, 100), signed(NEW_KEY, 1, 900)
    assert conflicts([first, signed(MEMBER, 1, 900), second], OPERATORS, TOLERANCE) == [(first, second)]


def test_contradict__beside_the_contracts_rule__then_as_that_has_it() -> None:
    # As in tests/contracts/arbiter/PunishConflict.t.sol.
    for apart, outcomes, expected in (
        (2000, (1, 1), False),
        (2001, (1, 1), True),
        (0, (0, 1), True),
        (1, (0, 1), False),
    ):
        one, other = Verdict(outcomes[0], 500_000, bytes(32)), Verdict(outcomes[1], 500_000 + apart, b"t" * 32)
        assert contradict(one, other, 1_000) is contradict(other, one, 1_000) is expected
