"""Why the vault doesn't release: one class a check, with the code and the HTTP status under which the asker learns it."""

from typing import ClassVar

from oracle.core.errors import Reason, RefusalError


class ReleaseRefusedError(RefusalError):
    """Base of the vault's refusals."""

    code: ClassVar[str]
    status: ClassVar[int]
    because: ClassVar[Reason] = Reason.VAULT_REFUSED

    def __init__(self, message: str) -> None:
        super().__init__(self.because, message)


class AskExpiredError(ReleaseRefusedError):
    """The ask's deadline passed."""

    code, status = "ask_expired", 401


class AskRepeatedError(ReleaseRefusedError):
    """This very ask was answered before."""

    code, status = "ask_repeated", 409


class AskTooLongError(ReleaseRefusedError):
    """The ask's deadline is further ahead than an ask may be valid."""

    code, status = "ask_too_long", 401


class SignatureWrongError(ReleaseRefusedError):
    """The ask's signature is nobody's."""

    code, status = "signature_wrong", 401


class SealKeyWrongError(ReleaseRefusedError):
    """The hybrid key that the ask names is none."""

    code, status = "seal_key_wrong", 400


class NotMemberError(ReleaseRefusedError):
    """Who signed the ask is no attester of the epoch."""

    code, status = "not_a_member", 403


class ProcessorRefusedError(ReleaseRefusedError):
    """The subject was shown who may process the record, and the operator isn't one of them."""

    code, status = "processor_not_agreed", 403


class EpochStaleError(ReleaseRefusedError):
    """The ask's epoch isn't the current one."""

    code, status, because = "epoch_stale", 409, Reason.EPOCH_STALE


class RequestUnknownError(ReleaseRefusedError):
    """The chain has no such request."""

    code, status, because = "request_unknown", 404, Reason.REQUEST_UNKNOWN


class RequestEndedError(ReleaseRefusedError):
    """The request was recorded, refused or expired, or its deadline passed."""

    code, status = "request_ended", 409


class StepRefusedError(ReleaseRefusedError):
    """The request is for another step than inference."""

    code, status = "step_not_infer", 403


class ConsentMissingError(ReleaseRefusedError):
    """The agreement doesn't cover the request now."""

    code, status, because = "consent", 403, Reason.CONSENT


class RecordAbsentError(ReleaseRefusedError):
    """The record isn't in this vault."""

    code, status, because = "record_unknown", 404, Reason.RECORD_UNKNOWN


class RecordRetiredError(ReleaseRefusedError):
    """The record isn't committed on chain, or was retired."""

    code, status, because = "record_retired", 409, Reason.RECORD_RETIRED


class ModelUnknownError(ReleaseRefusedError):
    """The vault has no card with the model's input schema."""

    code, status, because = "model_unknown", 409, Reason.MODEL_UNKNOWN


class BudgetSpentError(ReleaseRefusedError):
    """The operator had as many releases as the holder grants one for a day. ``retry_after_s``: when to ask again, in seconds."""

    code, status = "budget_spent", 429

    def __init__(self, message: str, retry_after_s: int = 0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)
