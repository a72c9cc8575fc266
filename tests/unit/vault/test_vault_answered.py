"""Asks that were answered, and how long that is known."""

from __future__ import annotations

import pytest

from oracle.data.ask import Ask
from oracle.vault.answered import AnsweredAsks
from oracle.vault.refusals import AskRepeatedError

ATTESTER, OTHER = "0x" + "1" * 40, "0x" + "2" * 40


def ask(deadline: int = 1_060, **changes: object) -> Ask:
    return Ask(**{"request_id": bytes(32), "epoch": 1, "deadline": deadline, "signature": bytes(64), **changes})  # type: ignore[arg-type]


def test_once__when_any_part_of_what_was_signed_differs__then_it_is_another_ask() -> None:
    answered = AnsweredAsks(lambda: 1_000)
    others = [ask(1_061), ask(request_id=bytes(31) + b"\1"), ask(epoch=2), ask(seal_key=b"key")]
    for each, attester in [(ask(), ATTESTER), (ask(), OTHER), *((other, ATTESTER) for other in others)]:
        with answered.once(each, attester):
            pass
    with pytest.raises(AskRepeatedError), answered.once(ask(signature=b"\1" * 64), ATTESTER):
        pass


def test_once__when_answering_fails__then_it_isnt_answered() -> None:
    answered = AnsweredAsks(lambda: 1_000)
    with pytest.raises(OSError, match="full"), answered.once(ask(), ATTESTER):
        raise OSError("full")
    with answered.once(ask(), ATTESTER), pytest.raises(AskRepeatedError), answered.once(ask(), ATTESTER):
        pass
    assert len(answered) == 1


def test_once__when_deadlines_have_passed__then_they_are_forgotten() -> None:
    now = 1_000
    answered = AnsweredAsks(lambda: now)
    for place in range(50):
        with answered.once(ask(1_060 + place), ATTESTER):
            pass
    now = 1_100
    with answered.once(ask(1_160), ATTESTER):
        pass
    assert len(answered) == 11, "those until 1,100 and later, and the new one"
