// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Operator } from "../../../contracts/types/Operator.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract ResignTest is AssentTest {
    function test_RevertGiven_TheSenderIsNoOperator() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
        vm.prank(stranger);
        assent.resign();
    }

    function test_RevertGiven_TheSenderHasResigned() public {
        address operator = resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorHasLeft.selector, operator));
        resignAs(0);
    }

    function test_RevertGiven_TheSenderTookItsStakeBack() public {
        address operator = joinAs(4);
        resignAs(4);
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, operator));
        resignAs(4);
    }

    function test_GivenTheSenderIsAMember() public {
        skip(1 days);
        address operator = operatorAt(0);
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorLeft(operator, START + 1 days + UNBONDING);
        resignAs(0);

        Operator memory info = assent.operatorInfo(operator);
        assertEq(info.leftAt, START + 1 days, "leftAt");
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
}
