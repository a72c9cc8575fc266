// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Terms } from "../types/Agreement.sol";
import { AgreementId, PoolId, RequestId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Signers } from "../types/Signers.sol";
import { Answer, Attestation, Request, RequestState, RequestStatus, Verdict } from "../types/Verdict.sol";

/// @title Requests and verdicts
/// @notice A request takes one use of an agreement and puts fee and price in escrow. It ends in one of three ways: `Recorded` with a verdict
/// that a quorum of the committee signed, `Refused` because the agreement was ended, `Expired` because its deadline passed; the
/// last two refund the controller. A request has one storage slot: a commitment to it before, the verdict after.
interface IVerdictOracle {
    /// @dev Everything else about the request follows from the agreement and its model.
    event Requested(RequestId indexed id, AgreementId indexed agreement, Question question);
    /// @param summary From the low end: who signed (96 bits), outcome (8), score (24).
    /// @dev With the request, what a `Recording` needs. The signatures are in the transaction's input, or, if the verdict was claimed, in that
    /// of the root's `anchor`.
    event Recorded(RequestId indexed id, uint256 summary, bytes32 trail);
    /// @notice As `Recorded`, of a verdict with a part that is sealed.
    event RecordedSealed(RequestId indexed id, Signers by, bytes32 outcome, bytes32 score, bytes32 trail);
    /// @notice An answer of a report that had no request to answer any more; the others were recorded.
    event Skipped(RequestId indexed id, Obstacle obstacle);
    /// @notice A quorum signed a report of `count` verdicts: anyone can claim each of them with a proof.
    /// @param pool Where the fees of its claims go; it tells epoch, signers and currency.
    event Anchored(bytes32 indexed root, PoolId pool, uint32 count);
    /// @notice These signers had their first report of the epoch recorded, for a fee in this currency: from now on they earn together.
    event PoolOpened(PoolId indexed id, uint32 indexed epoch, uint64 signers, uint32 currency);
    event Refused(RequestId indexed id);
    event Expired(RequestId indexed id);
    /// @notice A callback that had failed was made good. One that comes through at once has no event.
    event Delivered(RequestId indexed id, address indexed receiver);
    /// @param reason What the receiver reverted with, at most 256 bytes; empty when it ran out of gas.
    event DeliveryFailed(RequestId indexed id, address indexed receiver, bytes reason);

    /// @notice Why an answer can't be recorded.
    enum Obstacle {
        /// Never made with just these terms, or already ended.
        NotOpen,
        DeadlinePassed,
        /// The agreement was ended since the request.
        NotAgreed,
        /// An outcome that the model hasn't, a score above one million, or in clear what was to be sealed, or the other way round.
        Malformed
    }

