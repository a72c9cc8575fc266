// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Terms } from "./Agreement.sol";
import { AgreementId, SourceId, StandingId } from "./Ids.sol";
import { Question } from "./Question.sol";
import { Quote } from "./Quote.sol";

/// @notice When a standing request's rounds are due. Round k is due at `start + k * interval`.
struct Schedule {
    /// Block number if `inBlocks`, else Unix time.
    uint40 start;
    uint32 interval;
    uint32 rounds;
    /// Seconds from a round's opening to its request's deadline.
    uint32 window;
    bool inBlocks;
    /// Whether a missed round is opened later; else it is skipped once the next is due, and its money comes back.
    bool catchUp;
}

/// @notice One question repeated. Round k takes the agreement's use `question.use() + k`; the question's deadline is 0.
struct StandingRequest {
    AgreementId agreement;
    address controller;
    Question question;
    Quote quote;
    Schedule schedule;
}

/// @notice An agreement as its controller names it.
struct Under {
    SourceId source;
    Terms terms;
}

/// @notice What the chain knows of a standing request. One storage slot.
struct StandingStatus {
    bool active;
    /// How many rounds were opened, and the first that may still be: after the last one, or the end, as many as there are.
    uint32 opened;
    uint32 next;
}

library Standings {
    bytes32 internal constant TYPEHASH = keccak256(
        "StandingRequest(bytes32 agreement,address controller,uint256 question,uint256 quote,Schedule schedule)"
        "Schedule(uint40 start,uint32 interval,uint32 rounds,uint32 window,bool inBlocks,bool catchUp)"
    );
    bytes32 internal constant SCHEDULE_TYPEHASH =
        keccak256("Schedule(uint40 start,uint32 interval,uint32 rounds,uint32 window,bool inBlocks,bool catchUp)");

    function id(StandingRequest memory standing) internal pure returns (StandingId) {
        bytes32 schedule = keccak256(abi.encode(SCHEDULE_TYPEHASH, standing.schedule));
        return StandingId.wrap(
            keccak256(
                abi.encode(
                    TYPEHASH, standing.agreement, standing.controller, standing.question, standing.quote, schedule
                )
            )
        );
    }
}
