// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Challenge, ChallengeTerms, Reference, Testimony } from "../types/Challenge.sol";
import { RequestId } from "../types/Ids.sol";
import { Model } from "../types/Model.sol";
import { Signers } from "../types/Signers.sol";
import { Under } from "../types/Standing.sol";
import { Attestation, Recording, Verdict } from "../types/Verdict.sol";

/// @title Challenges
/// @notice Anyone may challenge a verdict for a while, with a bond. The committee evaluates anew, and a supermajority signs what it finds:
/// the same, and the bond goes to those who signed; or another, which takes the verdict's place. Whoever signed a verdict that was corrected,
/// or two that can't both be honest, is slashed on the evidence of its own signatures. A verdict can be read all the while.
interface IArbiter {
    event Challenged(RequestId indexed id, address indexed challenger, uint256 bond, uint40 until);
    event Upheld(RequestId indexed id, Signers by);
    event Corrected(RequestId indexed id, Signers by, bytes32 outcome, bytes32 score, bytes32 trail);
    /// @notice The committee didn't answer: the verdict stands, and the bond went back.
    event ChallengeLapsed(RequestId indexed id);
    /// @param reward The part of the penalty that was credited to `beneficiary`; the rest belongs to nobody any more.
    event OperatorSlashed(
        RequestId indexed id, address indexed operator, address indexed beneficiary, uint256 penalty, uint256 reward
    );

    error BondMismatch(uint256 given, uint256 wanted);
    /// @notice There is no verdict to challenge, its window is over, or it was reviewed or is being.
    error NotContestable(RequestId id);
    error NotChallenged(RequestId id);
    /// @notice An outcome that the model hasn't, or a score above one million.
    error VerdictImpossible(RequestId id);
    error ReviewTooLate(uint256 until, uint256 timestamp);
    error ReviewStillDue(uint256 until, uint256 timestamp);
    /// @notice The verdict wasn't corrected, or the testimony isn't about the verdict that was.
    error TestimonyIrrelevant(RequestId id);
    /// @notice Corrected to what an honest operator may have signed as well: as close to a threshold, where outcomes differ and scores hardly.
    error CorrectedWithoutFault(RequestId id);
    /// @notice Two verdicts that one honest operator may have signed: no more than twice the model's tolerance apart, and not the same score
    /// with two outcomes.
    error TestimoniesCompatible(uint256 difference, uint256 allowed);
    error AttesterUnknown(address attester);
    error AlreadyPunished(RequestId id, address operator);
    /// @notice Its stake is spent or withdrawn.
    error NothingToSlash(address operator);

    /// @notice Challenges a recorded verdict with the bond.
    function challenge(RequestId id) external payable;

    /// @notice Ends a challenge with what the committee found (EIP-712 `Review`). Anyone may send it. The same outcome and a score no more than
    /// twice the model's tolerance away uphold the verdict: that far apart two honest operators may be.
    /// @param recording The verdict as it was recorded.
    /// @param under The agreement's source and terms.
    /// @param model The model, for its tolerance and quorum. As many sign as it asks for, and more than two thirds of the members.
    function review(
        Recording calldata recording,
        Under calldata under,
        Model calldata model,
        Verdict calldata verdict,
        Attestation calldata attestation
    ) external;

    /// @notice Ends a challenge that the committee left unanswered. The verdict can be challenged again, for as long as a new one, counted from
    /// when the review was overdue.
    function lapse(RequestId id) external;

    /// @notice Slashes an operator that signed the verdict that was corrected; the challenger has the reward.
    function punish(Testimony calldata testimony) external;

    /// @notice Slashes an operator that signed two verdicts of one request further apart than any honest operator would; the sender has the
    /// reward.
    /// @param model The model, for its tolerance.
    function punishConflict(
        Reference calldata named,
        Model calldata model,
        Testimony calldata first,
        Testimony calldata second
    ) external;

    function challengeOf(RequestId id) external view returns (Challenge memory);

    function challengeTerms() external view returns (ChallengeTerms memory);
}
