// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { Place } from "../../../contracts/types/Roll.sol";
import { CommitteeTest } from "./CommitteeTest.sol";

/// @dev `resign` and `withdrawStake`.
contract LeaveTest is CommitteeTest {
    function test_Resign_RevertGiven_ItHas() public {
        resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorHasResigned.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.resign();
    }

    function test_Resign_GivenItWaits() public {
        joinAs(5, STAKE);
        vm.expectEmit(address(committee));
        emit ICommittee.OperatorResigned(operatorAt(5));
        resignAs(5);
        assertPlace(5, Place.Out);
        assertEq(committee.waiting().length, 0, "waiting");
        // It never signed anything, and its lease binds it.
        uint256 until = START + LEASE + 1;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.StakeBonded.selector, until, until - 1));
        vm.prank(operatorAt(5));
        committee.withdrawStake();
        vm.warp(until);
        _withdraw(5, STAKE);
    }

    function test_Resign_GivenItIsOnTheRoll() public {
        resignAs(0);
        assertPlace(0, Place.Roll);
        assertRoll(3, list(0, 5));
    }

    function test_WithdrawStake_RevertGiven_ItHasNotResigned() public {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorNotResigned.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.withdrawStake();
    }

    function test_WithdrawStake_RevertGiven_ItIsOnTheRoll() public {
        resignAs(0);
        skip(3650 days);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.StillOnRoll.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.withdrawStake();
    }

    function test_WithdrawStake_RevertGiven_ItIsBonded() public {
        resignAs(0);
        rotateWith(5);
        uint256 until = vm.getBlockTimestamp() + UNBONDING;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.StakeBonded.selector, until, until - 1));
        vm.prank(operatorAt(0));
        committee.withdrawStake();
        vm.warp(until);
        _withdraw(0, STAKE);
        assertEq(address(committee).balance, 4 * uint256(STAKE), "the others'");
    }

    /// @dev Out of the list and back on the roll: it counts from the last epoch that it was in.
    function test_WithdrawStake_GivenItCameBackInBetween() public {
        vm.warp(START + LEASE + 1);
        for (uint256 i = 1; i < 5; ++i) {
            renewAs(i);
        }
        committee.rotate();
        renewAs(0);
        rotateWith(5);
        resignAs(0);
        rotateWith(5);
        uint256 until = vm.getBlockTimestamp() + UNBONDING;
        vm.expectRevert(abi.encodeWithSelector(ICommittee.StakeBonded.selector, until, vm.getBlockTimestamp()));
        vm.prank(operatorAt(0));
        committee.withdrawStake();
        vm.warp(until);
        _withdraw(0, STAKE);
    }

    function test_WithdrawStake_ThatItMayJoinAnewAfterwards() public {
        joinAs(5, STAKE);
        resignAs(5);
        skip(LEASE + 1);
        _withdraw(5, STAKE);
        joinAs(5, STAKE + 7);
        assertEq(infoAt(5).stake, STAKE + 7, "stake");
        assertPlace(5, Place.Waiting);
    }

    function test_AddStake_RevertGiven_ItIsNoOperatorOrResigned() public {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorUnknown.selector, operatorAt(9)));
        committee.addStake{ value: 1 }(operatorAt(9));
        resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorHasResigned.selector, operatorAt(0)));
        committee.addStake{ value: 1 }(operatorAt(0));
    }

    function test_AddStake() public {
        vm.expectEmit(address(committee));
        emit ICommittee.StakeAdded(operatorAt(0), 5, STAKE + 5);
        committee.addStake{ value: 5 }(operatorAt(0));
        assertEq(infoAt(0).stake, STAKE + 5, "stake");
    }

    function _withdraw(uint256 i, uint256 stake) private {
        address operator = operatorAt(i);
        uint256 before = operator.balance;
        vm.expectEmit(address(committee));
        emit ICommittee.StakeWithdrawn(operator, stake);
        vm.prank(operator);
        committee.withdrawStake();
        assertEq(operator.balance - before, stake, "paid");
        assertEq(committee.operatorInfo(operator).attester, address(0), "unknown");
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorUnknown.selector, operator));
        vm.prank(operator);
        committee.withdrawStake();
    }
}
