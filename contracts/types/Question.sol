// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a controller asks, in one word. From the low end: use (32 bits), deadline (40), purpose (8), step (8), callback (16),
/// delivery (1), disclosure (2), zero (5), modifiers (32), place (16); the rest is zero.
/// @dev One word of calldata and of event data instead of eight, which saves 1,200 gas a request.
type Question is uint256;

using Questions for Question global;

/// @notice How the controller wants the verdict.
enum Delivery {
    /// Recorded in the request's slot by the operators.
    Recorded,
    /// Under an anchored root; whoever wants it in the slot claims it, also for a while after the deadline.
    Anchored
}

/// @notice What of a verdict stands in clear; the rest is sealed: a commitment to it. A question asks for no more than its agreement's scope
/// allows.
enum Disclosure {
    Sealed,
    Outcome,
    OutcomeAndScore,
    Everything
}

/// @notice A question's parts.
struct Asked {
    /// Which of the agreement's uses it takes.
    uint32 use;
    /// Last second at which a verdict may be recorded, or a report with it anchored (Unix time).
    uint40 deadline;
    /// DPV purpose (bit position) and processing step.
    uint8 purpose;
    uint8 step;
    /// Thousands of gas for the callback to the controller; 0 for none.
    uint16 callback;
    Delivery delivery;
    Disclosure disclosure;
    /// DUO modifiers that the controller undertakes to meet, one bit each: see `Modifiers`.
    uint32 modifiers;
    /// Where the verdict is to be used: an ISO 3166-1 numeric code; 0 if it isn't said.
    uint16 place;
}

library Questions {
    uint256 internal constant BITS = 160;
    /// The bits that no question has: above its parts, and between disclosure and modifiers.
    uint256 private constant BEYOND = ~uint256(type(uint160).max) | uint256(0xf8) << 104;
    /// Gas that one unit of `callback` names.
    uint256 internal constant CALLBACK_UNIT = 1000;
    /// For how long beyond its deadline a verdict can be claimed that was anchored before it: nobody can keep claims off a chain that long.
    uint256 internal constant CLAIM_TIME = 1 days;
    /// For how long a request is open at least, and at most: what is asked for less can't be answered, but may be found out.
    uint256 internal constant MIN_OPEN = 1 minutes;
    uint256 internal constant MAX_OPEN = 7 days;
    /// For how long after a root was anchored its verdicts can be claimed at most.
    uint256 internal constant MAX_CLAIM = MAX_OPEN + CLAIM_TIME;
    /// Two million gas: what many a callback in one report leaves room for in a block.
    uint16 internal constant MAX_CALLBACK = 2000;

    function pack(Asked memory asked) internal pure returns (Question) {
        return Question.wrap(
            uint256(asked.use) | uint256(asked.deadline) << 32 | uint256(asked.purpose) << 72 | uint256(asked.step)
                << 80 | uint256(asked.callback) << 88 | uint256(asked.delivery) << 104 | uint256(asked.disclosure)
                << 105 | uint256(asked.modifiers) << 112 | uint256(asked.place) << 144
        );
    }

    function use(Question question) internal pure returns (uint32) {
        return uint32(Question.unwrap(question));
    }

    function deadline(Question question) internal pure returns (uint40) {
        return uint40(Question.unwrap(question) >> 32);
    }

    /// @notice Last second at which a verdict can be in its slot: the deadline, or the end of the time for claims (Unix time).
    function lastSecond(Question question) internal pure returns (uint256 last) {
        last = question.deadline();
        if (question.delivery() == uint8(Delivery.Anchored)) last += CLAIM_TIME;
    }

    function purpose(Question question) internal pure returns (uint8) {
        return uint8(Question.unwrap(question) >> 72);
    }

    function step(Question question) internal pure returns (uint8) {
        return uint8(Question.unwrap(question) >> 80);
    }

    function callback(Question question) internal pure returns (uint16) {
        return uint16(Question.unwrap(question) >> 88);
    }

    function delivery(Question question) internal pure returns (uint8) {
        return uint8(Question.unwrap(question) >> 104) & 1;
    }

    /// @return A `Disclosure`.
    function disclosure(Question question) internal pure returns (uint256) {
        return (Question.unwrap(question) >> 105) & 3;
    }

    function modifiers(Question question) internal pure returns (uint32) {
        return uint32(Question.unwrap(question) >> 112);
    }

    function place(Question question) internal pure returns (uint16) {
        return uint16(Question.unwrap(question) >> 144);
    }

    /// @notice Whether it has no bit but its parts', and a callback that can be made.
    function isWellFormed(Question question) internal pure returns (bool) {
        return Question.unwrap(question) & BEYOND == 0 && question.callback() <= MAX_CALLBACK;
    }

    /// @notice The same question, as another use and by another deadline.
    function forRound(Question question, uint32 use_, uint40 deadline_) internal pure returns (Question) {
        uint256 rest = Question.unwrap(question) >> 72 << 72;
        return Question.wrap(rest | uint256(deadline_) << 32 | uint256(use_));
    }
}
