// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId, RequestId, StandingId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Schedule, StandingRequest, StandingStatus, Under } from "../types/Standing.sol";

/// @title Standing requests
/// @notice One question, repeated on a schedule, paid for in advance. Each round is a request of its own with its own use of the agreement;
/// anyone may open a round that is due, and operators do. What isn't opened is refunded.
interface IStandingRequests {
    /// @dev With the event's agreement, all of the standing request; quote and terms are the agreement's and its model's.
    event StandingMade(
        StandingId indexed id,
        AgreementId indexed agreement,
        address indexed controller,
        Question question,
        Schedule schedule
    );
    event RoundOpened(StandingId indexed id, uint32 round, RequestId indexed request);
    event StandingEnded(StandingId indexed id, uint256 refunded);

    /// @notice An interval or a number of rounds of zero; a window shorter or longer than a request may be open; a question with a deadline.
    error ScheduleMalformed(string term);
    /// @notice Made before with just these terms, be it ended since.
    error StandingExists(StandingId id);
    /// @notice Never made (with just these terms), or ended.
    error StandingNotActive(StandingId id);
    error RoundNotDue(uint256 due, uint256 now_);
    /// @notice Its time is over, it was opened before, or there is no such round.
    error RoundOver(uint32 round);
    /// @notice Only the controller ends a standing request of which rounds are to come, as long as nobody ended its agreement: one that has
    /// run out may be renewed.
    error StandingStillRuns(StandingId id);

    /// @notice Makes one standing request under each agreement; the sender is their controller and pays all rounds of all: the ether sent,
    /// or its balance.
    function stand(Under[] calldata under, Question question, Schedule calldata schedule)
        external
        payable
        returns (StandingId[] memory ids);

    /// @notice Opens a round that is due. Anyone may. Its deadline is no later than the agreement's last second. With `catchUp`, rounds open
    /// in their order: one whose use its controller spent otherwise stops those after it, and the controller ends the rest for its refund.
    function openRound(StandingRequest calldata standing, uint32 round) external returns (RequestId id);

    /// @notice Ends a standing request and refunds the rounds that weren't opened. The controller may at any time; anyone, when no round can
    /// be opened any more.
    function endStanding(StandingRequest calldata standing) external;

    function standingStatus(StandingId id) external view returns (StandingStatus memory);
}
