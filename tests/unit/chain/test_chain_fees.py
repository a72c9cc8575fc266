"""Offers for gas: from a fee history, and raised so that every pool takes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oracle.chain.fees import Fees, Market, market_of

CAP_WEI = 10**12


def test_market_of__when_blocks_are_empty__then_they_say_nothing_about_tips() -> None:
    history = {"oldestBlock": 7, "baseFeePerGas": [10, 20, 30, 40], "reward": [[0], [3 * 10**9], [5 * 10**9]]}
    assert market_of(history) == Market(head=9, base_fee_wei=40, tip_wei=5 * 10**9)


def test_market_of__when_nobody_tipped__then_the_least_that_can_be_raised() -> None:
    assert market_of({"oldestBlock": 0, "baseFeePerGas": [7, 7], "reward": [[0]]}).tip_wei == 10**7
    assert market_of({"oldestBlock": 0, "baseFeePerGas": [7, 7]}).tip_wei == 10**7


def test_offer__when_the_market_is_above_the_cap__then_the_cap() -> None:
    assert Market(1, CAP_WEI, 2 * CAP_WEI).offer(CAP_WEI) == Fees(CAP_WEI, CAP_WEI)


@given(
    base=st.integers(0, 10**12),
    tip=st.integers(1, 10**12),
    fee=st.integers(1, 10**12),
    part=st.floats(0, 1),
    percent=st.integers(10, 100),
)
def test_raised__when_any_market__then_both_fees_rise_by_the_percent_below_the_cap_or_not_at_all(
    base: int, tip: int, fee: int, part: float, percent: int
) -> None:
    before = Fees(fee, int(fee * part))
    after = Market(1, base, tip).raised(before, percent, CAP_WEI)
    if after is None:
        assert fee * (100 + percent) > 100 * CAP_WEI
        return
    assert after.max_fee_wei * 100 >= before.max_fee_wei * (100 + percent)
    assert after.tip_wei * 100 >= before.tip_wei * (100 + percent)
    assert after.tip_wei <= after.max_fee_wei <= CAP_WEI


def test_raised__when_a_tenth_more_is_below_the_cap__then_it_is_offered_even_if_the_market_is_above() -> None:
    assert Market(1, CAP_WEI, 10).raised(Fees(10**9, 100), 10, CAP_WEI) == Fees(CAP_WEI, 110)
    assert Market(1, 1, 10).raised(Fees(CAP_WEI, 100), 10, CAP_WEI) is None
