// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAdmission } from "../../../contracts/interfaces/IAdmission.sol";
import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { CommitteeTerms, Place } from "../../../contracts/types/Roll.sol";
import { CommitteeTest } from "../committee/CommitteeTest.sol";

contract HostileAdmission is IAdmission {
    enum Way {
        Fair,
        Revert,
        BurnGas,
        Reenter,
        StrikeAll
    }

    Way public way;

    function turn(Way way_) external {
        way = way_;
    }

    function admits(address operator) external view returns (bool) {
        if (way == Way.Revert) revert("no");
        while (way == Way.BurnGas) { }
        if (way == Way.Reenter) {
            // A view can't be entered by anything that writes, so it can only look.
            (bool done,) = msg.sender.staticcall(abi.encodeCall(ICommittee.rotate, ()));
            return !done && ICommittee(msg.sender).operatorInfo(operator).attester != address(0);
        }
        return way != Way.StrikeAll;
    }
}

/// @notice The contract that says who may take part turns against the committee.
contract BadAdmissionTest is CommitteeTest {
    HostileAdmission private admission;

    function setUp() public override {
        super.setUp();
        admission = new HostileAdmission();
        CommitteeTerms memory terms = defaultTerms();
        terms.admission = address(admission);
        make(terms);
        for (uint256 i = 0; i < 5; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
    }

    function test_ItHindersLeasesAndNothingElse() public {
        joinAs(5, STAKE);
        for (uint256 way = 1; way < 5; ++way) {
            admission.turn(HostileAdmission.Way(way));
            if (way == 3) {
                renewAs(1);
                continue;
            }
            address operator = operatorAt(1);
            vm.prank(operator);
            (bool renewed,) = address(committee).call{ gas: 500_000 }(abi.encodeCall(ICommittee.renew, ()));
            assertFalse(renewed, "renewed");
            // What doesn't ask it goes on: more stake, other keys, leaving, the next epoch.
            committee.addStake{ value: 1 }(operator);
            (address attester, uint256 key) = attesterAt(100 + way);
            bytes memory signature = signedJoining(operator, key, bytes32(0));
            uint256 until = vm.getBlockTimestamp();
            vm.prank(operator);
            committee.changeKeys(attester, bytes32(0), ENDPOINT, until, signature);
        }
        resignAs(0);
        vm.warp(committee.rotatableAt());
        committee.rotate();
        assertPlace(0, Place.Out);
        assertPlace(5, Place.Roll);
        skip(UNBONDING);
        vm.prank(operatorAt(0));
        committee.withdrawStake();
        assertEq(operatorAt(0).balance, STAKE, "stake");
    }

    /// @dev It can end a committee, an eighth a rotation, as leases end: that is what it is for. Stakes come back, to the last.
    function test_StrikingAllHoldsNobody() public {
        admission.turn(HostileAdmission.Way.StrikeAll);
        vm.warp(START + LEASE + 1);
        for (uint256 i = 0; i < 5; ++i) {
            committee.rotate();
            vm.warp(committee.rotatableAt());
        }
        assertRoll(0, list(0, 0));
        skip(UNBONDING);
        for (uint256 i = 0; i < 5; ++i) {
            resignAs(i);
            vm.prank(operatorAt(i));
            committee.withdrawStake();
        }
        assertEq(address(committee).balance, 0, "ether");
    }
}
