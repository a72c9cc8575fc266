"""Token buckets."""

from __future__ import annotations

from oracle.peers.limits import Buckets


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_take__when_the_bucket_is_empty__then_seconds_until_it_is_not() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=4, clock=clock)
    assert [buckets.take("a", 1) for _ in range(4)] == [0, 0, 0, 0]
    wait_s = buckets.take("a", 1)
    assert wait_s > 0
    clock.now += wait_s
    assert buckets.take("a", 1) == 0


def test_take__when_another_key_asks__then_it_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    assert buckets.take("a", 1) == 0
    assert buckets.take("a", 1) > 0
    assert buckets.take("b", 1) == 0


def test_charge__when_more_than_is_left__then_the_wait_is_longer_but_bounded() -> None:
    buckets = Buckets(rate=1, burst=10, clock=Clock())
    buckets.charge("a", 15)
    assert buckets.wait_s("a") == 6
    buckets.charge("a", 10**9)
    assert buckets.wait_s("a") == 11


def test_take__when_a_million_keys_come__then_memory_is_bounded() -> None:
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    for key in range(10_000):
        buckets.take(key, 1)
    assert len(buckets._left) <= 4_096
