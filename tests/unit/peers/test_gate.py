"""Who may ask this node, and how often."""

from __future__ import annotations

import pytest

from oracle.peers.gate import Gate, Lane, PeerBusyError

MEMBER, OTHER = "0x" + "ab" * 20, "0x" + "cd" * 20
SIGNATURE = "0x" + "11" * 64


def exhaust(gate: Gate, lane: Lane) -> PeerBusyError:
    for _ in range(10_000):
        try:
            with gate.entered(lane):
                gate.rejected(lane)
        except PeerBusyError as error:
            return error
    raise AssertionError("a flood was never turned away")


def test_entered__when_an_address_floods__then_turned_away_with_the_time_to_wait() -> None:
    error = exhaust(Gate(), Lane("10.0.0.1"))
    assert error.reason == "rate"
    assert error.retry_s >= 1


def test_entered__when_an_address_floods__then_others_and_members_there_are_let_in() -> None:
    gate = Gate()
    pass_ = gate.accepted(Lane("10.0.0.1"), MEMBER, SIGNATURE, b"{}", None)
    exhaust(gate, Lane("10.0.0.1"))
    with gate.entered(Lane("10.0.0.2")), gate.entered(gate.lane("10.0.0.1", pass_)):
        pass


@pytest.mark.parametrize("shown", [None, "", ".", MEMBER, f"{MEMBER}.", f"{MEMBER}.{'0' * 64}", "é", "x" * 10_000])
def test_lane__when_the_pass_is_none__then_a_strangers(shown: str | None) -> None:
    assert Gate().lane("10.0.0.1", shown) == Lane("10.0.0.1")


def test_lane__when_a_pass_is_anothers_or_from_elsewhere__then_a_strangers() -> None:
    gate = Gate()
    pass_ = gate.accepted(Lane("10.0.0.1"), MEMBER, SIGNATURE, b"{}", None)
    assert pass_ is not None
    assert gate.lane("10.0.0.1", pass_) == Lane("10.0.0.1", MEMBER)
    assert gate.lane("10.0.0.2", pass_).attester is None
    assert gate.lane("10.0.0.1", pass_.replace(MEMBER, OTHER)).attester is None
    assert Gate().lane("10.0.0.1", pass_).attester is None


def test_accepted__when_a_message_is_repeated__then_no_pass_and_no_charge_to_who_signed_it() -> None:
    gate = Gate()
    assert gate.accepted(Lane("10.0.0.1"), MEMBER, SIGNATURE, b"{}", "signed") is not None
    for _ in range(5_000):
        assert gate.accepted(Lane("6.6.6.6"), MEMBER, SIGNATURE, b"{}", "signed") is None
    gate.must_have_room(MEMBER)


def test_must_have_room__when_an_attester_signs_too_much__then_turned_away_and_others_not() -> None:
    gate = Gate()
    with pytest.raises(PeerBusyError) as caught:
        for number in range(10_000):
            gate.must_have_room(MEMBER)
            gate.accepted(Lane("10.0.0.1", MEMBER), MEMBER, f"0x{number:0128x}", b"{}", None)
    assert caught.value.reason == "signed_rate"
    gate.must_have_room(OTHER)


def test_known__when_the_very_same_message_comes_again__then_its_answer_and_only_then() -> None:
    gate, lane = Gate(), Lane("10.0.0.1")
    gate.accepted(lane, MEMBER, SIGNATURE, b"{}", "signed")
    assert gate.known(SIGNATURE, b"{}") == "signed"
    assert gate.known(SIGNATURE, b"{} ") is None
    gate.accepted(lane, MEMBER, "0x22", b"{}", None)  # declined: another time it may be signed
    assert gate.known("0x22", b"{}") is None


def test_entered__when_bodies_trickle__then_a_lane_holds_only_so_many_places() -> None:
    gate, lane = Gate(), Lane("10.0.0.1")
    held = [gate.entered(lane) for _ in range(8)]
    for each in held:
        each.__enter__()
    with pytest.raises(PeerBusyError) as caught, gate.entered(lane):
        pass
    assert caught.value.reason == "too_many_at_once"
    with gate.entered(Lane("10.0.0.2")):
        pass
    held[0].__exit__(None, None, None)
    with gate.entered(lane):
        pass
