// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Testimony } from "../../../contracts/types/Challenge.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Attestation, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { verdictOf } from "../base/Verdict.sol";

/// @notice What the tests of the operator set share: how a committee signs about itself, who slashes, and policies that can't be meant.
abstract contract OperatorsTest is AssentTest {
    /// @dev The members named in the bitmap sign that an operator doesn't answer.
    function signJailing(uint32 epoch, address operator, uint256 until, uint64 signers)
        internal
        view
        returns (Attestation memory)
    {
        return attestReport(epoch, Operators.hashJailing(epoch, operator, until), signers);
    }

    /// @dev The members named in the bitmap sign another policy.
    function signAmendment(uint32 epoch, Policy memory policy, uint256 until, uint64 signers)
        internal
        view
        returns (Attestation memory)
    {
        return attestReport(epoch, hasher.amendment(epoch, policy, until), signers);
    }

    /// @dev Members of the current epoch have operator `i` jailed until an epoch's length from now.
    function jailAs(uint256 i, uint64 signers) internal returns (address operator) {
        operator = operatorAt(i);
        uint256 until = vm.getBlockTimestamp();
        Attestation memory attestation = signJailing(assent.currentEpoch().number, operator, until, signers);
        assent.jail(operator, until, attestation);
    }

    /// @dev Slashes operator `i` for two scores of one request, which it makes under the agreement given.
    function slashAs(uint256 i, uint32 use) internal returns (address operator) {
        operator = operatorAt(i);
        (, uint256 key) = attesterAt(i);
        (Request memory request,) = ask(use);
        Testimony memory first = testify(key, request, verdictOf(0, 0, 0));
        Testimony memory second = testify(key, request, verdictOf(1, Verdicts.MAX_SCORE, 0));
        assent.punishConflict(named(use), model, first, second);
    }

    /// @return What an attester signed, in a report of this one verdict in the current epoch.
    function testify(uint256 key, Request memory request, Verdict memory verdict)
        internal
        view
        returns (Testimony memory)
    {
        uint32 epoch = assent.currentEpoch().number;
        bytes memory signature = sign(key, Verdicts.hashReport(epoch, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), epoch, 1, signature);
    }

    function schedule(Policy memory policy) internal {
        uint256 until = vm.getBlockTimestamp();
        uint64 all = uint64((1 << assent.currentEpoch().seats) - 1);
        Attestation memory attestation = signAmendment(assent.currentEpoch().number, policy, until, all);
        assent.schedulePolicy(policy, until, attestation);
    }

    function scheduleAndApply(Policy memory policy) internal {
        schedule(policy);
        skip(assent.currentPolicy().unbondingTime);
        assent.applyPolicy();
    }

    /// @dev The operator leaves, and takes its stake back once it may. Enough others must be there to rotate.
    function leaveAs(uint256 i) internal returns (address operator) {
        operator = resignAs(i);
        skip(EPOCH_LENGTH);
        assent.rotate();
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
    }

    function changeKeysAs(uint256 i, address attester, uint256 key) internal {
        address operator = operatorAt(i);
        keyOf[attester] = key;
        bytes32 sealKey = keccak256("another seal key");
        uint256 until = vm.getBlockTimestamp();
        bytes memory signature = sign(key, hasher.joining(operator, sealKey, "https://new.example", until));
        vm.prank(operator);
        assent.changeKeys(attester, sealKey, "https://new.example", until, signature);
    }

    /// @return policies One for each bound that a policy may break, by one, and the term that the error names.
    function malformedPolicies() internal pure returns (Policy[] memory policies, string[] memory terms) {
        (policies, terms) = (new Policy[](8), new string[](8));
        for (uint256 i = 0; i < policies.length; ++i) {
            policies[i] = defaultPolicy(4);
        }
        (policies[0].minMembers, terms[0]) = (1, "minMembers");
        (policies[1].minMembers, terms[1]) = (65, "minMembers");
        (policies[2].epochLength, terms[2]) = (0, "epochLength");
        (policies[3].minStake, terms[3]) = (0, "minStake");
        (policies[4].minStake, terms[4]) = (PENALTY - 1, "minStake");
        (policies[5].unbondingTime, terms[5]) = (longestBond(), "unbondingTime");
        (policies[6].epochLength, terms[6]) = (uint40(Policies.MAX_TIME + 1), "epochLength");
        (policies[7].unbondingTime, terms[7]) = (uint40(Policies.MAX_TIME + 1), "unbondingTime");
    }

    /// @return For how long after an epoch's end a report of it can still come to be punished for: signed in the last second of the grace,
    /// claimed in its last, challenged in its last, left unanswered, and that a second later challenged once more.
    function longestBond() internal pure returns (uint40) {
        uint256 challenged = CHALLENGE_WINDOW + REVIEW_TIME;
        return uint40(EPOCH_GRACE + Policies.MAX_CLAIM + challenged + 1 + challenged);
    }

    /// @return Those that are just within the bounds.
    function narrowestPolicy() internal pure returns (Policy memory) {
        return Policy(PENALTY, uint16(Policies.MIN_MEMBERS), longestBond() + 1, 1, EPOCH_GRACE);
    }

    function widestPolicy() internal pure returns (Policy memory) {
        uint40 longest = uint40(Policies.MAX_TIME);
        return Policy(type(uint96).max, uint16(Policies.MAX_MEMBERS), longest, longest, EPOCH_GRACE);
    }
}
