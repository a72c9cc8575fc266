// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract AddStakeTest is OperatorsTest {
    function setUp() public override {
        super.setUp();
        vm.deal(stranger, 10 ether);
    }

    function test_RevertGiven_ItIsNoOperator() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
        _add(stranger, 1 ether);
    }

    /// @dev It would be locked up with the rest, and no use to anyone.
    function test_RevertGiven_TheOperatorHasResigned() public {
        address operator = resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
        _add(operator, 1 ether);
    }

    function testFuzz_WhenAnyoneAddsToIt(uint96 amount) public {
        amount = uint96(bound(amount, 1, 10 ether));
        address operator = operatorAt(0);
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IOperatorSet.StakeAdded(operator, amount, STAKE + amount);
        _add(operator, amount);
        assertEq(assent.operatorInfo(operator).stake, STAKE + amount, "stake");
        assertEq(address(assent).balance, balance + amount, "balance");
    }

    function test_GivenTheOperatorWasSlashedOutOfTheSet() public {
        give();
        joinAs(4);
        address operator = slashAs(0, 0);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _add(operator, PENALTY);
        assertEq(assent.operatorInfo(operator).stake, STAKE, "stake");
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.MembershipUnchanged.selector));
        assent.rotate(); // it is for `release` to put it back
    }

    function _add(address operator, uint256 amount) private {
        vm.prank(stranger);
        assent.addStake{ value: amount }(operator);
    }
}
