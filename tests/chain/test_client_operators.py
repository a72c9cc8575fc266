"""Operators: other keys, more stake, put out and back, another policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import client_world
import pytest
from anvil_server import anvil
from client_world import OPERATORS, POLICY, RELAYER, STAKE_WEI, World

from oracle.client import SignatureUnknownError
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
    world.pass_time(POLICY.epoch_length)
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


def test_jail__when_a_supermajority_signed__then_out_until_released(world: World) -> None:
    victim, deadline = OPERATORS[3].address, world.client.block_time() + 60
    signatures = [world.client.sign_jailing(victim, deadline, attester) for attester in world.attesters[:3]]
    with pytest.raises(ContractRevertError, match="QuorumMismatch"):
        world.as_(RELAYER).jail(victim, deadline, signatures[:2])
    until = world.as_(RELAYER).jail(victim, deadline, signatures).event("OperatorJailed").arguments["until"]
    assert world.client.read(world.client.contract.operator_info(victim)).jailed_until == until
    with pytest.raises(ContractRevertError, match=r"OperatorIsJailed.*wait until then"):
        world.as_(OPERATORS[3]).release()
    world.pass_time(200)
    world.as_(RELAYER).release(victim)
    with pytest.raises(ContractRevertError, match="OperatorNotOut"):
        world.as_(RELAYER).release(victim)


def test_jail__when_a_signature_is_over_another__then_signature_unknown(world: World) -> None:
    victim, deadline = OPERATORS[3].address, world.client.block_time() + 60
    signature = world.client.sign_jailing(OPERATORS[2].address, deadline, world.attesters[0])
    with pytest.raises(SignatureUnknownError, match="have the members sign"):
        world.as_(RELAYER).jail(victim, deadline, [signature])
    with pytest.raises(SignatureUnknownError):
        world.as_(RELAYER).jail(victim, deadline, [b"no signature"])


def test_schedule_policy__when_a_supermajority_signed__then_applied_once_due(world: World) -> None:
    policy, deadline = replace(POLICY, epoch_length=20), world.client.block_time() + 60
    signatures = [world.client.sign_amendment(policy, deadline, attester) for attester in world.attesters[1:]]
    sent = world.as_(RELAYER).schedule_policy(policy, deadline, signatures)
    scheduled = world.client.read(world.client.contract.scheduled_policy())
    assert scheduled is not None
    assert (scheduled.policy, scheduled.not_before) == (policy, sent.event("PolicyScheduled").arguments["notBefore"])
    with pytest.raises(ContractRevertError, match="PolicyNotDue"):
        world.as_(RELAYER).apply_policy()
    world.pass_time(POLICY.unbonding_time)
    world.as_(RELAYER).apply_policy()
    assert world.client.read(world.client.contract.current_policy()) == policy
    assert world.client.read(world.client.contract.scheduled_policy()) is None
    with pytest.raises(ContractRevertError, match="NoPolicyScheduled"):
        world.as_(RELAYER).apply_policy()
