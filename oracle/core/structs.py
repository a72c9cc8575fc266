"""The structs of the contracts, as Python has them, and their ids: one place to import them from.

Field order is the contracts' own; ``tests/vectors/ids.json`` is checked by Solidity and by Python.
"""

from oracle.core.agreements import Agreement, AgreementState, Source, Step, Terms, agreement_id
from oracle.core.eip712 import Struct
from oracle.core.mandates import Mandate, Right
from oracle.core.registries import (
    MAX_OPEN_S,
    MIN_OPEN_S,
    Model,
    ModelsBy,
    ModelState,
    Policy,
    Record,
    RecordState,
    pool_id,
    root_pool_id,
)
from oracle.core.standing import Schedule, StandingRequest
from oracle.core.verdicts import (
    Answer,
    Attestation,
    ChallengeTerms,
    Finality,
    Reference,
    Request,
    RequestState,
    Testimony,
    Verdict,
    contradict,
    request_id,
)
from oracle.core.words import (
    BASIS_POINTS,
    CALLBACK_UNIT,
    CLAIM_TIME_S,
    MAX_CALLBACK_GAS,
    Delivery,
    Limits,
    Question,
    Quote,
    Scope,
)

__all__ = [
    "BASIS_POINTS",
    "CALLBACK_UNIT",
    "CLAIM_TIME_S",
    "MAX_CALLBACK_GAS",
    "MAX_OPEN_S",
    "MIN_OPEN_S",
    "Agreement",
    "AgreementState",
    "Answer",
    "Attestation",
    "ChallengeTerms",
    "Delivery",
    "Finality",
    "Limits",
    "Mandate",
    "Model",
    "ModelState",
    "ModelsBy",
    "Policy",
    "Question",
    "Quote",
    "Record",
    "RecordState",
    "Reference",
    "Request",
    "RequestState",
    "Right",
    "Schedule",
    "Scope",
    "Source",
    "StandingRequest",
    "Step",
    "Struct",
    "Terms",
    "Testimony",
    "Verdict",
    "agreement_id",
    "contradict",
    "pool_id",
    "request_id",
    "root_pool_id",
]
