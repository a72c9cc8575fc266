"""What one operator may have: at once, over time, and through restarts."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from oracle.vault.budgets import DAY_S, Budgets
from oracle.vault.refusals import BudgetSpentError
from oracle.vault.store import VaultStore

ONE, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


class Clock:
    """Stands still until it is set."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def spend(budgets: Budgets, operator: str) -> int:
    """Charge until it is refused; return how often it went."""
    for count in range(10_000):
        try:
            budgets.charge(operator)
        except BudgetSpentError:
            return count
    raise AssertionError("never refused")


@pytest.mark.parametrize("per_day", [1, 7, 100, 9_999])
def test_charge__when_all_is_spent_at_once__then_the_whole_budget_and_no_more(per_day: int) -> None:
    budgets = Budgets(per_day, {}, Clock())
    assert spend(budgets, ONE) == per_day
    assert budgets.left() == {ONE: 0}
    assert spend(budgets, OTHER) == per_day


def test_charge__when_refused__then_says_when_to_ask_again_and_then_is_taken() -> None:
    clock = Clock()
    budgets = Budgets(24, {}, clock)
    spend(budgets, ONE)
    clock.now += 600
    with pytest.raises(BudgetSpentError, match=f"operator {ONE} has spent its budget of 24") as caught:
        budgets.charge(ONE)
    assert caught.value.retry_after_s == 3_000
    clock.now += 2_999
    with pytest.raises(BudgetSpentError):
        budgets.charge(ONE)
    clock.now += 1
    budgets.charge(ONE)


def test_charge__when_time_passes__then_fills_up_to_one_budget_and_no_further() -> None:
    clock = Clock()
    budgets = Budgets(10, {}, clock)
    spend(budgets, ONE)
    clock.now += DAY_S / 2
    assert (budgets.left(), spend(budgets, ONE)) == ({ONE: 5}, 5)
    clock.now += 30 * DAY_S
    assert (budgets.left(), spend(budgets, ONE)) == ({ONE: 10}, 10)


def test_charge__when_the_clock_was_far_ahead_once__then_shut_out_for_a_day_at_most() -> None:
    clock = Clock()
    budgets = Budgets(10, {ONE: clock.now + 1_000 * DAY_S}, clock)
    with pytest.raises(BudgetSpentError) as caught:
        budgets.charge(ONE)
    assert caught.value.retry_after_s <= DAY_S / 10


def test_charge__when_from_several_threads__then_none_is_lost() -> None:
    budgets = Budgets(1_000, {}, Clock())
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: budgets.charge(ONE), range(400)))
    assert budgets.left() == {ONE: 600}


def test_budgets__when_written_down__then_a_restart_gives_nobody_another(database_url: str) -> None:
    clock = Clock()
    store = VaultStore(database_url)
    budgets = Budgets(10, store.budgets(), clock)
    for _ in range(3):
        budgets.charge(ONE)
    spend(budgets, OTHER)
    store.log([], budgets.unsaved())
    budgets.charge(ONE)
    store.log([], budgets.unsaved())
    assert budgets.unsaved() == {}
    store.close()
    store = VaultStore(database_url)
    again = Budgets(10, store.budgets(), clock)
    assert again.left() == {ONE: 6, OTHER: 0}
    store.close()
