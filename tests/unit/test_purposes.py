"""The table of purposes, the rule over it, and what is generated from it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.core.errors import AssentError
from oracle.core.purposes import (
    UnknownPurposeError,
    check_mask,
    covers,
    mask,
    permitted,
    prohibits,
    purpose,
    purposes,
    terms,
)

ROOT = Path(__file__).resolve().parents[2]
COUNT = 120
ALL = (1 << COUNT) - 1

bits = st.integers(0, COUNT - 1)
masks = st.integers(0, ALL)
sparse_masks = st.sets(bits, max_size=4).map(lambda chosen: sum(1 << bit for bit in chosen))


def test_table__when_loaded__then_has_120_bits_in_a_row_and_distinct_names() -> None:
    assert [entry.bit for entry in purposes()] == list(range(COUNT))
    assert len({entry.term for entry in purposes()}) == COUNT
    assert all(entry.iri == f"https://w3id.org/dpv#{entry.term}" for entry in purposes())


@pytest.mark.parametrize("term", ["Purpose", "Sector", "RightsFulfilment", "hasPurpose", "hasSector"])
def test_table__when_term_is_not_below_purpose__then_leaves_it_out(term: str) -> None:
    with pytest.raises(UnknownPurposeError):
        purpose(term)


def test_table__when_released__then_keeps_the_bits_given_out() -> None:
    given_out = {"AcademicResearch": 0, "ImproveHealthcare": 31, "ResearchAndDevelopment": 96, "ScientificResearch": 97}
    given_out |= {"Marketing": 39, "ServiceManagement": 104, "Verification": 119}
    assert {term: purpose(term).bit for term in given_out} == given_out


def test_hierarchy__when_walked_upwards__then_has_no_cycle() -> None:
    parents = {entry.term: set(entry.parents) for entry in purposes()}
    while parents:
        tops = {term for term, above in parents.items() if not above}
        assert tops, f"a cycle among {sorted(parents)}"
        parents = {term: above - tops for term, above in parents.items() if term not in tops}


def test_hierarchy__when_counted__then_has_eleven_with_several_parents_and_ten_ancestors_at_most() -> None:
    assert sum(len(entry.parents) > 1 for entry in purposes()) == 11
    assert max(entry.ancestors_or_self.bit_count() - 1 for entry in purposes()) <= 10


def test_masks__when_compared_pairwise__then_ancestors_mirror_descendants() -> None:
    for upper in purposes():
        for lower in purposes():
            assert lower.ancestors_or_self >> upper.bit & 1 == upper.descendants_or_self >> lower.bit & 1


def test_masks__when_rebuilt_from_parents__then_are_the_same() -> None:
    for entry in purposes():
        above = 1 << entry.bit
        for parent in entry.parents:
            above |= purpose(parent).ancestors_or_self
        assert entry.ancestors_or_self == above


def test_purpose__when_asked_by_bit_or_term__then_returns_the_same() -> None:
    assert all(purpose(entry.bit) is purpose(entry.term) is entry for entry in purposes())


def test_purpose__when_misspelt__then_suggests_close_matches() -> None:
    with pytest.raises(UnknownPurposeError, match="did you mean Marketing") as caught:
        purpose("marketting")
    assert isinstance(caught.value, AssentError)
    assert caught.value.given == "marketting"
    assert caught.value.suggestions[0] == "Marketing"


def test_purpose__when_like_nothing__then_suggests_nothing() -> None:
    with pytest.raises(UnknownPurposeError) as caught:
        purpose("0123456789")
    assert caught.value.suggestions == ()


@pytest.mark.parametrize("bit", [-1, COUNT, 255])
def test_purpose__when_bit_is_unknown__then_raises(bit: int) -> None:
    with pytest.raises(UnknownPurposeError):
        purpose(bit)


@given(masks)
def test_terms__when_made_a_mask_again__then_it_is_the_same(value: int) -> None:
    assert mask(terms(value)) == value


def test_mask__when_given_one_term_as_a_string__then_takes_it_whole() -> None:
    assert mask("Marketing") == mask(["Marketing"]) == 1 << purpose("Marketing").bit


def test_mask__when_a_term_is_unknown__then_raises() -> None:
    with pytest.raises(UnknownPurposeError):
        mask(["Marketing", "Sector"])


def test_check_mask__when_all_bits_are_purposes__then_returns_it() -> None:
    assert check_mask(ALL) == ALL
    assert check_mask(0) == 0


@pytest.mark.parametrize("value", [-1, 1 << COUNT, ALL + (1 << 255)])
def test_check_mask__when_a_bit_is_no_purpose__then_raises(value: int) -> None:
    with pytest.raises(UnknownPurposeError):
        check_mask(value)
    with pytest.raises(UnknownPurposeError):
        terms(value)


def test_permitted__when_a_broader_purpose_is_agreed__then_true_and_not_the_other_way_round() -> None:
    broad, narrow = purpose("ResearchAndDevelopment").bit, purpose("ScientificResearch").bit
    assert permitted(narrow, 1 << broad, 0)
    assert not permitted(broad, 1 << narrow, 0)


def test_permitted__when_request_contains_a_prohibited_purpose__then_false_but_its_siblings_are_free() -> None:
    agreed, barred = mask(["ResearchAndDevelopment"]), mask(["CommercialResearch"])
    assert not permitted(purpose("ResearchAndDevelopment").bit, agreed, barred)
    assert not permitted(purpose("CommercialResearch").bit, agreed, barred)
    assert permitted(purpose("ScientificResearch").bit, agreed, barred)


@given(bits, sparse_masks | masks, sparse_masks | masks)
def test_permitted__when_compared_with_sets_of_ancestors__then_agrees(bit: int, agreed: int, barred: int) -> None:
    lineages = {entry.bit: {purpose(term).bit for term in terms(entry.ancestors_or_self)} for entry in purposes()}
    agreed_bits = {purpose(term).bit for term in terms(agreed)}
    barred_bits = {purpose(term).bit for term in terms(barred)}
    covered = bool(lineages[bit] & agreed_bits)
    prohibited = any(other in lineages[bit] or bit in lineages[other] for other in barred_bits)
    assert covers(bit, agreed) == covered
    assert prohibits(bit, barred) == prohibited
    assert permitted(bit, agreed, barred) == (covered and not prohibited)


@given(bits, sparse_masks, sparse_masks, sparse_masks)
def test_permitted__when_more_is_prohibited__then_never_turns_true(bit: int, agreed: int, some: int, more: int) -> None:
    assert permitted(bit, agreed, some) or not permitted(bit, agreed, some | more)


@given(bits, masks, masks)
def test_permitted__when_the_purpose_itself_is_prohibited__then_false(bit: int, agreed: int, barred: int) -> None:
    assert not permitted(bit, agreed | 1 << bit, barred | 1 << bit)


@given(bits, masks, masks, st.integers(0, (1 << 136) - 1))
def test_permitted__when_masks_have_unknown_bits__then_ignores_them(
    bit: int, agreed: int, barred: int, junk: int
) -> None:
    assert permitted(bit, agreed | junk << COUNT, barred | junk << COUNT) == permitted(bit, agreed, barred)


@pytest.mark.parametrize("bit", [-1, COUNT, 255])
def test_permitted__when_purpose_is_unknown__then_false(bit: int) -> None:
    assert not permitted(bit, (1 << 256) - 1, 0)
    assert not prohibits(bit, (1 << 256) - 1)


def test_vectors__when_read__then_hold_the_same_masks_and_answers() -> None:
    vectors = json.loads((ROOT / "tests/vectors/purposes.json").read_text(encoding="utf-8"))
    assert vectors["count"] == COUNT
    assert vectors["terms"] == [entry.term for entry in purposes()]
    assert [int(word, 16) for word in vectors["ancestorsOrSelf"]] == [entry.ancestors_or_self for entry in purposes()]
    assert [int(word, 16) for word in vectors["descendantsOrSelf"]] == [
        entry.descendants_or_self for entry in purposes()
    ]
    columns = (vectors[f"case{name}"] for name in ("Purposes", "Agreed", "Prohibited", "Permitted"))
    for bit, agreed, barred, expected in zip(*columns, strict=True):
        assert permitted(bit, int(agreed, 16), int(barred, 16)) is expected
    assert set(vectors["casePermitted"]) == {True, False}


def test_generator__when_asked_to_check__then_finds_nothing_out_of_date() -> None:
    done = subprocess.run(
        [sys.executable, "tools/purposes.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
