// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Policy } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract ReleaseTest is OperatorsTest {
    function setUp() public override {
        super.setUp();
        joinAs(4); // so that enough are left
        give();
    }

    function test_RevertGiven_ItIsNoOperator() public {
        _expectRevert(stranger, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
    }

    function test_RevertGiven_TheOperatorHasResigned() public {
        address operator = jailAs(3, 0x7);
        resignAs(3);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
    }

    function test_RevertGiven_TheOperatorIsInTheSet() public {
        address operator = operatorAt(3);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorNotOut.selector, operator));
    }

    function test_RevertGiven_TheJailTimeIsNotOver() public {
        address operator = jailAs(3, 0x7);
        uint256 until = START + EPOCH_LENGTH;
        vm.warp(until - 1);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorIsJailed.selector, operator, until));
    }

    function test_RevertGiven_TheStakeIsTooLow() public {
        address operator = slashAs(3, 0);
        _expectTooLow(operator, STAKE - PENALTY, STAKE);
        hoax(operator, PENALTY);
        assent.addStake{ value: PENALTY - 1 }(operator);
        _expectTooLow(operator, STAKE - 1, STAKE);
    }

    function test_RevertGiven_TheOperatorWasSlashedInJail() public {
        address operator = jailAs(3, 0x7);
        slashAs(3, 0);
        skip(EPOCH_LENGTH);
        _expectTooLow(operator, STAKE - PENALTY, STAKE);
    }

    /// @dev Members stay under the stake that they joined with; who comes back is held to the new one.
    function test_RevertGiven_ThePolicyAsksForMoreMeanwhile() public {
        address operator = jailAs(3, 0x7);
        Policy memory policy = defaultPolicy(4);
        policy.minStake = 2 * STAKE;
        scheduleAndApply(policy);
        _expectTooLow(operator, STAKE, 2 * STAKE);
    }

    function test_RevertGiven_TheCommitteeIsFull() public {
        address operator = jailAs(3, 0x7);
        for (uint256 i = 5; i <= Policies.MAX_MEMBERS; ++i) {
            joinAs(i);
        }
        skip(EPOCH_LENGTH);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.CommitteeFull.selector, Policies.MAX_MEMBERS));
    }

    function test_GivenTheJailTimeIsOver() public {
        address operator = jailAs(3, 0x7);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _assertReleases(operator);
        skip(EPOCH_LENGTH);
        assent.rotate();
        (address attester,) = attesterAt(3);
        assertEq(assent.membersOf(3)[4], attester, "a member again");
    }

    function test_GivenTheOperatorIsStillAMember() public {
        address operator = jailAs(3, 0x7);
        skip(EPOCH_LENGTH);
        _assertReleases(operator);
        assent.rotate();
        assertEq(assent.membersOf(2).length, 5, "members");
    }

    function test_GivenTheStakeWasAddedToAfterSlashing() public {
        address operator = slashAs(3, 0);
        skip(EPOCH_LENGTH);
        assent.rotate();
        assertEq(assent.membersOf(2).length, 4, "members without it");
        hoax(operator, PENALTY);
        assent.addStake{ value: PENALTY }(operator);
        _assertReleases(operator);
        skip(EPOCH_LENGTH);
        assent.rotate();
        (address attester,) = attesterAt(3);
        assertEq(assent.membersOf(3)[4], attester, "a member again");
    }

    function test_GivenThePolicyAsksForLessMeanwhile() public {
        address operator = slashAs(3, 0);
        Policy memory policy = defaultPolicy(4);
        policy.minStake = STAKE - PENALTY;
        scheduleAndApply(policy);
        _assertReleases(operator);
    }

    function _assertReleases(address operator) private {
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorReleased(operator);
        vm.prank(stranger);
        assent.release(operator);
        assertEq(assent.operatorInfo(operator).jailedUntil, 0, "jailedUntil");
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorNotOut.selector, operator));
    }

    function _expectTooLow(address operator, uint256 stake, uint256 least) private {
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.StakeTooLow.selector, stake, least));
    }

    function _expectRevert(address operator, bytes memory reason) private {
        vm.expectRevert(reason);
        assent.release(operator);
    }
}
