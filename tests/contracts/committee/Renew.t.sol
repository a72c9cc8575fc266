// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { CommitteeTerms, Place } from "../../../contracts/types/Roll.sol";
import { CommitteeTest, Register } from "./CommitteeTest.sol";

contract RenewTest is CommitteeTest {
    function test_RevertGiven_TheSenderIsNoOperator() public {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorUnknown.selector, address(this)));
        committee.renew();
    }

    function test_RevertGiven_TheSenderResigned() public {
        resignAs(0);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorHasResigned.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.renew();
    }

    function test_GivenItIsOnTheRoll() public {
        skip(1 days);
        vm.expectEmit(address(committee));
        emit ICommittee.LeaseRenewed(operatorAt(0), START + 1 days + LEASE);
        renewAs(0);
        assertEq(infoAt(0).lease, START + 1 days + LEASE, "lease");
        assertPlace(0, Place.Roll);
    }

    function test_GivenItWaits() public {
        joinAs(5, STAKE);
        skip(1 days);
        renewAs(5);
        assertEq(infoAt(5).lease, START + 1 days + LEASE, "lease");
        assertEq(committee.waiting().length, 1, "once");
    }

    function test_GivenItsLeaseWasOverAndItLeft() public {
        vm.warp(START + LEASE + 1);
        for (uint256 i = 1; i < 5; ++i) {
            renewAs(i);
        }
        committee.rotate();
        assertPlace(0, Place.Out);
        renewAs(0);
        assertPlace(0, Place.Waiting);
        rotateWith(5);
        uint256[] memory expected = list(1, 6);
        expected[4] = 0;
        assertRoll(3, expected); // its seniority is gone
    }

    /// @dev Who is struck off stays until its lease ends, and can't come back.
    function test_RevertGiven_ItWasStruckOff() public {
        Register register = new Register();
        CommitteeTerms memory terms = defaultTerms();
        terms.admission = address(register);
        make(terms);
        for (uint256 i = 0; i < 5; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
        register.strike(operatorAt(0), true);
        vm.warp(START + LEASE);
        _expectNotAdmitted();
        for (uint256 i = 1; i < 5; ++i) {
            renewAs(i);
        }
        committee.rotate();
        assertPlace(0, Place.Roll);
        rotateWith(0);
        assertPlace(0, Place.Out);
        _expectNotAdmitted();
    }

    function _expectNotAdmitted() private {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorNotAdmitted.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.renew();
    }
}
