"""The rule by which terms admit a question, beside a matcher of ODRL policies that shares nothing with it but the vocabulary's file.

A data use policy in ODRL (https://www.w3.org/TR/odrl-model/), as DUO's terms are written in it: what is agreed to is a permission with
constraints on purpose, action, place, time and count; what is ruled out is a prohibition, and the conflict strategy is ``prohibit``; a
modifier is a duty of the permission, which the assignee must take on. A constraint on a purpose is ``isA``: it holds for what is below.
"""

import csv
import random
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from oracle.core import duo
from oracle.core.matching import Mismatch, mismatch
from oracle.core.purposes import mask, purposes
from oracle.core.structs import Disclosure, Question, Step, Terms

CASES = 10_000
PLACES = (0, 276, 840)


def parents() -> dict[str, list[str]]:
    text = (resources.files("oracle.core") / "vocabulary" / "dpv_purposes.csv").read_text(encoding="utf-8")
    return {
        row["term"]: [each for each in row["parents"].split(";") if each] for row in csv.DictReader(text.splitlines())
    }


PARENTS = parents()
TERMS = list(PARENTS)


def is_a(term: str, broader: str) -> bool:
    return term == broader or any(is_a(parent, broader) for parent in PARENTS.get(term, []))


def policy(terms: Terms) -> dict[str, Any]:
    """Write an offer as an ODRL policy."""
    named = [term for bit, term in enumerate(TERMS) if terms.purposes >> bit & 1]
    barred = [term for bit, term in enumerate(TERMS) if terms.prohibited >> bit & 1]
    constraints = [
        {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": named},
        {"leftOperand": "dateTime", "operator": "gteq", "rightOperand": terms.valid_from},
        {"leftOperand": "dateTime", "operator": "lt", "rightOperand": terms.valid_until},
        {"leftOperand": "count", "operator": "lt", "rightOperand": terms.uses},
    ]
    if terms.place:
        constraints.append({"leftOperand": "spatial", "operator": "eq", "rightOperand": terms.place})
    duties = [{"action": code} for code, bit in duo.modifiers().items() if terms.modifiers >> bit & 1]
    return {
        "conflict": "prohibit",
        "permission": [
            {"action": step.name, "constraint": constraints, "duty": duties} for step in Step if terms.steps >> step & 1
        ],
        "prohibition": [
            {"constraint": [{"leftOperand": "purpose", "operator": "isA", "rightOperand": each}]} for each in barred
        ],
    }


def request(question: Question, timestamp: int) -> dict[str, Any]:
    """Write a question as what an assignee wants to do, with the duties that it takes on."""
    known = question.purpose < len(TERMS)
    return {
        "action": next((step.name for step in Step if step == question.step), "unknown"),
        "purpose": TERMS[question.purpose] if known else "unknown",
        "dateTime": timestamp,
        "count": question.use,
        "spatial": question.place,
        "undertakes": {code for code, bit in duo.modifiers().items() if question.modifiers >> bit & 1},
    }


def holds(constraint: dict[str, Any], asked: dict[str, Any]) -> bool:
    given, wanted = asked[constraint["leftOperand"]], constraint["rightOperand"]
    match constraint["operator"]:
        case "isAnyOf":
            return any(is_a(given, each) for each in wanted)
        case "gteq":
            return bool(given >= wanted)
        case "lt":
            return bool(given < wanted)
        case "eq":
            return bool(given == wanted)
    raise AssertionError(constraint)


def forbids(prohibition: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether what is asked for is, lies below, or contains what is ruled out: leave for a purpose is leave for all below it."""
    (constraint,) = prohibition["constraint"]
    barred = constraint["rightOperand"]
    return is_a(asked["purpose"], barred) or is_a(barred, asked["purpose"])


def permits(offer: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Evaluate a policy: some permission holds with its duties taken on, and no prohibition applies."""
    if any(forbids(each, asked) for each in offer["prohibition"]):
        return False
    return any(
        each["action"] == asked["action"]
        and all(holds(constraint, asked) for constraint in each["constraint"])
        and {duty["action"] for duty in each["duty"]} <= asked["undertakes"]
        for each in offer["permission"]
    )


def draw(dice: random.Random) -> tuple[Terms, Question, int]:
    """Draw an offer and a question that fit together now and then."""
    asked = dice.randrange(len(TERMS) + 1)
    near = [bit for bit, term in enumerate(TERMS) if asked < len(TERMS) and is_a(TERMS[asked], term)]
    bits = {dice.randrange(len(TERMS)) for _ in range(dice.randrange(3))} | ({dice.choice(near)} if near else {0})
    barred = {dice.randrange(len(TERMS)) for _ in range(dice.choice((0, 0, 1, 2)))}
    undertaken = dice.getrandbits(16) | (0xFFFF if dice.random() < 0.5 else 0)
    terms = Terms(
        bytes(32),
        sum(1 << bit for bit in bits),
        sum(1 << bit for bit in barred),
        steps=dice.randrange(1, 32) | (0b11111 if dice.random() < 0.4 else 0),
        modifiers=dice.choice((0, 0, dice.getrandbits(16) & dice.getrandbits(16))),
        place=dice.choice(PLACES),
        language=b"en",
        erasure=False,
        disclosure=3,
        valid_from=100,
        valid_until=200,
        uses=dice.randrange(1, 6),
        price=0,
    )
    question = Question(dice.randrange(5), 0, asked, dice.randrange(5), 0, 0, 3, undertaken, dice.choice(PLACES))
    return terms, question, dice.choice((99, 100, 150, 150, 150, 199, 200))


def test_mismatch__beside_an_odrl_matcher__then_the_same_for_ten_thousand_offers_and_questions() -> None:
    dice = random.Random(54)
    admitted = 0
    for _ in range(CASES):
        terms, question, timestamp = draw(dice)
        found = mismatch(terms, question, timestamp)
        assert (found is None) == permits(policy(terms), request(question, timestamp)), (terms, question, timestamp)
        admitted += found is None
    assert CASES / 20 < admitted < CASES / 2, "both answers are common"


def test_mismatch__when_renewed__then_the_later_end_counts() -> None:
    terms, question = TERMS_OF_ONE, Question(0, 0, 0, 0)
    assert mismatch(terms, question, 200) is Mismatch.EXPIRED
    assert mismatch(terms, question, 200, valid_until=201) is None


@pytest.mark.parametrize("allowed", Disclosure)
@pytest.mark.parametrize("asked", Disclosure)
def test_mismatch__when_more_is_asked_in_clear_than_allowed__then_that(allowed: Disclosure, asked: Disclosure) -> None:
    terms, question = replace(TERMS_OF_ONE, disclosure=allowed), Question(0, 0, 0, 0, disclosure=asked)
    assert mismatch(terms, question, 150) == (Mismatch.DISCLOSURE_NOT_AGREED if asked > allowed else None)


TERMS_OF_ONE = Terms(bytes(32), 1, 0, 1, 0, 0, bytes(2), False, 3, 100, 200, 1, 0)


# Vocabularies


def test_modifiers__then_each_has_a_bit_and_a_place_in_duo() -> None:
    bits = duo.modifiers()
    assert sorted(bits.values()) == list(range(len(bits)))
    assert all(duo.duo_iri(code).startswith("http://purl.obolibrary.org/obo/DUO_") for code in bits)


def test_modifiers__when_named__then_back_to_their_names() -> None:
    assert duo.modifier_codes(duo.modifier_mask(["NCU", "IRB"])) == ("IRB", "NCU")
    assert duo.modifier_codes(1 << 20) == ("bit 20",)


def test_modifiers__when_unknown__then_those_that_there_are_are_named() -> None:
    with pytest.raises(duo.UnknownConditionError, match="NCU"):
        duo.modifier_mask(["NCUU"])


def test_permissions__then_no_restriction_is_all_and_general_research_no_marketing() -> None:
    assert duo.permission_mask(["NRES"]) == (1 << len(purposes())) - 1
    assert duo.permission_mask(["GRU"]) == mask(["ResearchAndDevelopment"])


@pytest.mark.parametrize("term", ["Marketing", "TargetedAdvertising", "PersonnelHiring", "CustomerSolvencyMonitoring"])
def test_ehds__then_what_article_54_forbids_is_not_admitted(term: str) -> None:
    bit = TERMS.index(term)
    terms = Terms(bytes(32), 1 << bit, duo.ehds_prohibited(), 1, 0, 0, bytes(2), False, 3, 0, 2, 1, 0)
    assert mismatch(terms, Question(0, 0, bit, 0), 1) is Mismatch.PURPOSE_PROHIBITED


def test_ehds__then_research_and_better_care_are_admitted() -> None:
    for term in ("ScientificResearch", "ImproveHealthcare", "ProvideOfficialStatistics"):
        bit = TERMS.index(term)
        terms = Terms(bytes(32), 1 << bit, duo.ehds_prohibited(), 1, 0, 0, bytes(2), False, 3, 0, 2, 1, 0)
        assert mismatch(terms, Question(0, 0, bit, 0), 1) is None
