"""Turns, signers, quantisation, canonical JSON."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.core import canonical, committee, quantise
from oracle.core.trail import grain


@given(st.binary(min_size=32, max_size=32), st.integers(1, 10), st.integers(1, 64))
def test_turn__when_blocks_pass__visits_every_member_before_any_again(
    request_id: bytes, length: int, size: int
) -> None:
    turns = [committee.turn(request_id, waited, length, size) for waited in range(0, length * size, length)]
    assert sorted(turns) == list(range(size))


def test_turn__when_head_is_behind_the_request__is_the_first() -> None:
    assert committee.turn(bytes(32), -3, 2, 4) == 0


def test_assemble__when_signatures_come_in_any_order__are_by_member() -> None:
    attestation = committee.assemble(5, {3: b"d" * 64, 0: b"a" * 64})
    assert attestation.to_abi() == (5 << 64 | 0b1001, b"a" * 64 + b"d" * 64)


@given(st.integers(0, 2**64 - 1))
def test_members_of__when_bitmap__names_its_bits(signers: int) -> None:
    assert sum(1 << index for index in committee.members_of(signers)) == signers


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_probability__when_it_is_none__is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        quantise.probability_to_ppm(value)


@given(st.floats(0, 1))
def test_probability__when_quantised__is_within_half_a_part(value: float) -> None:
    assert abs(quantise.probability_to_ppm(value) - value * 1_000_000) <= 0.5000001


@pytest.mark.parametrize(
    ("value", "wanted"), [(0, 0), (4_999, 0), (5_000, 10_000), (-5_000, -10_000), (-14_999, -10_000)]
)
def test_grain__when_rounded__is_a_whole_percent_point(value: int, wanted: int) -> None:
    assert grain(value) == wanted


@pytest.mark.parametrize("value", [math.nan, 2**60, object()])
def test_canonical__when_json_cannot_say_it__is_refused_without_naming_it(value: object) -> None:
    with pytest.raises(ValueError, match="canonical JSON") as caught:
        canonical.canonical({"secret": value})
    assert str(value) not in str(caught.value)


def test_canonical__when_keys_differ_in_order__is_one_byte_string() -> None:
    assert canonical.canonical({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"é"],"b":1}'.encode()


@given(st.integers(1, 64), st.integers(1, 64))
def test_signers_needed__when_two_reports_are_signed__share_a_member(quorum: int, size: int) -> None:
    needed = committee.signers_needed(quorum, size)
    assert needed >= quorum
    assert 2 * needed > size


@given(st.integers(1, 64))
def test_majority__when_two_decide__they_share_one_and_fewer_than_half_are_none(size: int) -> None:
    needed = committee.majority(size)
    assert 2 * needed > size >= 2 * (needed - 1)


@pytest.mark.parametrize(("size", "wanted"), [(3, 2), (4, 3), (5, 3), (7, 4), (9, 5), (64, 33)])
def test_majority__when_a_roll_judges__is_more_than_half(size: int, wanted: int) -> None:
    assert committee.majority(size) == wanted
