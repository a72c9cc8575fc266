"""Agreements as FHIR R4 Consent resources: valid there, the same when they come back, and refused when they say something else."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as some

from oracle.core.purposes import purposes
from oracle.core.structs import Agreement, AgreementState
from oracle.receipts import FhirError, from_fhir, to_fhir

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fhir.resources.R4B.consent import Consent

CHAIN = 31337
_addresses = some.binary(min_size=20, max_size=20).map(to_checksum_address)
_words = some.binary(min_size=32, max_size=32)
_bits = some.integers(1, (1 << len(purposes())) - 1)
_times = some.integers(0, 2 * 10**11)

agreements = some.builds(
    Agreement,
    controller=_addresses,
    subject=_addresses,
    holder=_addresses,
    root=_words,
    notice=_words,
    salt=_words,
    model=_words,
    purposes=_bits,
    prohibited=some.just(0) | _bits,
    steps=some.integers(1, 31),
    modifiers=some.integers(0, 2**16 - 1),
    place=some.integers(0, 999),
    language=some.sampled_from([bytes(2), b"en", b"de"]),
    erasure=some.booleans(),
    disclosure=some.integers(0, 3),
    valid_from=_times,
    valid_until=_times.map(lambda seconds: seconds + 1),
    uses=some.integers(1, 2**32 - 1),
    price=some.integers(0, 2**96 - 1),
)


@pytest.fixture
def agreement() -> Agreement:
    party = [to_checksum_address(bytes([place]) * 20) for place in (1, 2, 3)]
    digest = [bytes([place]) * 32 for place in (4, 5, 6, 7)]
    return Agreement(
        *party, *digest, 1 << 3, 1 << 9, 0b1, 1 << 15, 276, b"en", True, 2, 1_700_000_000, 1_800_000_000, 3, 10**15
    )


@given(agreements)
def test_agreement__when_written_and_read__is_the_same(agreement: Agreement) -> None:
    resource = json.loads(json.dumps(to_fhir(agreement, CHAIN)))
    assert from_fhir(resource, CHAIN) == agreement


@pytest.mark.parametrize(
    ("state", "status"),
    list(
        zip(AgreementState, ("proposed", "active", "inactive", "inactive", "rejected", "entered-in-error"), strict=True)
    ),
)
def test_resource__beside_the_profile_of_r4__is_valid(agreement: Agreement, state: AgreementState, status: str) -> None:
    resource = to_fhir(agreement, CHAIN, state)
    assert Consent.model_validate_json(json.dumps(resource)).status == status
    again = json.loads(Consent.model_validate_json(json.dumps(resource)).model_dump_json())
    assert again["provision"]["purpose"] == resource["provision"]["purpose"]


def test_resource__when_a_server_fills_in_its_own__then_it_is_the_same_agreement(agreement: Agreement) -> None:
    resource = to_fhir(agreement, CHAIN) | {
        "id": "17",
        "meta": {"versionId": "2"},
        "status": "active",
        "language": "en",
    }
    assert from_fhir(resource, CHAIN) == agreement


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"provision.securityLabel": [{"code": "R"}]}, "provision.securityLabel"),
        ({"provision.dataPeriod": {"start": "2020"}}, "provision.dataPeriod"),
        ({"provision.type": "deny"}, "provision.type"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "modifierExtension"),
        ({"verification": [{"verified": True}]}, "verification"),
        ({"resourceType": "Contract"}, "resourceType"),
        ({"provision.period": {"start": "2020-01-01", "end": "2021-01-01"}}, "ValueError"),
        ({"provision.purpose": [{"system": "https://w3id.org/dpv#", "code": "Nonsense"}]}, "Nonsense"),
        ({"provision.purpose": [{"system": "urn:other", "code": "AcademicResearch"}]}, "provision.purpose"),
        ({"patient": {"identifier": {"value": "did:pkh:eip155:1:0x" + "11" * 20}}}, "patient: not an account"),
        ({"patient": {"reference": "Patient/1"}}, "KeyError"),
        ({"status": "rejected"}, "status"),
        ({"status": "entered-in-error"}, "status"),
        ({"meta": {"security": [{"code": "R"}]}}, "meta"),
        ({"implicitRules": "urn:only-if"}, "implicitRules"),
        ({"text": {"status": "additional", "div": "Only for non-commercial use"}}, "text"),
        ({"identifier": 5}, "identifier"),
        ({"identifier": [1]}, "identifier"),
        ({"identifier": None}, "identifier"),
        ({"identifier": [{"system": "urn:assent:agreement", "value": "0x00"}]}, "another agreement"),
    ],
)
def test_resource__when_it_says_something_else__then_refused_naming_it(
    agreement: Agreement, change: dict[str, Any], element: str
) -> None:
    resource = copy.deepcopy(to_fhir(agreement, CHAIN))
    for path, value in change.items():
        *outer, name = path.split(".")
        place = resource
        for each in outer:
            place = place[each]
        place[name] = value
    with pytest.raises(FhirError, match=element):
        from_fhir(resource, CHAIN)


def _elements(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield (*path, name)
            yield from _elements(value[name], (*path, name))


def test_resource__when_any_element_is_left_out__then_refused_or_another_agreement(agreement: Agreement) -> None:
    whole = to_fhir(agreement, CHAIN)
    for path in _elements(whole):
        if path[0] in ("id", "identifier", "status"):
            continue
        made = copy.deepcopy(whole)
        place: Any = made
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
        try:
            assert from_fhir(made, CHAIN) != agreement, path
        except FhirError:
            continue


@pytest.mark.parametrize("nonsense", [{}, {"provision": 7}, {"resourceType": "Consent", "extension": []}])
def test_resource__when_it_is_none__then_refused(nonsense: dict[str, Any]) -> None:
    with pytest.raises(FhirError):
        from_fhir(nonsense, CHAIN)


def test_agreement__when_it_ends_after_all_dates__then_refused(agreement: Agreement) -> None:
    values = agreement.to_json() | {"validUntil": 2**40 - 1}
    with pytest.raises(FhirError, match="9999"):
        to_fhir(Agreement.from_json(values), CHAIN)
