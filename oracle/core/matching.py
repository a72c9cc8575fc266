"""Whether terms admit a question: the rule of the contract's ``check``, for who asks before asking, and who audits after."""

from __future__ import annotations

from enum import StrEnum

from oracle.core.agreements import Terms
from oracle.core.purposes import covers, prohibits
from oracle.core.words import Question


class Mismatch(StrEnum):
    """What of a question the terms don't admit, by the name of the contract's error; in the contract's order."""

    NOT_YET_VALID = "AgreementNotYetValid"
    EXPIRED = "AgreementExpired"
    PURPOSE_PROHIBITED = "PurposeProhibited"
    PURPOSE_NOT_AGREED = "PurposeNotAgreed"
    STEP_NOT_AGREED = "StepNotAgreed"
    DISCLOSURE_NOT_AGREED = "DisclosureNotAgreed"
    MODIFIERS_UNMET = "ModifiersUnmet"
    PLACE_NOT_AGREED = "PlaceNotAgreed"
    USES_SPENT = "UsesSpent"


def mismatch(terms: Terms, question: Question, timestamp: int, valid_until: int | None = None) -> Mismatch | None:
    """Return what keeps the terms from admitting a question at a time (Unix seconds), or None if they do.

    ``valid_until`` is the end that the agreement was renewed to; without one the terms' counts.
    """
    if timestamp < terms.valid_from:
        return Mismatch.NOT_YET_VALID
    if timestamp >= (terms.valid_until if valid_until is None else valid_until):
        return Mismatch.EXPIRED
    return _purpose(terms, question) or _scope(terms, question) or _use(terms, question)


def _purpose(terms: Terms, question: Question) -> Mismatch | None:
    if prohibits(question.purpose, terms.prohibited):
        return Mismatch.PURPOSE_PROHIBITED
    return None if covers(question.purpose, terms.purposes) else Mismatch.PURPOSE_NOT_AGREED


def _scope(terms: Terms, question: Question) -> Mismatch | None:
    if terms.steps >> question.step & 1 == 0:
        return Mismatch.STEP_NOT_AGREED
    if question.disclosure > terms.disclosure:
        return Mismatch.DISCLOSURE_NOT_AGREED
    if terms.modifiers & ~question.modifiers:
        return Mismatch.MODIFIERS_UNMET
    return Mismatch.PLACE_NOT_AGREED if terms.place not in (0, question.place) else None


def _use(terms: Terms, question: Question) -> Mismatch | None:
    return None if question.use < terms.uses else Mismatch.USES_SPENT
