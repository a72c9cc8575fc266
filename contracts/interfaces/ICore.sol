// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ending } from "../types/Case.sol";
import { RequestId } from "../types/Ids.sol";
import { Signers } from "../types/Signers.sol";
import { Under } from "../types/Standing.sol";
import { Recording, RequestState, Verdict } from "../types/Verdict.sol";

/// @title What the committee tells the contract whose verdicts it signs
/// @notice Nothing of it moves money.
interface ICore {
    event EpochSet(uint32 indexed number, uint8 seats, uint8 roll, address members);
    event Contested(RequestId indexed id);
    /// @notice A contest ended, and the verdict is what it was: `Upheld` or `Unjudged`.
    event ContestSettled(RequestId indexed id, RequestState state);
    /// @notice A verdict was false; this one took its place.
    /// @param by The judges, over the roll of the epoch whose members signed the first; with none, the arbiter.
    event Corrected(RequestId indexed id, Signers by, bytes32 outcome, bytes32 score, bytes32 trail);

    error NotCommittee(address sender);
    /// @notice Not the next one, or its members are not where it says.
    error EpochMalformed(uint32 number);
    /// @notice It was contested before, or was recorded too long ago.
    error NotContestable(RequestId id);
    /// @notice It isn't contested.
    error NotContested(RequestId id);
    /// @notice Not the request's agreement.
    error AgreementMismatch(RequestId id);
    /// @notice An outcome that the model hasn't, a score above one million, or what isn't sealed as the question asked.
    error VerdictImpossible(RequestId id);

    /// @notice Whose calls these are.
    function committee() external view returns (address);

    /// @param seats How many of the roll sign reports.
    /// @param members Where the roll is, as `SSTORE2` has it: its attesters, 20 bytes each, those with seats first, and behind them its
    /// operators, in the same order.
    /// @param previousSignsUntil Last second at which the epoch before may sign; no earlier one may.
    function setEpoch(uint32 number, uint8 seats, uint8 roll, address members, uint40 previousSignsUntil) external;

    /// @notice From now on a recorded verdict is contested. Reverts unless this is how it was recorded, a short while ago at most, and it was
    /// never contested.
    /// @param under The agreement's source and terms.
    /// @return id The request's.
    /// @return arbiter Whom its model names; the zero address if nobody.
    function contest(Recording calldata recording, Under calldata under)
        external
        returns (RequestId id, address arbiter);

    /// @notice Ends a contest. A correction delivers the other verdict.
    /// @param verdict The right one, if it is corrected.
    /// @param judges Bitmap over the roll of the recording's epoch; 0 for the arbiter, or nobody.
    function settleContest(Recording calldata recording, Ending ending, Verdict calldata verdict, uint64 judges)
        external;

    /// @notice Whether a verdict was recorded so, is contested, and could be corrected to another (or be upheld, if that is the same).
    function isContested(Recording calldata recording, Verdict calldata other) external view returns (bool);
}
