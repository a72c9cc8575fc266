// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Operator } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract ResignTest is OperatorsTest {
    function test_RevertGiven_TheSenderIsNoOperator() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
        vm.prank(stranger);
        assent.resign();
    }

    function test_RevertGiven_TheSenderHasResigned() public {
        address operator = resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
        resignAs(0);
    }

    function test_RevertGiven_TheSenderTookItsStakeBack() public {
        joinAs(4);
        address operator = leaveAs(4);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
        resignAs(4);
    }

    function test_GivenTheSenderIsAMember() public {
        skip(1 days);
        address operator = operatorAt(0);
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorResigned(operator, 1);
        resignAs(0);

        Operator memory info = assent.operatorInfo(operator);
        assertTrue(info.resigned, "resigned");
        assertEq(info.lastEpoch, 1, "lastEpoch");
        assertEq(info.stake, STAKE, "stake");
        assertEq(assent.membersOf(1)[0], info.attester, "still a member");
    }

    function test_GivenTheSenderHasJoinedAndIsNotYetAMember() public {
        joinAs(4);
        resignAs(4);
        skip(EPOCH_LENGTH);
        assent.rotate();
        assertEq(abi.encode(assent.membersOf(2)), abi.encode(assent.membersOf(1)), "members");
    }

    function test_GivenTheSenderIsJailed() public {
        joinAs(4);
        address operator = jailAs(3, 0x7);
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorResigned(operator, 1);
        resignAs(3);
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
        assent.release(operator);
    }
}
