// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Case } from "../types/Case.sol";
import { RequestId } from "../types/Ids.sol";
import { Signers } from "../types/Signers.sol";
import { Under } from "../types/Standing.sol";
import { Recording, Verdict } from "../types/Verdict.sol";

/// @title Cases: challenged verdicts, and who judges them
/// @notice Anyone may challenge a recorded verdict once, with a bond. All of its epoch's roll who didn't sign it may judge, and more than
/// half of the whole roll decide: it stands, or it is false and another takes its place. Then each of its signers loses a penalty, without a
/// signature of theirs, and its seat. A model may name an arbiter, who rules where the bench doesn't, and may overrule it for a while.
/// @dev Of what is taken at a conviction half is paid out at most, but for challengers and judges of what else the same signers signed until
/// then: none of it is ever anybody's who had no part in that. What an overruled judge loses is nobody's (the zero address's credit).
interface ICases {
    /// @param until Last second at which the bench may judge.
    event Challenged(RequestId indexed id, address indexed challenger, address arbiter, uint40 until);
    /// @notice The bench has found; the arbiter may rule otherwise until then.
    event Judged(
        RequestId indexed id, bool stands, uint64 judges, bytes32 outcome, bytes32 score, bytes32 trail, uint40 until
    );
    /// @param by Who decided: a bitmap over the roll of the report's epoch; 0: the arbiter.
    event CaseClosed(RequestId indexed id, bool stands, uint64 by);
    /// @notice Nobody decided in time. Half of the bond came back; the other half is nobody's.
    event CaseUnjudged(RequestId indexed id);
    event OperatorSlashed(RequestId indexed id, address indexed operator, uint256 penalty);
    event CreditWithdrawn(address indexed from, address indexed to, uint256 amount);

    error BondMismatch(uint256 given, uint256 wanted);
    /// @notice Its signers leave too few to decide, and its model names no arbiter.
    error NobodyToJudge(uint256 judges, uint256 wanted);
    /// @notice It isn't open, or is about another recording or verdict.
    error NotUnderReview(RequestId id);
    error JudgingOver(uint256 until, uint256 timestamp);
    error RulingNotDue(RequestId id);
    error NotArbiter(address sender, address arbiter);
    error NotDue(uint256 after_, uint256 timestamp);
    /// @notice A verdict that stands is the one that was recorded; one that is false isn't.
    error VerdictMismatch(RequestId id);
    error QuorumMismatch(uint256 given, uint256 wanted);
    /// @notice Not on the roll, or a signer of the verdict.
    error JudgeUnknown(uint256 index);
    /// @notice It has less than a penalty at stake.
    error JudgeWithoutStake(address operator);
    error SignaturesMalformed(uint256 length, uint256 wanted);
    error SignerMismatch(uint256 index, address recovered, address member);
    error NothingToWithdraw(address account);

    /// @notice Challenges a verdict with the bond.
    function challenge(Recording calldata recording, Under calldata under) external payable;

    /// @notice What the bench found. Anyone may send it.
    /// @param verdict The recorded one if it stands, else the right one.
    /// @param judges More than half of the roll, and no more: a bitmap over the roll of the recording's epoch.
    /// @param signatures Their EIP-712 `Ruling`s: EIP-2098, in ascending order.
    function judge(
        Recording calldata recording,
        Verdict calldata verdict,
        bool stands,
        uint64 judges,
        bytes calldata signatures
    ) external;

    /// @notice What the arbiter rules: once, in place of a bench that didn't judge in time, or for a while over one that did. Judges whom it
    /// overrules lose a penalty each.
    function rule(Recording calldata recording, Verdict calldata verdict, bool stands) external;

    /// @notice Ends a case when no more can come: as the bench found, or unjudged. Anyone may.
    /// @param verdict What the bench found; without meaning if it didn't.
    function close(Recording calldata recording, Verdict calldata verdict) external;

    /// @notice Pays out what the sender has: pay, rewards, bonds that came back.
    function withdraw(address to) external;

    function caseOf(RequestId id) external view returns (Case memory);

    /// @return judges Who may judge a verdict, as a bitmap over the roll of its epoch.
    /// @return wanted How many of them decide.
    function benchOf(Signers by) external view returns (uint64 judges, uint256 wanted);

    function creditOf(address account) external view returns (uint256);

    /// @notice What is left of what was taken at convictions in an epoch, of which each of a member ended it.
    function keptOf(uint32 epoch) external view returns (uint256);
}
