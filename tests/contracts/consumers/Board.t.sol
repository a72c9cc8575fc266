// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Board } from "../../../contracts/consumers/Board.sol";

/// @dev What the board calls.
contract Target {
    error Closed();

    address public caller;
    uint256 public number;
    uint256 public calls;
    bool public closed;

    function set(uint256 number_) external {
        if (closed) revert Closed();
        (caller, number) = (msg.sender, number_);
        ++calls;
    }

    function close(bool closed_) external {
        closed = closed_;
    }
}

contract BoardTest is Test {
    Board internal board;
    Target internal target = new Target();
    address[] internal members;

    function setUp() public {
        for (uint256 i = 0; i < 3; ++i) {
            members.push(makeAddr(string.concat("member", vm.toString(i))));
        }
        board = new Board(members, 2);
    }

    function agree(uint256 member, uint256 number) internal {
        vm.prank(members[member]);
        board.agree(address(target), abi.encodeCall(Target.set, (number)));
    }

    function test_Construction_RevertWhen_TheQuorumIsNoneOrMoreThanTheMembers() public {
        vm.expectRevert(Board.BoardMalformed.selector);
        new Board(members, 0);
        vm.expectRevert(Board.BoardMalformed.selector);
        new Board(members, 4);
        assertEq(new Board(members, 3).quorum(), 3);
    }

    function test_Construction_RevertWhen_AMemberIsNobodyOrNamedTwice() public {
        members.push(address(0));
        vm.expectRevert(Board.BoardMalformed.selector);
        new Board(members, 2);
        members[3] = members[0];
        vm.expectRevert(Board.BoardMalformed.selector);
        new Board(members, 2);
    }

    function test_Agree_RevertWhen_TheSenderIsNotAMember() public {
        vm.expectRevert(abi.encodeWithSelector(Board.NotMember.selector, address(this)));
        board.agree(address(target), abi.encodeCall(Target.set, (1)));
    }

    function test_Agree_RevertWhen_ItAgreedToThisCallBefore() public {
        agree(0, 1);
        vm.expectRevert(abi.encodeWithSelector(Board.AgreedBefore.selector, members[0]));
        agree(0, 1);
    }

    function test_Agree_GivenTooFewHaveAgreed() public {
        vm.expectEmit();
        emit Board.Agreed(members[0], address(target), abi.encodeCall(Target.set, (1)), 1);
        agree(0, 1);
        assertEq(target.calls(), 0);
    }

    function test_Agree_GivenEnoughHaveAgreed() public {
        agree(0, 1);
        agree(2, 1);
        assertEq(target.caller(), address(board));
        assertEq(target.number(), 1);
        assertEq(target.calls(), 1);
        vm.expectRevert(abi.encodeWithSelector(Board.CallMade.selector, address(target)));
        agree(1, 1);
    }

    function test_Agree_GivenMembersAgreedToDifferentCalls() public {
        agree(0, 1);
        agree(1, 2);
        assertEq(target.calls(), 0);
    }

    function test_Agree_GivenTheCallReverts() public {
        agree(0, 1);
        target.close(true);
        vm.expectRevert(Target.Closed.selector);
        agree(1, 1);
        target.close(false);
        agree(1, 1);
        assertEq(target.calls(), 1);
    }
}
