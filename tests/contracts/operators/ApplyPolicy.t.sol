// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Policy } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract ApplyPolicyTest is OperatorsTest {
    function test_RevertGiven_NoneIsScheduled() public {
        _expectRevert(abi.encodeWithSelector(IOperatorSet.NoPolicyScheduled.selector));
    }

    function test_RevertGiven_ItIsNotDue() public {
        schedule(narrowestPolicy());
        uint256 notBefore = START + UNBONDING;
        vm.warp(notBefore - 1);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.PolicyNotDue.selector, notBefore, notBefore - 1));
    }

    function test_RevertGiven_AModelNeedsMoreThanTheSmallestCommittee() public {
        schedule(defaultPolicy(modelQuorum() - 1));
        skip(UNBONDING);
        bytes4 reason = IOperatorSet.CommitteeTooSmall.selector;
        _expectRevert(abi.encodeWithSelector(reason, modelQuorum() - 1, modelQuorum()));
    }

    /// @dev Published in the time that the policy waited: what was right when it was signed is no more.
    function test_RevertGiven_AModelThatNeedsMoreWasPublishedMeanwhile() public {
        schedule(defaultPolicy(3));
        publishAs(defaultModel(4));
        skip(UNBONDING);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 3, 4));
    }

    /// @dev Its requests may still be open.
    function test_RevertGiven_TheModelThatNeedsMoreWasDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        schedule(defaultPolicy(2));
        skip(UNBONDING);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 2, modelQuorum()));
    }

    function test_RevertGiven_TheCommitteeIsSmallerThanIsAskedFor() public {
        joinAs(4); // would do, but isn't a member yet
        schedule(defaultPolicy(5));
        skip(UNBONDING);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 4, 5));
        assent.rotate();
        assent.applyPolicy();
        assertEq(assent.currentPolicy().minMembers, 5, "minMembers");
    }

    function test_RevertGiven_ItWasApplied() public {
        scheduleAndApply(defaultPolicy(3));
        _expectRevert(abi.encodeWithSelector(IOperatorSet.NoPolicyScheduled.selector));
    }

    function test_GivenItIsDue() public {
        Policy memory policy = Policy(2 * STAKE, 3, 21 days, 2 hours, 20 minutes);
        schedule(policy);
        skip(UNBONDING);
        vm.expectEmit(address(assent));
        emit IOperatorSet.PolicyChanged(policy);
        vm.prank(stranger);
        assent.applyPolicy();
        assertEq(abi.encode(assent.currentPolicy()), abi.encode(policy), "policy");
        (Policy memory next, uint40 notBefore) = assent.scheduledPolicy();
        Policy memory none;
        assertEq(abi.encode(next), abi.encode(none), "nothing scheduled");
        assertEq(notBefore, 0, "nothing due");
    }

    function test_GivenItWasApplied_ThatStakesAndEpochsFollowIt() public {
        scheduleAndApply(Policy(2 * STAKE, 3, 21 days, 2 hours, 20 minutes));
        _expectNoJoin();
        address operator = resignAs(0);
        uint256 since = vm.getBlockTimestamp();
        assent.rotate(); // with three: as few as the policy now allows
        resignAs(1);
        bytes4 reason = IOperatorSet.RotationTooSoon.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, since + 2 hours, since));
        assent.rotate();
        skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.StakeBonded.selector, since + 21 days, since + 7 days));
        vm.prank(operator);
        assent.withdrawStake();
    }

    function test_GivenItWasApplied_ThatQuorumsFollowIt() public {
        scheduleAndApply(defaultPolicy(3));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.QuorumUnsafe.selector, 4, 2, 3));
        publishAs(defaultModel(4));
    }

    /// @dev Whatever is applied, every published quorum is within the smallest committee, and that within the one there is.
    function testFuzz_WhenTheSmallestCommitteeIsAny(uint16 minMembers, uint8 quorum, uint8 joined) public {
        minMembers = uint16(bound(minMembers, Policies.MIN_MEMBERS, 10));
        quorum = uint8(bound(quorum, 2, 4));
        joined = uint8(bound(joined, 0, 4));
        if (quorum != modelQuorum()) publishAs(defaultModel(quorum));
        for (uint256 i = 0; i < joined; ++i) {
            joinAs(4 + i);
        }
        skip(EPOCH_LENGTH);
        if (joined != 0) assent.rotate();
        schedule(defaultPolicy(minMembers));
        skip(UNBONDING);
        uint256 largest = quorum > modelQuorum() ? quorum : modelQuorum();
        bool sound = largest <= minMembers && minMembers <= 4 + joined;
        if (!sound) vm.expectPartialRevert(IOperatorSet.CommitteeTooSmall.selector);
        assent.applyPolicy();
        assertEq(assent.currentPolicy().minMembers, sound ? minMembers : 4, "minMembers");
    }

    /// @dev With what was enough for those who joined before.
    function _expectNoJoin() private {
        (address attester, uint256 key) = attesterAt(4);
        bytes memory signature = sign(key, hasher.joining(stranger, 0, "", type(uint256).max));
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.StakeTooLow.selector, STAKE, 2 * STAKE));
        hoax(stranger, STAKE);
        assent.join{ value: STAKE }(attester, 0, "", type(uint256).max, signature);
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        assent.applyPolicy();
    }
}
