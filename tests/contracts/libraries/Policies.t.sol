// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { ChallengeTerms } from "../../../contracts/types/Challenge.sol";
import { Policy } from "../../../contracts/types/Operator.sol";

contract PoliciesCaller {
    function check(Policy memory policy, ChallengeTerms memory challenges) external pure {
        Policies.check(policy, challenges);
    }
}

contract PoliciesTest is Test {
    PoliciesCaller private caller;
    Policy private policy;
    ChallengeTerms private challenges;

    function setUp() public {
        caller = new PoliciesCaller();
        challenges = ChallengeTerms({ window: 1 days, reviewTime: 6 hours, bond: 3, penalty: 5 });
        policy = Policy({ minStake: 7, minMembers: 4, unbondingTime: 30 days, epochLength: 1 hours, epochGrace: 60 });
    }

    function test_WhenEveryTermIsMeant() public view {
        caller.check(policy, challenges);
    }

    function test_RevertWhen_OneMemberWouldDo() public {
        policy.minMembers = 2;
        caller.check(policy, challenges);
        policy.minMembers = 1;
        _expectMalformed("minMembers");
        policy.minMembers = 0;
        _expectMalformed("minMembers");
    }

    function test_RevertWhen_ABitmapHasNoRoomForTheMembers() public {
        policy.minMembers = 64;
        caller.check(policy, challenges);
        policy.minMembers = 65;
        _expectMalformed("minMembers");
        policy.minMembers = type(uint16).max;
        _expectMalformed("minMembers");
    }

    function test_RevertWhen_AnEpochHasNoLength() public {
        policy.epochLength = 1;
        caller.check(policy, challenges);
        policy.epochLength = 0;
        _expectMalformed("epochLength");
    }

    function test_RevertWhen_AnEpochIsTooLong() public {
        policy.epochLength = uint40(Policies.MAX_TIME);
        caller.check(policy, challenges);
        policy.epochLength += 1;
        _expectMalformed("epochLength");
        policy.epochLength = type(uint40).max;
        _expectMalformed("epochLength");
    }

    function test_RevertWhen_TheStakeIsLessThanAPenalty() public {
        policy.minStake = challenges.penalty;
        caller.check(policy, challenges);
        policy.minStake -= 1;
        _expectMalformed("minStake");
    }

    function test_RevertWhen_ThereIsNoStake() public {
        challenges.penalty = 0;
        policy.minStake = 1;
        caller.check(policy, challenges);
        policy.minStake = 0;
        _expectMalformed("minStake");
    }

    /// @dev Its last report may be claimed, challenged and reviewed until just before the stake can be had back.
    function test_RevertWhen_TheStakeIsGoneBeforeTheLastReview() public {
        uint256 bonded = policy.epochGrace + Policies.MAX_CLAIM + 2 * (challenges.window + challenges.reviewTime) + 1;
        policy.unbondingTime = uint40(bonded + 1);
        caller.check(policy, challenges);
        policy.unbondingTime = uint40(bonded);
        _expectMalformed("unbondingTime");
        policy.unbondingTime = 0;
        _expectMalformed("unbondingTime");
    }

    function test_RevertWhen_TheStakeIsBondedForTooLong() public {
        policy.unbondingTime = uint40(Policies.MAX_TIME);
        caller.check(policy, challenges);
        policy.unbondingTime += 1;
        _expectMalformed("unbondingTime");
        policy.unbondingTime = type(uint40).max;
        _expectMalformed("unbondingTime");
    }

    /// @dev Sums of times are made in 256 bits: the largest don't come out small.
    function test_RevertWhen_TheTimesAddUpBeyondTheirType() public {
        challenges.window = type(uint40).max;
        _expectMalformed("unbondingTime");
        challenges.reviewTime = type(uint40).max;
        policy.epochGrace = type(uint32).max;
        _expectMalformed("unbondingTime");
    }

    function testFuzz_WhenTermsAreAny(Policy memory any, ChallengeTerms memory terms) public {
        any.minMembers = uint16(bound(any.minMembers, 1, 70));
        any.epochLength = uint40(bound(any.epochLength, 0, 4000 days));
        any.unbondingTime = uint40(bound(any.unbondingTime, 0, 4000 days));
        any.epochGrace = uint32(bound(any.epochGrace, 0, 800 days));
        terms.window = uint40(bound(terms.window, 0, 800 days));
        terms.reviewTime = uint40(bound(terms.reviewTime, 0, 800 days));
        (policy, challenges) = (any, terms);
        bool members = any.minMembers >= 2 && any.minMembers <= 64;
        bool stake = any.minStake > 0 && any.minStake >= terms.penalty;
        bool epoch = any.epochLength > 0 && any.epochLength <= 3650 days;
        uint256 bonded = uint256(any.epochGrace) + 8 days + 2 * (uint256(terms.window) + terms.reviewTime) + 1;
        bool unbonding = any.unbondingTime > bonded && any.unbondingTime <= 3650 days;
        if (!(members && stake && epoch && unbonding)) vm.expectPartialRevert(IOperatorSet.PolicyMalformed.selector);
        caller.check(any, terms);
    }

    function _expectMalformed(string memory term) private {
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.PolicyMalformed.selector, term));
        caller.check(policy, challenges);
    }
}
