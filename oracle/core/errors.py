"""Every error that Assent raises on purpose.

::

    AssentError
    ├── ConfigurationError      settings are wrong; carries every problem at once
    ├── ChainError              the chain or its RPC endpoint
    │   ├── EndpointError       unreachable, timed out, answered nonsense
    │   │   └── LogRangeError   no endpoint answers for so many blocks or logs at once
    │   ├── WrongChainError     an endpoint of another chain
    │   └── ContractRevertError a typed revert, decoded
    ├── RefusalError            this request can't get a verdict from this node; has a ``reason``
    │   ├── ConsentError        the agreement doesn't cover it (any more)
    │   ├── VaultError          the vault is unreachable, or refused
    │   ├── RecordError         fields altered, missing, or not of the record's root
    │   ├── InputError          fields don't fit the model's input schema
    │   └── VerdictMismatchError a proposal that this node can't stand behind
    ├── DatabaseError           the database is unreachable, full or locked; what was under way may be repeated
    ├── DocumentError           a record, bundle or dataset that breaks its schema or its form; carries every problem at once
    ├── ModelError              package unreadable, altered, or of an unknown architecture; or rows that a model can't evaluate
    ├── RuntimeUnavailableError nothing can be evaluated now; passes by itself or with the operator's help
    ├── SealError               a sealed message that doesn't open
    ├── SigningKeyError         a key that can't be used, or a signature that isn't its
    │   └── SignerUnavailableError the remote signer doesn't answer now
    ├── UnknownPurposeError     no such DPV purpose (in :mod:`oracle.core.purposes`)
    ├── RetryError              a request that another try can't help
    ├── PeerError               a peer is unreachable or broke the protocol
    └── AuditError              a link of a verdict's trail that doesn't hold; :mod:`oracle.audit.report` has the failed and the skipped

:mod:`oracle.client.errors` adds ``UnknownIdError``, ``FundsError``, ``NoProofError`` and others under ChainError, ``NoSignerError`` and
``VerdictTimeoutError``.

A message names the cause and the remedy. It never holds a private key or a value of somebody's record.
"""

from collections.abc import Sequence
from enum import StrEnum


class AssentError(Exception):
    """Base of all errors raised on purpose."""


class ConfigurationError(AssentError):
    """Settings are wrong. ``problems`` lists all of them, each naming its setting."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ChainError(AssentError):
    """The chain, or the way to it, failed."""


class EndpointError(ChainError):
    """An RPC endpoint is unreachable, too slow, or answered nonsense."""


class LogRangeError(EndpointError):
    """The endpoints answer, but not for so many blocks or logs at once; ask for fewer."""


class WrongChainError(ChainError):
    """An RPC endpoint serves another chain than the one configured."""


class ContractRevertError(ChainError):
    """The contract reverted. ``name`` is its custom error, ``arguments`` that error's values by parameter name, ``remedy`` what helps."""

    def __init__(self, name: str, arguments: dict[str, object] | None = None, remedy: str | None = None) -> None:
        self.name = name
        self.arguments = arguments or {}
        self.remedy = remedy
        inner = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        super().__init__(f"{name}({inner})" + (f": {remedy}" if remedy else ""))


class Reason(StrEnum):
    """Why a node refuses a request; served at ``/v1/requests/<id>`` and sent to peers."""

    CONSENT = "consent"
    VAULT_UNREACHABLE = "vault_unreachable"
    VAULT_REFUSED = "vault_refused"
    RECORD_UNKNOWN = "record_unknown"
    RECORD_RETIRED = "record_retired"
    PROOF_WRONG = "proof_wrong"
    FIELD_MISSING = "field_missing"
    FIELD_UNEXPECTED = "field_unexpected"
    FIELD_NOT_A_NUMBER = "field_not_a_number"
    FIELD_OUT_OF_RANGE = "field_out_of_range"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_FAILED = "model_failed"
    REQUEST_UNKNOWN = "request_unknown"
    EPOCH_STALE = "epoch_stale"
    NOT_READY = "not_ready"
    SEALED = "sealed"
    SCORE_MISMATCH = "score_mismatch"
    OUTCOME_MISMATCH = "outcome_mismatch"
    ATTRIBUTION_MISMATCH = "attribution_mismatch"
    TRAIL_MISMATCH = "trail_mismatch"
    CALLBACK_TOO_DEAR = "callback_too_dear"
    ALREADY_ANCHORED = "already_anchored"
    ALREADY_SIGNED = "already_signed"
    PROPOSALS_SPENT = "proposals_spent"
    DEADLINE_NEAR = "deadline_near"
    ARBITER_UNKNOWN = "arbiter_unknown"
    NOT_CHALLENGED = "not_challenged"
    RULING_MISMATCH = "ruling_mismatch"


class RefusalError(AssentError):
    """A request can't get a verdict here. ``reason`` is for machines, the message for people."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class ConsentError(RefusalError):
    """The agreement doesn't cover the request (any more)."""


class VaultError(RefusalError):
    """The vault is unreachable, or refused to release the fields."""


class RecordError(RefusalError):
    """The fields that came aren't the committed record's."""


class InputError(RefusalError):
    """The fields are the record's, but don't fit the model's input schema."""


class VerdictMismatchError(RefusalError):
    """A peer's proposal that this node can't stand behind."""


class DatabaseError(AssentError):
    """The database is unreachable, full or locked. Nothing of what was under way is stored; it may be repeated."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"database: {cause}; nothing of this was stored, it is tried again")


class DocumentError(AssentError):
    """A document that breaks its schema or its form. ``problems`` names each place and the rule that it breaks, never a value."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ModelError(AssentError):
    """A model package that is unreadable, altered, or of an unknown architecture; or rows that the model can't evaluate."""


class RuntimeUnavailableError(AssentError):
    """The place where models run can't evaluate now, for no fault of model or rows: worth trying again."""


class SealError(AssentError):
    """A sealed message that doesn't open: wrong key, wrong request, or altered."""


class SigningKeyError(AssentError):
    """A key that can't be used: an unreadable file, a wrong password; or a signature that isn't what was asked for."""


class SignerUnavailableError(SigningKeyError):
    """The remote signer is unreachable, too slow, or answers nothing of use now. Asking again later may help."""


class PeerError(AssentError):
    """A peer is unreachable or broke the protocol."""


class RetryError(AssentError):
    """A request that can't be tried again; the message says why."""


class AuditError(AssentError):
    """A link of a verdict's trail that doesn't hold."""
