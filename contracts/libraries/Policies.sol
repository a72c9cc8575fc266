// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../interfaces/IOperatorSet.sol";
import { ChallengeTerms } from "../types/Challenge.sol";
import { Policy } from "../types/Operator.sol";
import { Questions } from "../types/Question.sol";

/// @title Which policies can be meant
library Policies {
    /// A bitmap of signers has 64 bits, and a rotation stays far below any block's gas limit.
    uint256 internal constant MAX_MEMBERS = 64;
    /// A quorum of one would be one operator's word.
    uint256 internal constant MIN_MEMBERS = 2;

    /// For how long a request is open at least, and at most: what is asked for less can't be answered, but may be found out.
    uint256 internal constant MIN_OPEN = 1 minutes;
    uint256 internal constant MAX_OPEN = 7 days;
    /// For how long after a root was anchored its verdicts can be claimed at most.
    uint256 internal constant MAX_CLAIM = MAX_OPEN + Questions.CLAIM_TIME;
    /// No time may be longer: sums of times fit their types.
    uint256 internal constant MAX_TIME = 3650 days;

    /// @dev The stake must still be there when the last challenge of the last report that an operator may have signed is decided.
    function check(Policy memory policy, ChallengeTerms memory challenges) internal pure {
        if (policy.minMembers < MIN_MEMBERS || policy.minMembers > MAX_MEMBERS) _malformed("minMembers");
        if (policy.epochLength == 0) _malformed("epochLength");
        if (policy.minStake == 0 || policy.minStake < challenges.penalty) _malformed("minStake");
        if (policy.epochLength > MAX_TIME) _malformed("epochLength");
        if (policy.unbondingTime > MAX_TIME) _malformed("unbondingTime");
        // Twice, and a second for the lapse: a challenge that the committee left unanswered opens the window anew.
        uint256 bonded =
            uint256(policy.epochGrace) + MAX_CLAIM + 2 * (uint256(challenges.window) + challenges.reviewTime) + 1;
        if (policy.unbondingTime <= bonded) _malformed("unbondingTime");
    }

    function _malformed(string memory term) private pure {
        revert IOperatorSet.PolicyMalformed(term);
    }
}
