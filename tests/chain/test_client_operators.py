"""Operators: other keys, more stake, leases, the roll with its seats and reserve, and who waits."""

from __future__ import annotations

from collections.abc import Iterator

import client_world
import pytest
from anvil_server import anvil
from client_world import BENCH, FIFTH, OPERATORS, RELAYER, STAKE_WEI, TERMS, World

from oracle.core import digests
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Verdict
from oracle.keys.devnet import devnet_key
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

VERDICT = Verdict(1, 900_000, bytes(range(32)))


@pytest.fixture
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


def test_change_keys__when_rotated__then_the_new_attester_signs_and_the_old_earnings_stay(world: World) -> None:
    world.record_verdict(world.ask(), VERDICT)
    operator, attester = world.as_(OPERATORS[0]), LocalSigner(devnet_key(15))
    sent = operator.change_keys(attester, SealKey.generate().public, "https://moved.example")
    assert sent.event("OperatorChanged").arguments["attester"] == attester.address
    assert world.client.members()[0].attester == world.attesters[0].address
    assert world.client.members()[0].endpoint == "https://moved.example"
    world.pass_time(TERMS.epoch_length)
    world.as_(RELAYER).rotate()
    assert attester.address in [member.attester for member in world.client.members()]
    assert world.client.attesters_of(OPERATORS[0].address) == [world.attesters[0].address, attester.address]
    (earning,) = operator.earnings()
    operator.collect(earning)
    assert operator.balance() > 0


def test_add_stake__when_anyone_adds__then_it_is_the_operators(world: World) -> None:
    world.as_(RELAYER).add_stake(7, OPERATORS[1].address)
    world.as_(OPERATORS[1]).add_stake(3)
    info = world.client.read(world.client.contract.operator_info(OPERATORS[1].address))
    assert info.stake == STAKE_WEI + 10


def test_joining__when_signed__then_under_the_committees_domain(world: World) -> None:
    attester, seal = LocalSigner(devnet_key(15)), SealKey.generate().public
    deadline = world.client.block_time() + 60
    for domain, error in ((world.client.domain, "SignatureInvalid"), (world.client.contract.committee_domain, None)):
        data = digests.joining(domain, RELAYER.address, seal, "https://node.example", deadline)
        signature = attester.sign(digests.typed_data_digest(data))
        join = world.client.contract.join(attester.address, seal, "https://node.example", deadline, signature)
        if error is None:
            world.as_(RELAYER).send(join, STAKE_WEI)
        else:
            with pytest.raises(ContractRevertError, match=error):
                world.as_(RELAYER).send(join, STAKE_WEI)
    assert [each.operator for each in world.client.waiting()] == [RELAYER.address]


def test_roll__when_some_have_seats__then_the_others_are_the_reserve() -> None:
    with anvil() as url:
        world = client_world.build(url, BENCH)
        roll = world.client.roll()
        assert [each.operator for each in roll] == [each.address for each in (*OPERATORS, FIFTH)]
        assert [each.attester for each in roll] == [each.address for each in world.attesters]
        assert [each.place for each in roll] == ["seat"] * 3 + ["reserve"] * 2
        assert [each.index for each in world.client.members()] == [0, 1, 2]
        now = world.client.block_time()
        assert {(each.stake, each.endpoint) for each in roll} == {(STAKE_WEI, "https://node.example")}
        assert all(now < each.lease <= now + TERMS.lease for each in roll)
        shown = roll[4].to_json()
        assert (shown["index"], shown["place"], shown["stakeWei"]) == (4, "reserve", str(STAKE_WEI))
        with pytest.raises(ContractRevertError, match="EpochUnknown"):
            world.client.roll(7)
        assert world.client.committee_terms.seats == 3


def test_waiting__when_several_joined__then_the_highest_stake_first_until_they_enter(world: World) -> None:
    joining = {RELAYER: STAKE_WEI, client_world.SUBJECT: 2 * STAKE_WEI}
    for index, (operator, stake) in enumerate(joining.items()):
        attester = LocalSigner(devnet_key(15 + index))
        world.as_(operator).join(attester, SealKey.generate().public, f"https://{index}.example", stake)
    waiting = world.client.waiting()
    assert [(each.operator, each.stake, each.endpoint) for each in waiting] == [
        (client_world.SUBJECT.address, 2 * STAKE_WEI, "https://1.example"),
        (RELAYER.address, STAKE_WEI, "https://0.example"),
    ]
    with pytest.raises(ContractRevertError, match=r"RotationTooSoon.*wait until then"):
        world.as_(RELAYER).rotate()
    world.pass_time(TERMS.epoch_length)
    world.as_(RELAYER).rotate()
    # One in eight, one at least.
    assert [each.operator for each in world.client.waiting()] == [RELAYER.address]
    assert world.client.roll()[4].operator == client_world.SUBJECT.address
    assert world.client.roll()[4].place == "reserve"


def test_renew_lease__when_it_was_over__then_it_leaves_and_waits_again(world: World) -> None:
    world.pass_time(TERMS.lease - 100)
    for operator in OPERATORS[1:]:
        world.as_(operator).renew_lease()
    world.pass_time(200)
    world.as_(RELAYER).rotate()
    assert OPERATORS[0].address not in [each.operator for each in world.client.roll()]
    until = world.as_(OPERATORS[0]).renew_lease().event("LeaseRenewed").arguments["until"]
    assert [(each.operator, each.lease) for each in world.client.waiting()] == [(OPERATORS[0].address, until)]


def test_withdraw_stake__when_on_the_roll_or_bonded__then_typed_reverts(world: World) -> None:
    operator = world.as_(OPERATORS[3])
    with pytest.raises(ContractRevertError, match="OperatorNotResigned"):
        operator.withdraw_stake()
    operator.resign()
    with pytest.raises(ContractRevertError, match=r"StillOnRoll.*rotate first"):
        operator.withdraw_stake()
    world.pass_time(TERMS.epoch_length)
    world.as_(RELAYER).rotate()
    with pytest.raises(ContractRevertError, match="StakeBonded"):
        operator.withdraw_stake()
    world.pass_time(TERMS.unbonding)
    assert operator.withdraw_stake().event("StakeWithdrawn").arguments["stake"] == STAKE_WEI
