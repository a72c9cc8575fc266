"""Balances in ether and in a token; what subjects, publishers and operators earn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import client_world
import pytest
from anvil_server import anvil
from client_world import (
    CONTROLLER,
    FEE_WEI,
    HOLDER,
    OPERATORS,
    PUBLISHER,
    PURPOSE,
    QUORUM,
    RELAYER,
    SUBJECT,
    TrailServer,
    World,
)

from oracle.chain.contract import ETHER
from oracle.client import NotATokenError, TokenFundsError
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Agreement, Delivery, Verdict

VERDICT = Verdict(1, 900_000, bytes(range(32)))
SUPPLY, TOKEN_FEE, PRICE = 10**24, 1_003, 50


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


@pytest.fixture(scope="module")
def coin(world: World) -> str:
    """A token that a model is paid in, all of it the controller's."""
    token = client_world.deploy_coin(world.url, CONTROLLER.address, SUPPLY)
    world.as_(PUBLISHER).publish_model(paid_in(world, token), "https://models.example/coin")
    return token


def paid_in(world: World, token: str) -> client_world.Model:
    return replace(world.model, currency=token, fee=TOKEN_FEE)


def give(world: World, token: str) -> Agreement:
    return world.give(model_id=paid_in(world, token).id, price=PRICE)


# Ether


def test_deposit__when_in_ether__then_the_balance_grows_and_can_be_withdrawn(world: World) -> None:
    client, web3 = world.as_(RELAYER), world.client.web3
    client.deposit(1_000)
    client.with_signer(CONTROLLER).deposit(500, account=RELAYER.address)
    assert client.balance() == 1_500
    before = web3.eth.get_balance(HOLDER.address)
    paid = client.withdraw_balance(to=HOLDER.address).event("Withdrawn").arguments
    assert (paid["amount"], web3.eth.get_balance(HOLDER.address) - before) == (1_500, 1_500)
    with pytest.raises(ContractRevertError, match="NothingToWithdraw"):
        client.withdraw_balance()


# Tokens


def test_deposit__when_in_a_token__then_approved_as_far_as_needed(world: World, coin: str) -> None:
    client = world.as_(CONTROLLER)
    assert len(client.approve(coin, 10)) == 1
    assert client.approve(coin, 10) == []
    client.deposit(2_000, coin)  # clears the smaller allowance first
    assert client.balances() == {ETHER: client.balance(), coin: client.balance(currency=coin)}
    assert client.balance(currency=coin) == 2_000
    assert client.withdraw_balance(coin).event("Withdrawn").arguments["amount"] == 2_000


def test_deposit__when_the_account_has_too_little__then_token_funds_error(world: World, coin: str) -> None:
    with pytest.raises(TokenFundsError, match="has 0 of the token") as caught:
        world.as_(RELAYER).deposit(5, coin)
    assert (caught.value.balance, caught.value.needed) == (0, 5)


def test_deposit__when_no_model_is_paid_in_it__then_typed(world: World, coin: str) -> None:
    other = client_world.deploy_coin(world.url, CONTROLLER.address, SUPPLY)
    with pytest.raises(ContractRevertError, match="CurrencyUnknown"):
        world.as_(CONTROLLER).deposit(5, other)
    with pytest.raises(NotATokenError, match="no token"):
        world.as_(CONTROLLER).deposit(5, HOLDER.address)


def test_request__when_the_model_is_paid_in_a_token__then_from_the_balance(world: World, coin: str) -> None:
    client, agreement = world.as_(CONTROLLER), give(world, coin)
    price = client.quote(agreement.terms)
    assert (price.currency, price.in_ether, price.quote.total) == (coin, False, TOKEN_FEE + PRICE)
    with pytest.raises(ContractRevertError, match="BalanceTooLow"):
        client.request(agreement, PURPOSE)
    client.deposit(price.quote.total, coin)
    asked = client.request(agreement, PURPOSE)
    assert client.balance(currency=coin) == 0
    assert world.client.request_terms(asked.id).request == asked.request
    world.record_verdict(asked, VERDICT)
    earned = [each for each in world.client.earnings(OPERATORS[1].address) if each.currency == coin]
    assert [(each.index, each.earned) for each in earned] == [(1, asked.request.quote.operators_amount)]
    world.as_(RELAYER).collect(earned[0])
    assert world.client.balance(OPERATORS[1].address, coin) == asked.request.quote.operators_amount // QUORUM


# Earnings


def test_settle__when_verdicts_earned__then_subject_and_publisher_are_credited(world: World) -> None:
    agreement = world.give(price=PRICE)
    for _ in range(2):
        world.record_verdict(world.ask(agreement), VERDICT)
    due = world.client.unsettled(agreement.id)
    royalty = 2 * (FEE_WEI // 10)
    assert due == (2, 2 * PRICE, royalty, ETHER)
    before = (world.client.balance(SUBJECT.address), world.client.balance(PUBLISHER.address))
    settled = world.as_(RELAYER).settle(agreement.id).event("Settled").arguments
    assert settled["verdicts"] == 2
    assert world.client.balance(SUBJECT.address) == before[0] + 2 * PRICE
    assert world.client.balance(PUBLISHER.address) == before[1] + royalty
    assert world.client.unsettled(agreement.id).verdicts == 0
    with pytest.raises(ContractRevertError, match="NothingToSettle"):
        world.as_(RELAYER).settle(agreement.id)


def test_earnings__when_a_verdict_was_claimed__then_the_roots_pool_is_among_them(world: World) -> None:
    server = TrailServer()
    try:
        asked = [world.ask(delivery=Delivery.ANCHORED) for _ in range(2)]
        tree = world.anchor([(each, VERDICT) for each in asked], server)
        for each in asked:
            world.as_(RELAYER).claim(world.client.proof(each.id, [server.url]))
    finally:
        server.close()
    pool = world.client.read(world.client.contract.pool_of_root(tree.root, ETHER, QUORUM))
    (earning,) = [each for each in world.client.earnings(OPERATORS[0].address) if each.pool == pool]
    assert earning.earned == 2 * asked[0].request.quote.operators_amount
    world.as_(RELAYER).collect(earning)
