// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement } from "../types/Agreement.sol";
import { AgreementId, RequestId } from "../types/Ids.sol";
import { Attestation, Request, RequestState, RequestStatus, Verdict } from "../types/Verdict.sol";

/// @title Requests and verdicts
/// @notice A request takes one use of an agreement and puts the model's fee in escrow. It ends in one of three ways: `Recorded` with a verdict
/// that a quorum of the current epoch signed, `Refused` because the agreement no longer stands, `Expired` because its deadline passed; the
/// last two refund the controller. A request has one storage slot: a commitment to it before, the verdict after.
interface IVerdictOracle {
    /// @dev Everything else about the request follows from the agreement and its model.
    event Requested(
        RequestId indexed id, AgreementId indexed agreement, uint32 use, uint8 purpose, uint8 step, uint40 deadline
    );
    event Recorded(RequestId indexed id, uint8 outcome, uint32 score, bytes32 trail, uint32 epoch, uint256 signers);
    event Refused(RequestId indexed id);
    event Expired(RequestId indexed id);
    /// @param index Member of the epoch to whom the share of these signers' fees was credited.
    event Collected(address indexed operator, uint32 indexed epoch, uint256 signers, uint256 index, uint256 amount);
    event CreditsWithdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice The fee must be exact: a model's fee never changes.
    error FeeMismatch(uint256 given, uint256 wanted);
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice This use of the agreement was taken before.
    error RequestExists(RequestId id);
    /// @notice The request isn't open: never made (with just these terms), or already ended.
    error RequestNotOpen(RequestId id, RequestState state);
    /// @notice The request is open, but not with these terms.
    error RequestMismatch(RequestId id);
    error ScoreOutOfRange(uint256 given, uint256 most);
    error OutcomeUnknown(uint256 given, uint256 count);
    error EpochStale(uint32 given, uint32 current);
    error QuorumNotReached(uint256 given, uint256 wanted);
    /// @notice A bit beyond the epoch's members.
    error SignerUnknown(uint256 index);
    /// @notice Not 64 bytes for each signer.
    error SignaturesMalformed(uint256 given, uint256 wanted);
    /// @notice A signature that isn't the member's: a stranger's, malleable, or over another chain, contract, epoch or verdict.
    error SignerMismatch(uint256 index, address recovered, address member);
    /// @notice The agreement was withdrawn or ran out since the request: call `refuse`.
    error AgreementNoLongerValid(AgreementId id);
    /// @notice The agreement still stands: the request can't be refused.
    error AgreementStillValid(AgreementId id);
    error DeadlineNotPassed(uint256 deadline, uint256 timestamp);
    error NothingToCollect();
    error NothingToWithdraw(address account);

    /// @notice Asks for a verdict; the sender is the agreement's controller and sends the model's fee.
    /// @param purpose DPV purpose, by its bit.
    /// @param step Processing step, by its bit.
    /// @param use Which of the agreement's uses to take; `nextUse` finds a free one.
    /// @param deadline Last second at which the verdict may be recorded.
    function request(Agreement calldata agreement, uint8 purpose, uint8 step, uint32 use, uint40 deadline)
        external
        payable
        returns (RequestId id);

    /// @notice Records a verdict. Anyone may send it; the signers earn the fee.
    function record(Request calldata request_, Verdict calldata verdict, Attestation calldata attestation) external;

    /// @notice Ends a request whose agreement no longer stands, and refunds it. Anyone may call it.
    function refuse(Request calldata request_) external;

    /// @notice Ends a request whose deadline passed, and refunds it. Anyone may call it.
    function expire(Request calldata request_) external;

    /// @notice Credits a member with its share of what one set of signers earned in an epoch. Anyone may call it.
    /// @param signers The bitmap under which reports were recorded.
    /// @param index The member's place in the epoch.
    function collect(uint32 epoch, uint256 signers, uint256 index) external returns (uint256 amount);

    /// @notice Pays the sender's credits (refunds and collected fees) to `to`.
    function withdrawCredits(address payable to) external returns (uint256 amount);

    /// @notice State of a request, and its verdict if it has one.
    function verdictOf(RequestId id) external view returns (RequestStatus memory);

    function requestId(AgreementId agreement, uint32 use) external pure returns (RequestId);

    /// @notice The first use at or after `from` that no request has taken; not below the agreement's `uses` if all are taken.
    function nextUse(AgreementId agreement, uint32 from) external view returns (uint32);

    function creditOf(address account) external view returns (uint256);

    /// @notice What a set of signers earned in an epoch so far, in wei.
    function earnedBy(uint32 epoch, uint256 signers) external view returns (uint256);
}
