"""What a committee can't go by: Python says so as the contract does, by the same term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from anvil_server import anvil
from client_world import TERMS, deploy
from eth_utils import to_checksum_address
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError

from oracle.chain.abi import artifact, decode_revert, factory
from oracle.core.roll import MAX_ROLL, MAX_TIME_S, MIN_ROLL
from oracle.core.structs import CommitteeTerms
from oracle.keys.devnet import ADDRESSES

_LONG = 6 * MAX_TIME_S
WRONG: list[tuple[str, dict[str, int]]] = [
    ("min_roll", {"min_roll": MIN_ROLL - 1}),
    ("seats", {"seats": TERMS.min_roll - 1}),
    ("max_roll", {"max_roll": TERMS.seats - 1}),
    ("max_roll", {"max_roll": MAX_ROLL + 1}),
    ("penalty", {"penalty": 0}),
    ("penalty", {"penalty": TERMS.min_stake // 2 + 1}),
    ("bond", {"bond": 0}),
    ("bond", {"bond": TERMS.penalty // 2 + 1}),
    ("window", {"window": 0}),
    ("window", {"window": MAX_TIME_S + 1, "unbonding": _LONG}),
    ("judging_time", {"judging_time": 0}),
    ("judging_time", {"judging_time": MAX_TIME_S + 1, "unbonding": _LONG}),
    ("ruling_time", {"ruling_time": MAX_TIME_S + 1, "unbonding": _LONG}),
    ("epoch_length", {"epoch_length": 0}),
    ("epoch_length", {"epoch_length": MAX_TIME_S + 1, "lease": MAX_TIME_S + 1}),
    ("lease", {"lease": TERMS.epoch_length - 1}),
    ("lease", {"lease": MAX_TIME_S + 1}),
    ("grace", {"grace": MAX_TIME_S + 1, "unbonding": _LONG}),
    ("unbonding", {"unbonding": TERMS.contestable_s}),
    ("unbonding", {"unbonding": _LONG + 1}),
]
#: As much as there may be, and as little.
RIGHT: list[dict[str, int]] = [
    {},
    {"max_roll": MAX_ROLL, "seats": MAX_ROLL},
    {"ruling_time": 0, "grace": 0, "epoch_length": 1, "lease": 1},
    {"window": MAX_TIME_S, "judging_time": MAX_TIME_S, "ruling_time": MAX_TIME_S, "unbonding": _LONG},
    {"unbonding": TERMS.contestable_s + 1},
    {"bond": TERMS.penalty // 2, "penalty": TERMS.min_stake // 2},
]


@pytest.fixture(scope="module")
def web3() -> Iterator[Web3]:
    with anvil() as url:
        yield Web3(HTTPProvider(url))


def refused(web3: Web3, terms: CommitteeTerms) -> str | None:
    """Return the term that the contract refuses, as its error names it."""
    core: Any = to_checksum_address("0x" + "11" * 20)
    try:
        factory(web3, "Committee").constructor(core, terms.to_abi()).estimate_gas({"from": ADDRESSES[0]})
    except ContractCustomError as error:
        revert = decode_revert(bytes.fromhex(str(error.data)[2:]))
        assert revert.name == "TermMalformed"
        return str(revert.arguments["term"])
    return None


@pytest.mark.parametrize(("term", "changes"), WRONG, ids=[f"{each[0]}-{n}" for n, each in enumerate(WRONG)])
def test_problems__when_a_term_cant_be__then_it_is_the_one_that_the_contract_refuses(
    web3: Web3, term: str, changes: dict[str, int]
) -> None:
    terms = replace(TERMS, **changes)
    head, *rest = term.split("_")
    assert refused(web3, terms) == head + "".join(each.title() for each in rest)
    assert term in terms.problems()


@pytest.mark.parametrize("changes", RIGHT, ids=range(len(RIGHT)))
def test_problems__when_terms_are_at_their_bounds__then_there_are_none(web3: Web3, changes: dict[str, int]) -> None:
    terms = replace(TERMS, **changes)
    assert terms.problems() == {}
    assert refused(web3, terms) is None


def test_committee_terms__when_deployed__then_read_as_they_were_chosen(web3: Web3) -> None:
    provider: Any = web3.provider
    created = deploy(provider.endpoint_uri)
    views = web3.eth.contract(
        address=to_checksum_address(created.addresses.committee), abi=[_view("terms"), _view("core")]
    )
    assert CommitteeTerms.from_abi(views.functions.terms().call()) == TERMS
    assert views.functions.core().call() == created.addresses.core


def _view(name: str) -> dict[str, Any]:
    return next(entry for entry in artifact("Committee")["abi"] if entry.get("name") == name)