    /// @notice Quotes never change: send exactly the total, or nothing to pay from the balance.
    error FeeMismatch(uint256 given, uint256 wanted);
    /// @notice The deadline is over; of an anchored verdict, it was when its root was anchored, or the time for claims is over too.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice Operators need time: a request is open for a minute at least.
    error DeadlineTooNear(uint256 deadline, uint256 earliest);
    /// @notice Later than any deadline may be: a week from now, for the stakes behind a verdict must outlast it; or the agreement's last second.
    error DeadlineTooFar(uint256 deadline, uint256 latest);
    /// @notice A bit beyond the question's parts, or a callback of more than two million gas.
    error QuestionMalformed(Question question);
    /// @notice This use of the agreement was taken before.
    error RequestExists(RequestId id);
    /// @notice The request isn't open: never made (with just these terms), or already ended.
    error RequestNotOpen(RequestId id, RequestState state);
    /// @notice The request is open, but not with these terms.
    error RequestMismatch(RequestId id);
    error ScoreOutOfRange(uint256 given, uint256 most);
    error OutcomeUnknown(uint256 given, uint256 count);
    /// @notice Outcome or score is in clear, and the question asked to have it sealed.
    error NotSealed(uint256 outcome, uint256 score);
    /// @notice Neither the current epoch nor, for a while, the one before.
    error EpochStale(uint256 given, uint256 current);
    /// @notice A report needs just as many signers as its models ask for, all alike, and more than half of the members.
    error QuorumMismatch(uint256 given, uint256 wanted);
    /// @notice A bit beyond the epoch's members.
    error SignerUnknown(uint256 index);
    /// @notice Not 64 bytes for each signer.
    error SignaturesMalformed(uint256 given, uint256 wanted);
    /// @notice A signature that isn't the member's: a stranger's, malleable, or over another chain, contract, epoch or verdict.
    error SignerMismatch(uint256 index, address recovered, address member);
    /// @notice The agreement was ended since the request: call `refuse`. For a standing request's round, also when its time has run out.
    error AgreementNoLongerValid(AgreementId id);
    /// @notice Nobody has ended the agreement: the request can't be refused. It ends by its deadline.
    error AgreementStillValid(AgreementId id);
    error DeadlineNotPassed(uint256 deadline, uint256 timestamp);
    /// @notice No anchored report has the root that the proof leads to.
    error RootUnknown(bytes32 root);
    /// @notice Anchored too long ago for its verdicts to be claimed.
    error RootTooOld(bytes32 root, uint256 anchoredAt);
    error RootExists(bytes32 root);
    /// @notice Too small a number for a hash.
    error RootMalformed(bytes32 root);
    /// @notice The question asked for its verdict to be recorded: it can't be claimed.
    error NotAnchored(RequestId id);
    /// @notice Not how this request's verdict was recorded: another verdict, other signers, other terms; or it has none.
    error RecordingMismatch(RequestId id);
    /// @notice No verdict, or too many for one report.
    error ReportSize(uint256 given, uint256 most);
    /// @notice Too little gas is left to give the callback what the request named.
    error CallbackGasMissing(uint256 left, uint256 wanted);
    /// @notice Asks for a verdict; the sender is the agreement's controller. Send the quote's total in ether, or nothing to pay from the
    /// sender's balance.
    /// @param source Hash of the agreement's source.
    function request(SourceId source, Terms calldata terms, Question question) external payable returns (RequestId id);

    /// @notice Asks for a verdict that the controller signed for (EIP-712 `Asking`, or ERC-1271), paid from the controller's balance.
    /// @param tip What the sender has of the controller's balance, in the quote's currency.
    /// @dev A signature can't be replayed: a use can be taken once. It is good until the question's deadline, or until the use is cancelled.
    function requestBySig(
        SourceId source,
        address controller,
        Terms calldata terms,
        Question question,
        uint96 tip,
        bytes calldata signature
    ) external returns (RequestId id);

    /// @notice Records a verdict. Anyone may send it; the signers earn the fee.
    function record(Request calldata request_, Verdict calldata verdict, Attestation calldata attestation) external;

    /// @notice Records the verdicts of one report, in the order of its tree's leaves. An answer that meanwhile has no open request is skipped.
    function recordMany(Answer[] calldata answers, Attestation calldata attestation) external;

    /// @notice Puts a report's root on chain, and nothing else of it.
    /// @param currency Of the requests that it answers, as their quotes have it; a root is anchored once for each currency and quorum.
    /// @param quorum Of the requests that it answers. As in `record`, just as many sign, or just more than half of the members.
    function anchor(bytes32 root, uint32 count, address currency, uint8 quorum, Attestation calldata attestation)
        external;

    /// @notice Records a verdict of an anchored report, if the question asked for one. Anyone may, for a day after the deadline too, if the
    /// root was anchored by then.
    /// @param proof From the verdict's leaf to the root.
    function claim(Request calldata request_, Verdict calldata verdict, bytes32[] calldata proof) external;

    /// @notice Ends a request whose agreement was ended, and refunds it. Anyone may call it.
    function refuse(Request calldata request_) external;

    /// @notice Ends a request whose deadline passed, and refunds it; one that asked for an anchored report only a day later, for its verdict
    /// may still be claimed. Anyone may call it.
    function expire(Request calldata request_) external;

    /// @notice State of a request, its verdict if it has one, and how final that is.
    function verdictOf(RequestId id) external view returns (RequestStatus memory);
}
