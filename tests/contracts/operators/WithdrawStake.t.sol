// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Errors } from "@openzeppelin/contracts/utils/Errors.sol";

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { AssentTest } from "../base/AssentTest.sol";

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

contract WithdrawStakeTest is AssentTest {
    function test_RevertGiven_TheSenderIsNoOperator() public {
        _expectRevert(stranger, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
    }

    function test_RevertGiven_TheSenderHasNotResigned() public {
        address operator = operatorAt(0);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorNotLeft.selector, operator));
    }

    function test_RevertGiven_TheStakeIsUnbonding() public {
        _resignAndRotate();
        uint256 withdrawableAt = START + UNBONDING;
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
        vm.warp(START + UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
    }

    function test_RevertGiven_TheSenderTakesNoEther() public {
        address operator = _resignAndRotate();
        vm.etch(operator, hex"fe");
        vm.warp(START + UNBONDING);
        _expectRevert(operator, abi.encodeWithSelector(Errors.FailedCall.selector));
        assertEq(assent.operatorInfo(operator).stake, STAKE, "stake");
    }

    function test_RevertGiven_TheSenderCallsAgainWhenPaid() public {
        address operator = address(new GreedyOperator(assent));
        (address attester, uint256 key) = attesterAt(4);
        join(operator, attester, key);
        vm.prank(operator);
        assent.resign();
        skip(UNBONDING);
        _expectRevert(operator, abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
        assertEq(assent.operatorInfo(operator).stake, STAKE, "stake");
    }

    function test_GivenTheStakeIsUnbonded() public {
        address operator = _resignAndRotate();
        (address attester,) = attesterAt(0);
        vm.warp(START + UNBONDING);
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
        address operator = joinAs(4);
        resignAs(4);
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        assertEq(operator.balance, STAKE);
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
