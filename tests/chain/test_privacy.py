"""What somebody can learn who has the whole chain, a trail, and a dictionary of all values that a record may have."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import HOLDER, RELAYER, SUBJECT, World

from oracle.client import draft_agreement
from oracle.core.keccak import keccak
from oracle.core.merkle import MerkleTree
from oracle.core.structs import Record
from oracle.data.record import RecordTree, SaltedField, leaf_of
from oracle.keys.signer import LocalSigner

#: A record of four fields, of 8 x 2 x 11 x 121 = 21,296 values in all: every one of them can be tried.
DICTIONARY: dict[str, list[object]] = {
    "blood_group": [f"{letter}{sign}" for letter in ("A", "B", "AB", "0") for sign in "+-"],
    "smoker": [True, False],
    "pain": list(range(11)),
    "age": list(range(121)),
}
TRUTH: dict[str, object] = {"blood_group": "AB-", "smoker": True, "pain": 7, "age": 44}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


def chain_bytes(world: World, first: int = 0) -> list[bytes]:
    """Return everything that the chain has of transactions: arguments of what was sent, and the logs."""
    found = []
    for number in range(first, world.client.block_number() + 1):
        block = world.rpc("eth_getBlockByNumber", hex(number), True)
        found += [bytes.fromhex(sent["input"][10:]) for sent in block["transactions"]]  # after the selector
    for log in world.rpc("eth_getLogs", {"fromBlock": hex(first), "toBlock": "latest"}):
        found += [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        found.append(bytes.fromhex(log["data"][2:]))
    return found


def words(many: Iterable[bytes]) -> set[bytes]:
    """Return every word of an argument or of a log, and zero."""
    whole = {content[start : start + 32] for content in many for start in range(0, len(content), 32)}
    return {word for word in whole if len(word) == 32} | {bytes(32)}


def guesses(salts: Iterable[bytes], names: Iterable[str]) -> dict[bytes, tuple[str, object]]:
    """Return the leaf of each value of each field, under each salt that an attacker can think of."""
    tried = ((name, value, salt) for name in names for value in DICTIONARY[name] for salt in salts)
    return {leaf_of(SaltedField(name, value, salt)): (name, value) for name, value, salt in tried}


def commit(world: World, fields: dict[str, object], subject: str) -> RecordTree:
    tree = RecordTree.salt(fields)
    world.as_(HOLDER).commit_record(tree.root, subject, "https://vault.example")
    return tree


def test_record__when_every_value_is_tried_against_the_whole_chain__then_it_is_not_found(world: World) -> None:
    tree = commit(world, TRUTH, SUBJECT.address)
    known = words(chain_bytes(world))
    assert tree.root in known
    # No leaf is on chain, whatever of the chain is tried for its salt...
    assert not known & guesses(list(known)[:200], DICTIONARY).keys()
    # ...so the attacker has to make the root of all four at once; even told one of them, and with any one salt for all.
    for salt in (bytes(32), keccak(b""), tree.root, keccak(tree.root)):
        told = _leaf("blood_group", TRUTH["blood_group"], salt)
        for smoker, pain, age in itertools.product(*(DICTIONARY[name] for name in ("smoker", "pain", "age"))):
            rest = (_leaf("smoker", smoker, salt), _leaf("pain", pain, salt), _leaf("age", age, salt))
            assert MerkleTree([told, *rest]).root != tree.root


_LEAVES: dict[tuple[str, object, bytes], bytes] = {}


def _leaf(name: str, value: object, salt: bytes) -> bytes:
    key = (name, value, salt)
    if key not in _LEAVES:
        _LEAVES[key] = leaf_of(SaltedField(name, value, salt))
    return _LEAVES[key]


def test_field__when_the_others_were_disclosed_with_salts_and_proofs__then_its_leaf_still_says_nothing(
    world: World,
) -> None:
    tree = commit(world, TRUTH, SUBJECT.address)
    disclosed = tree.disclose(["blood_group", "smoker", "pain"])  # what an operator saw, and gave away
    siblings = {sibling for field in disclosed for sibling in field.proof}
    hidden = leaf_of(next(field for field in tree.fields if field.name == "age"))
    assert hidden in siblings  # the attacker has the very leaf of the age
    salts = words(chain_bytes(world)) | {field.salt for field in disclosed} | siblings
    assert hidden not in guesses(salts, ["age"])


def test_guesses__when_a_salt_is_known__then_the_attack_works() -> None:
    """The attack of the tests above finds what it looks for, as soon as it can."""
    tree = RecordTree.salt(TRUTH)
    age = next(field for field in tree.fields if field.name == "age")
    assert guesses([bytes(32), age.salt], ["age"])[leaf_of(age)] == ("age", 44)


def _given(world: World, subject: LocalSigner, tree: RecordTree) -> set[bytes]:
    """Give an agreement by a relayer, and return all words that it brought on chain."""
    first = world.client.block_number() + 1
    client = world.as_(subject)
    world.as_(HOLDER).commit_record(tree.root, subject.address, "https://vault.example")
    record = Record(tree.root, subject.address, HOLDER.address)
    terms: dict[str, Any] = {"purposes": [client_world.PURPOSE], "uses": 3, "valid_for_s": 10**8}
    named = {"controller": client_world.CONTROLLER.address, "model_id": world.model.id}
    # At the same times as all others: who agrees in which second says nothing of who it is.
    agreement = replace(draft_agreement(record, **named, **terms), valid_from=0, valid_until=2**33)
    deadline = world.client.block_time() + 1_000
    world.as_(RELAYER).give_signed(agreement, deadline, client.sign_agreement(agreement, deadline))
    return words(chain_bytes(world, first))


def test_subject__when_under_another_address_for_each_relationship__then_they_share_no_more_than_strangers_do(
    world: World,
) -> None:
    one, another, stranger = (LocalSigner(bytes([seed]) * 32) for seed in (21, 22, 23))
    same = dict(TRUTH)
    first, second = (_given(world, each, RecordTree.salt(same)) for each in (one, another))
    strangers = _given(world, stranger, RecordTree.salt({**TRUTH, "age": 45}))
    # Holder, controller, model, purposes and the like are everyone's. Times and counts are below 2^40.
    assert not {word for word in (first & second) - strangers if int.from_bytes(word, "big") >= 2**40}
    assert first & strangers
