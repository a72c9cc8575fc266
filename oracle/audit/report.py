"""What an audit says: one line a check, in the order in which they build on each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oracle.client.nodes import printable
from oracle.core.errors import AuditError
from oracle.core.structs import Finality
from oracle.core.trail import Trail


class CheckName(StrEnum):
    """The checks, by the name under which a report has them."""

    RECORDED = "recorded"
    TRAIL_DIGEST = "trail_digest"
    TRAIL_FORM = "trail_form"
    DEPLOYMENT = "deployment"
    REQUEST = "request"
    VERDICT = "verdict"
    AGREEMENT = "agreement"
    CONSENT_STANDING = "consent_standing"
    CONSENT_COVERAGE = "consent_coverage"
    RECORD = "record"
    MODEL = "model"
    QUORUM = "quorum"
    CASE = "case"
    PROPOSER = "proposer"
    OUTPUT = "output"
    ATTRIBUTION = "attribution"
    MODEL_CARD = "model_card"
    RELEASE_FIELDS = "release_fields"
    RECOMPUTED_SCORE = "recomputed_score"
    RECOMPUTED_ATTRIBUTION = "recomputed_attribution"


class CheckFailedError(AuditError):
    """A check that failed: what was expected, and what was found. Neither is ever a value of the record."""

    def __init__(self, check: CheckName, expected: str, found: str) -> None:
        self.check = check
        self.expected = expected
        self.found = found
        super().__init__(f"{check}: expected {expected}, found {found}")


class CheckSkippedError(AuditError):
    """A check that can't be made; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. A skipped one has not passed, and says in ``detail`` why; ``expected`` and ``found`` are of a failed one."""

    name: CheckName
    passed: bool
    detail: str
    skipped: bool = False
    expected: str | None = None
    found: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it was made and failed."""
        return not self.passed and not self.skipped


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All checks of one verdict, as it stands. ``node`` is the endpoint that served the trail; ``finality`` how far it can still change."""

    request_id: bytes
    checks: tuple[Check, ...]
    trail: Trail | None = None
    node: str | None = None
    finality: Finality = Finality.NONE

    @property
    def passed(self) -> bool:
        """Whether no check failed; :attr:`complete` tells whether all of them were made."""
        return not self.failures

    @property
    def complete(self) -> bool:
        """Whether no check was skipped."""
        return not any(check.skipped for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return tuple(check for check in self.checks if check.failed)

    def check(self, name: CheckName | str) -> Check:
        """Return a check by its name. Raises KeyError."""
        return {check.name: check for check in self.checks}[CheckName(name)]

    def must_pass(self) -> None:
        """Raise CheckFailedError for the first check that failed, if any did."""
        for check in self.failures:
            raise CheckFailedError(check.name, check.expected or "", check.found or check.detail)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "request": "0x" + self.request_id.hex(),
            "passed": self.passed,
            "complete": self.complete,
            "finality": self.finality.name.lower(),
            "node": self.node,
            "trail": None if self.trail is None else "0x" + self.trail.digest.hex(),
            "checks": [_to_json(check) for check in self.checks],
        }


def must(truth: bool, check: CheckName, expected: object, found: object) -> None:
    """Raise CheckFailedError unless it's the truth."""
    if not truth:
        raise CheckFailedError(check, shown(expected), shown(found))


def equal(check: CheckName, what: str, expected: object, found: object) -> None:
    """Raise CheckFailedError, naming the thing, unless both are equal."""
    must(expected == found, check, f"{what} {shown(expected)}", shown(found))


def shown(value: object) -> str:
    """Write a value for people: bytes as hex; printable and short, since a stranger may have chosen it."""
    return printable("0x" + value.hex() if isinstance(value, bytes) else str(value))


def _to_json(check: Check) -> dict[str, Any]:
    result = "passed" if check.passed else "skipped" if check.skipped else "failed"
    failure = {"expected": check.expected, "found": check.found} if check.failed else {}
    return {"name": check.name.value, "result": result, "detail": check.detail, **failure}
