"""Questions and quotes in one word."""

import json
from dataclasses import replace
from typing import Any

import pytest
from core_strategies import QUESTIONS, QUOTES, uints
from hypothesis import given
from hypothesis import strategies as st

from oracle.core.structs import Delivery, Question, Quote, Signers, Summary

QUESTION = Question(7, 1_800_003_600, 31, 0)
QUOTE = Quote(2, 3, 1_250, 0, 1_007, 500)


@given(QUESTIONS)
def test_question__when_packed__unpacks_to_itself(question: Question) -> None:
    assert Question.unpack(question.pack()) == question


@given(QUOTES)
def test_quote__when_packed__unpacks_to_itself(quote: Quote) -> None:
    assert Quote.unpack(quote.pack()) == quote


@given(uints(256))
def test_quote__when_unpacked_from_any_word__packs_to_it(word: int) -> None:
    assert Quote.unpack(word).pack() == word


@given(st.one_of(QUESTIONS, QUOTES))
def test_word__when_through_json__is_itself(word: Question | Quote) -> None:
    assert type(word).from_json(json.loads(json.dumps(word.to_json()))) == word


@given(QUESTIONS, st.integers(160, 255))
def test_question__when_a_stray_bit_is_set__is_refused(question: Question, bit: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        Question.unpack(question.pack() | 1 << bit)


@pytest.mark.parametrize("word", [-1, 1 << 256])
def test_quote__when_no_word__is_refused(word: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        Quote.unpack(word)


@pytest.mark.parametrize("bit", range(107, 112))
def test_question__when_a_bit_between_its_parts_is_set__is_refused(bit: int) -> None:
    with pytest.raises(ValueError, match="between"):
        Question.unpack(QUESTION.pack() | 1 << bit)


@pytest.mark.parametrize(("part", "value", "kind"), [("delivery", 2, "Delivery"), ("disclosure", 4, "Disclosure")])
def test_question__when_a_choice_is_unknown__is_refused(part: str, value: int, kind: str) -> None:
    changed: dict[str, Any] = {part: value}
    with pytest.raises(ValueError, match=kind):
        replace(QUESTION, **changed)


@given(uints(64), uints(32), uints(8), uints(24))
def test_summary__when_packed__has_the_signers_below_the_verdict(
    bitmap: int, epoch: int, outcome: int, score: int
) -> None:
    word = Summary(bitmap, epoch, outcome, score).pack()
    assert Signers.unpack(word & ((1 << 96) - 1)) == Signers(bitmap, epoch)
    assert (word >> 96 & 0xFF, word >> 104) == (outcome, score)


@pytest.mark.parametrize(
    ("part", "value"),
    [("use", 1 << 32), ("deadline", 1 << 40), ("purpose", 256), ("step", -1), ("callback", 1 << 16)],
)
def test_question__when_a_part_does_not_fit__is_not_packed(part: str, value: int) -> None:
    changed: dict[str, Any] = {part: value}
    with pytest.raises(ValueError, match=part):
        replace(QUESTION, **changed).pack()


def test_question__when_nothing_is_said_of_it__is_recorded_without_callback() -> None:
    assert QUESTION.delivery is Delivery.RECORDED
    assert QUESTION.callback_gas == 0
    assert replace(QUESTION, callback=150).callback_gas == 150_000


def test_question__when_asked_at_another_use__keeps_the_rest() -> None:
    assert QUESTION.at(8, 9) == replace(QUESTION, use=8, deadline=9)


def test_quote__when_split__gives_operators_the_odd_wei() -> None:
    assert QUOTE.total == 1_507
    assert (QUOTE.royalty_amount, QUOTE.operators_amount) == (125, 882)


def test_quote__when_priced_by_an_agreement__keeps_the_models_part() -> None:
    assert QUOTE.with_price(9) == replace(QUOTE, price=9)
    assert QUOTE.with_price(9).pack() % (1 << 160) == QUOTE.pack() % (1 << 160)
