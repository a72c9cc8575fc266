"""What to do about each of the contract's errors, in a few words: an error's message ends with them."""

from __future__ import annotations

from collections.abc import Mapping

_AGREEMENTS = {
    "NotSubject": "send it as the agreement's subject, or relay the subject's signature",
    "AgreementExists": "it was given before; to agree anew, draft another, with another salt",
    "AgreementMalformed": "draft the agreement anew, with a term that can be meant",
    "AgreementNotGiven": "it was never given with just these terms, or was withdrawn; ask the subject for another",
    "AgreementNotYetValid": "wait until it is valid",
    "AgreementExpired": "ask the subject for another agreement",
    "PurposeNotAgreed": "ask for a purpose that the agreement names, or one below it",
    "PurposeProhibited": "ask for a purpose that the subject hasn't ruled out",
    "StepNotAgreed": "ask for a step that the agreement names",
    "UsesSpent": "ask the subject for another agreement: this one's uses are taken",
    "SignatureDeadlinePassed": "have it signed again, with a later deadline",
    "SignatureInvalid": "have it signed by that account, for this deployment and these terms",
    "RecordExists": "it is committed already: there is nothing to do, unless it was retired; then salt it anew",
    "RecordMalformed": "name the record's root and its subject",
    "RecordNotCommitted": "commit it first, as its holder; a retired one stays so",
}
_MODELS = {
    "NotPublisher": "send it as the model's publisher",
    "ModelExists": "this version is published already",
    "ModelMalformed": "correct that term of the model",
    "QuorumUnsafe": "choose a quorum within these bounds, the upper of which is the policy's smallest committee",
    "ModelNotPublished": "choose a model that takes requests: see `assent model list`",
    "CurrencyUnknown": "no model is paid in this token: choose one of `assent balance show`",
    "ModelMismatch": "name the agreement's own model",
}
_REQUESTS = {
    "FeeMismatch": "send just the quote's total in ether, or nothing to pay from the balance; tokens are paid from it only",
    "DeadlinePassed": "it came too late: ask again, with a later deadline, or expire the request for its refund",
    "DeadlineTooFar": "ask with an earlier deadline: a request is open for seven days at most",
    "QuestionMalformed": "ask with parts that fit, a delivery that exists, and a callback of two million gas at most",
    "RequestExists": "this use is taken: ask as another",
    "RequestNotOpen": "it has ended already, or was never made with just these terms: see `assent request show`",
    "RequestMismatch": "name the request's own terms",
    "ScoreOutOfRange": "a score is at most one million",
    "OutcomeUnknown": "name one of the model's outcomes",
    "EpochStale": "have the current epoch's members sign",
    "QuorumMismatch": "have just so many members sign",
    "SignerUnknown": "name members of the epoch only",
    "SignaturesMalformed": "give 64 bytes for each signer",
    "SignerMismatch": "put each member's own signature at its place",
    "AgreementNoLongerValid": "the agreement was withdrawn or ran out: refuse the request for its refund",
    "AgreementStillValid": "wait for the verdict, or until its deadline has passed",
    "DeadlineNotPassed": "wait until then",
    "RootUnknown": "anchor the report first, or have its proof from an operator that did",
    "RootExists": "it is anchored already",
    "RootTooOld": "its time to be claimed is over: have it recorded anew, or expire the request",
    "ReportSize": "give at least one answer, and no more than that",
    "CallbackGasMissing": "send it with more gas",
    "NothingToDeliver": "no callback of this request failed",
    "NothingToSettle": "all of its verdicts are settled",
}
_STANDING = {
    "ScheduleMalformed": "correct that term; agreements of one standing request are in one currency",
    "StandingExists": "it was made before: choose another start, or another first use",
    "StandingNotActive": "it has ended, or was never made with just these terms",
    "RoundNotDue": "wait until it is due",
    "RoundOver": "open the round that is due now: see `assent standing show`",
    "StandingStillRuns": "only its controller may end it now",
}
_MONEY = {
    "BalanceTooLow": "deposit first: `assent balance deposit`",
    "ValueMismatch": "send just the amount in ether, or none with a token",
    "TokenUnsound": "this token takes a part of what is transferred: use another",
    "PoolUnknown": "no such signers have earned anything: see `assent operator collect`",
    "NotSigner": "name a member that signed",
    "NothingToCollect": "wait until more verdicts were recorded",
    "NothingToWithdraw": "the balance is empty",
    "PlainEther": "deposit instead: `assent balance deposit`",
    "SafeERC20FailedOperation": "the token refused: approve the amount, and see that the account has it",
    "InsufficientBalance": "the contract can't pay this: report it",
    "FailedCall": "the receiver refused: name another",
    "ReentrancyGuardReentrantCall": "don't call it from within a payment",
}
_CHALLENGES = {
    "BondMismatch": "send just the bond: see `assent verdict show`",
    "NotContestable": "there is no verdict, its window is over, or it was reviewed before",
    "NotChallenged": "challenge the verdict first",
    "ReviewTooLate": "the time to answer is over: let the challenge lapse",
    "ReviewStillDue": "wait: the committee may still answer",
    "CorrectedWithoutFault": "an honest operator may have signed it, so near was the model's threshold: nobody is slashed",
    "TestimonyIrrelevant": "give what was signed about the verdict in question",
    "TestimoniesCompatible": "an honest operator may have signed both",
    "AttesterUnknown": "give a signature of a member",
    "AlreadyPunished": "it was slashed for this before",
}
_OPERATORS = {
    "OperatorExists": "it has joined already; change its keys, or add to its stake",
    "OperatorUnknown": "join first",
    "OperatorHasResigned": "withdraw the stake, then join anew",
    "OperatorNotResigned": "resign first",
    "OperatorIsJailed": "wait until then, and release it",
    "OperatorNotOut": "it is in the set",
    "AttesterTaken": "use another attester key",
    "StakeTooLow": "send so much, or add to the stake",
    "StakeBonded": "wait until then",
    "StillMember": "rotate first, so that its last epoch ends",
    "CommitteeFull": "wait until another leaves",
    "CommitteeTooSmall": "wait until more operators have joined",
    "MembershipUnchanged": "there is nothing to rotate",
    "RotationTooSoon": "wait until then",
    "EpochUnknown": "name an epoch that was",
    "PolicyMalformed": "correct that term of the policy",
    "DecisionSpent": "these signatures took effect before: have the members sign anew, with another deadline",
    "NoPolicyScheduled": "schedule one first",
    "PolicyNotDue": "wait until then",
}

#: By the error's name. What only a broken caller meets has none.
REMEDIES: Mapping[str, str] = {
    **_AGREEMENTS, **_MODELS, **_REQUESTS, **_STANDING, **_MONEY, **_CHALLENGES, **_OPERATORS,
}  # fmt: skip
