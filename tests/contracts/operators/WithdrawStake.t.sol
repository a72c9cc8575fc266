// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Errors } from "@openzeppelin/contracts/utils/Errors.sol";

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policy } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

/// @notice An operator that is a contract, and calls again when it is paid.
contract GreedyOperator {
    IOperatorSet private immutable set;

    constructor(IOperatorSet set_) payable {
        set = set_;
    }

    receive() external payable {
        set.withdrawStake();
    }
}

contract WithdrawStakeTest is OperatorsTest {
    function test_RevertGiven_TheSenderIsNoOperator() public {
        _expectRevert(stranger, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
    }

    function test_RevertGiven_TheSenderHasNotResigned() public {
        address operator = operatorAt(0);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorNotResigned.selector, operator));
    }

    function test_RevertGiven_TheStakeIsUnbonding() public {
        _resignAndRotate();
        uint256 withdrawableAt = START + EPOCH_LENGTH + UNBONDING;
        vm.warp(withdrawableAt - 1);
        _expectRevert(
            operatorAt(0), abi.encodeWithSelector(IOperatorSet.StakeBonded.selector, withdrawableAt, withdrawableAt - 1)
        );
    }

    function test_RevertGiven_TheSenderIsStillAMember() public {
        address operator = resignAs(0);
        skip(UNBONDING);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.StillMember.selector, operator, 1));
    }

    function test_RevertGiven_TheSenderTookItsStakeBack() public {
        address operator = _resignAndRotate();
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
    }

    function test_RevertGiven_TheSenderTakesNoEther() public {
        address operator = _resignAndRotate();
        vm.etch(operator, hex"fe");
        skip(UNBONDING);
        _expectRevert(operator, abi.encodeWithSelector(Errors.FailedCall.selector));
        assertEq(assent.operatorInfo(operator).stake, STAKE, "stake");
    }

    function test_RevertGiven_TheSenderCallsAgainWhenPaid() public {
        address operator = address(new GreedyOperator(assent));
        (address attester, uint256 key) = attesterAt(4);
        join(operator, attester, key);
        vm.prank(operator);
        assent.resign();
        skip(EPOCH_LENGTH);
        assent.rotate();
        skip(UNBONDING);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
        assertEq(assent.operatorInfo(operator).stake, STAKE, "stake");
    }

    function test_GivenTheStakeIsUnbonded() public {
        address operator = _resignAndRotate();
        (address attester,) = attesterAt(0);
        skip(UNBONDING);
        vm.expectEmit(address(assent));
        emit IOperatorSet.StakeWithdrawn(operator, STAKE);
        vm.prank(operator);
        assent.withdrawStake();

        assertEq(operator.balance, STAKE, "balance");
        assertEq(address(assent).balance, 4 * STAKE, "the contract's balance");
        assertEq(assent.operatorInfo(operator).attester, address(0), "forgotten");
        assertEq(assent.operatorOf(attester), operator, "operatorOf");
    }

    function test_GivenTheSenderWasNeverAMember() public {
        joinAs(4);
        address operator = leaveAs(4);
        assertEq(operator.balance, STAKE);
    }

    /// @dev It was a member, and may have signed, until the rotation: a month after it resigned.
    function test_RevertGiven_TheLastEpochEndedLongAfterTheResignation() public {
        address operator = resignAs(0);
        skip(30 days);
        joinAs(4);
        assent.rotate();
        uint256 withdrawableAt = START + 30 days + UNBONDING;
        vm.warp(withdrawableAt - 1);
        bytes4 reason = IOperatorSet.StakeBonded.selector;
        _expectRevert(operator, abi.encodeWithSelector(reason, withdrawableAt, withdrawableAt - 1));
        vm.warp(withdrawableAt);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE, "balance");
    }

    function test_GivenTheEpochsWentOnMeanwhile() public {
        address operator = _resignAndRotate();
        joinAs(5);
        skip(UNBONDING);
        assent.rotate();
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE, "balance");
    }

    function test_GivenTheSenderWasSlashed() public {
        give();
        address operator = slashAs(0, 0);
        resignAs(0);
        rotateToNext();
        skip(UNBONDING);
        vm.expectEmit(address(assent));
        emit IOperatorSet.StakeWithdrawn(operator, STAKE - PENALTY);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE - PENALTY, "balance");
    }

    function test_GivenItsStakeWasAddedTo() public {
        address operator = operatorAt(0);
        hoax(stranger, 2 ether);
        assent.addStake{ value: 2 ether }(operator);
        _resignAndRotate();
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE + 2 ether, "balance");
    }

    /// @dev Its last epoch as a member is over: nobody else needs to come or go for it to be paid.
    function test_GivenTheSenderResignedWhileOutOfTheSet() public {
        joinAs(4);
        address operator = jailAs(3, 0x7);
        skip(EPOCH_LENGTH);
        assent.rotate();
        skip(EPOCH_LENGTH);
        resignAs(3);
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE, "balance");
    }

    /// @dev Scheduled while it was a member, and applied once it has gone: its last reports may be as old as the grace of before.
    function test_RevertGiven_AShorterUnbondingTimeCameInForceSince() public {
        Policy memory policy = defaultPolicy(4);
        policy.unbondingTime = longestBond() + 1;
        (address operator, uint256 ended) = _leaveBeforeItIsApplied(policy);
        uint256 withdrawableAt = ended + UNBONDING;
        vm.warp(withdrawableAt - 1);
        bytes4 reason = IOperatorSet.StakeBonded.selector;
        _expectRevert(operator, abi.encodeWithSelector(reason, withdrawableAt, withdrawableAt - 1));
    }

    function test_GivenALongerUnbondingTimeCameInForceSince() public {
        Policy memory policy = defaultPolicy(4);
        policy.unbondingTime = 10 * UNBONDING;
        (address operator, uint256 ended) = _leaveBeforeItIsApplied(policy);
        vm.warp(ended + UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE, "balance");
    }

    function _leaveBeforeItIsApplied(Policy memory policy) private returns (address operator, uint256 ended) {
        joinAs(4);
        operator = resignAs(0);
        schedule(policy);
        skip(UNBONDING - 1);
        assent.rotate();
        ended = vm.getBlockTimestamp();
        skip(1);
        assent.applyPolicy();
    }

    /// @dev Operator 0 leaves epoch 2, and operator 4 takes its place.
    function _resignAndRotate() private returns (address operator) {
        operator = resignAs(0);
        rotateToNext();
    }

    function _expectRevert(address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        assent.withdrawStake();
    }
}
