// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { CommitteeTerms, Place, Roll } from "../../../contracts/types/Roll.sol";
import { CommitteeTest } from "./CommitteeTest.sol";

contract RotateTest is CommitteeTest {
    function test_GivenItIsTheFirst() public {
        make(defaultTerms());
        address[] memory attesters = new address[](6);
        for (uint256 i = 0; i < 6; ++i) {
            joinAs(i, STAKE);
            (attesters[i],) = attesterAt(i);
        }
        vm.expectEmit(address(committee));
        emit ICommittee.EpochFormed(1, 3, attesters);
        assertEq(committee.rotate(), 1, "epoch");
        assertRoll(3, list(0, 6)); // all of them at once
        assertEq(committee.waiting().length, 0, "waiting");
        assertEq(core.previousSignsUntil(), 0, "there was none before");
        assertEq(committee.rotatableAt(), START + EPOCH_LENGTH, "next");
    }

    function test_GivenItIsTheFirst_GivenMoreWaitThanTheRollHasRoomFor() public {
        make(defaultTerms());
        for (uint256 i = 0; i < 9; ++i) {
            joinAs(i, i == 8 ? STAKE + 1 : STAKE);
        }
        committee.rotate();
        uint256[] memory expected = list(0, 7);
        for (uint256 i = 6; i > 0; --i) {
            expected[i] = expected[i - 1];
        }
        expected[0] = 8; // the highest stake first, then as they came
        assertRoll(3, expected);
        assertEq(committee.waiting().length, 2, "waiting");
    }

    function test_RevertGiven_FewerWaitThanTheLeastRoll() public {
        make(defaultTerms());
        joinAs(0, STAKE);
        joinAs(1, STAKE);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RollTooSmall.selector, 2, 3));
        committee.rotate();
    }

    /// @dev Until then founders join: whoever is first with friends of its own can't begin without them.
    function test_RevertGiven_ItIsTheFirst_GivenItIsTooEarly() public {
        CommitteeTerms memory terms = defaultTerms();
        terms.start = START + 3 days;
        make(terms);
        for (uint256 i = 0; i < 4; ++i) {
            joinAs(i, STAKE);
        }
        vm.warp(START + 3 days - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RotationTooSoon.selector, START + 3 days, START + 3 days - 1));
        committee.rotate();
        joinAs(4, STAKE);
        vm.warp(START + 3 days);
        committee.rotate();
        assertRoll(3, list(0, 5));
    }

    function test_RevertGiven_TheEpochIsTooYoung() public {
        uint256 notBefore = START + EPOCH_LENGTH;
        vm.warp(notBefore - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RotationTooSoon.selector, notBefore, notBefore - 1));
        committee.rotate();
    }

    function test_GivenNothingChanged() public {
        rotateWith(5);
        assertRoll(3, list(0, 5));
        assertEq(core.previousSignsUntil(), START + EPOCH_LENGTH + GRACE, "grace");
        (Roll memory before,) = committee.rollOf(1);
        assertEq(before.bondedUntil, START + EPOCH_LENGTH + UNBONDING, "bonded");
    }

    /// @dev One of five: newcomers wait for their turn, and come last.
    function test_GivenMoreWaitThanMayEnter() public {
        joinAs(5, STAKE);
        joinAs(6, STAKE + 1);
        rotateWith(7);
        uint256[] memory expected = list(0, 6);
        expected[5] = 6;
        assertRoll(3, expected);
        assertPlace(5, Place.Waiting);
        rotateWith(7);
        expected = list(0, 7);
        (expected[5], expected[6]) = (6, 5);
        assertRoll(3, expected);
    }

    function test_GivenSomeWhoWaitHaveNoLeaseAnyMore() public {
        joinAs(5, STAKE + 1);
        vm.warp(START + LEASE);
        joinAs(6, STAKE);
        for (uint256 i = 0; i < 5; ++i) {
            renewAs(i);
        }
        skip(1);
        committee.rotate();
        assertPlace(5, Place.Waiting);
        assertPlace(6, Place.Roll);
    }

    function test_GivenSeveralResigned() public {
        resignAs(0);
        resignAs(3);
        rotateWith(5);
        assertRoll(3, list(1, 5)); // one of five leaves, the most senior; the next in seniority has its seat
        assertPlace(0, Place.Out);
        assertEq(infoAt(0).lastEpoch, 1, "last epoch");
        rotateWith(5);
        uint256[] memory expected = list(1, 4);
        expected[2] = 4;
        assertRoll(3, expected);
        assertEq(infoAt(3).lastEpoch, 2, "last epoch");
    }

    function test_GivenALeaseIsOver() public {
        vm.warp(START + LEASE);
        for (uint256 i = 0; i < 5; ++i) {
            if (i != 1) renewAs(i);
        }
        committee.rotate(); // it holds for this second yet
        assertRoll(3, list(0, 5));
        skip(EPOCH_LENGTH);
        committee.rotate();
        uint256[] memory expected = list(0, 4);
        (expected[1], expected[2], expected[3]) = (2, 3, 4);
        assertRoll(3, expected);
        assertPlace(1, Place.Out);
    }

    /// @dev Else whoever keeps others from joining, as an admission contract may, would hold the stakes of the last ones for good.
    function test_GivenTooFewAreLeft() public {
        for (uint256 i = 0; i < 3; ++i) {
            resignAs(i);
            rotateWith(5);
        }
        assertRoll(0, list(3, 5)); // no report is accepted
        joinAs(5, STAKE);
        rotateWith(6);
        assertRoll(3, list(3, 6));
        for (uint256 i = 3; i < 6; ++i) {
            resignAs(i);
            rotateWith(6);
        }
        assertRoll(0, list(0, 0));
        skip(UNBONDING);
        for (uint256 i = 0; i < 6; ++i) {
            vm.prank(operatorAt(i));
            committee.withdrawStake();
        }
        assertEq(address(committee).balance, 0, "all have their stakes");
    }

    function test_GivenTheRollIsFull() public {
        joinAs(5, STAKE);
        rotateWith(6);
        joinAs(6, STAKE);
        rotateWith(7);
        assertRoll(3, list(0, 7));
        uint256 enough = uint256(STAKE) * 5 / 4;
        joinAs(7, enough - 1);
        rotateWith(8);
        assertRoll(3, list(0, 7));
        joinAs(8, enough);
        joinAs(9, enough);
        rotateWith(10);
        uint256[] memory expected = list(0, 7);
        expected[6] = 8; // of the lowest stakes, the last in seniority gives way, to one only
        assertRoll(3, expected);
        assertPlace(6, Place.Waiting);
        assertEq(infoAt(6).lastEpoch, committee.currentEpoch() - 1, "bonded with its last epoch");
        assertPlace(9, Place.Waiting);
    }

    function test_GivenTheRollIsFull_GivenOneHasLessThanTheOthers() public {
        joinAs(5, STAKE);
        rotateWith(6);
        joinAs(6, STAKE);
        rotateWith(7);
        uint256 snapshot = vm.snapshotState();
        for (uint256 lowest = 0; lowest < 7; ++lowest) {
            for (uint256 i = 0; i < 7; ++i) {
                if (i != lowest) committee.addStake{ value: 1 }(operatorAt(i));
            }
            joinAs(7, uint256(STAKE) * 5 / 4);
            rotateWith(8);
            assertPlace(lowest, Place.Waiting);
            assertEq(memberOf(committee.currentEpoch(), 6), operatorAt(7), "behind all others");
            vm.revertToState(snapshot);
        }
    }

    function test_GivenTheRollIsFull_GivenOneLeaves() public {
        joinAs(5, STAKE);
        rotateWith(6);
        joinAs(6, STAKE);
        rotateWith(7);
        resignAs(3);
        joinAs(7, STAKE);
        joinAs(8, 2 * STAKE);
        rotateWith(9);
        uint256[] memory expected = list(0, 7);
        (expected[3], expected[4], expected[5], expected[6]) = (4, 5, 6, 8);
        assertRoll(3, expected); // nobody is outbid beside the one who left
        assertPlace(7, Place.Waiting);
    }

    function test_GivenAnOperatorChangedItsAttester() public {
        (address attester, uint256 key) = attesterAt(20);
        bytes memory signature = signedJoining(operatorAt(1), key, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        vm.prank(operatorAt(1));
        committee.changeKeys(attester, bytes32(0), ENDPOINT, until, signature);
        assertRoll(3, list(0, 5)); // the epoch has the old one
        rotateWith(5);
        (, address[] memory attesters) = committee.rollOf(2);
        assertEq(attesters[1], attester, "attester");
        assertEq(memberOf(2, 1), operatorAt(1), "the same operator in the same place");
        assertEq(memberOf(1, 1), operatorAt(1), "as before");
    }

    /// @dev Far below a block's gas, and a transaction's.
    function test_GivenTheRollIsAsLargeAsCanBe() public {
        make(31, 64, 64);
        assertRoll(31, list(0, 64));
        for (uint256 i = 64; i < 128; ++i) {
            joinAs(i, uint256(STAKE) * 5 / 4);
        }
        vm.warp(committee.rotatableAt());
        uint256 gas = gasleft();
        committee.rotate();
        assertLt(gas - gasleft(), 3_000_000, "gas");
        (Roll memory roll,) = committee.rollOf(2);
        assertEq(roll.size, 64, "size");
        for (uint256 i = 0; i < 8; ++i) {
            assertPlace(63 - i, Place.Waiting);
            assertPlace(64 + i, Place.Roll);
        }
        assertPlace(72, Place.Waiting);
    }

    /// @dev However many wait, resign, or let their leases end: an eighth leaves, an eighth enters, and there is a roll.
    function testFuzz_GivenAnythingHappened(uint256 seed) public {
        for (uint256 epoch = 1; epoch < 8; ++epoch) {
            vm.warp(committee.rotatableAt() + seed % 3 days);
            for (uint256 i = 0; i < 5 + epoch; ++i) {
                uint256 draw = uint256(keccak256(abi.encode(seed, epoch, i)));
                if (infoAt(i).attester == address(0)) joinAs(i, STAKE + draw % STAKE);
                else if (draw % 8 == 0 && !infoAt(i).resigned) resignAs(i);
                else if (draw % 4 != 1 && !infoAt(i).resigned) renewAs(i);
            }
            (Roll memory before, address[] memory old) = committee.rollOf(committee.currentEpoch());
            committee.rotate();
            _checkChange(before, old);
        }
    }

    function _checkChange(Roll memory before, address[] memory old) private view {
        (Roll memory roll, address[] memory attesters) = committee.rollOf(committee.currentEpoch());
        uint256 churn = before.size < 16 ? 1 : before.size / 8;
        uint256 stayed = 0;
        for (uint256 i = 0; i < old.length; ++i) {
            bool stays = false;
            for (uint256 k = 0; k < attesters.length; ++k) {
                if (attesters[k] != old[i]) continue;
                // Seniority is kept.
                assertGe(k, stayed, "order");
                (stayed, stays) = (stayed + 1, true);
            }
            Place place = committee.operatorInfo(committee.operatorOf(old[i])).place;
            assertEq(stays, place == Place.Roll, "place");
        }
        assertLe(before.size - stayed, churn, "left");
        uint256 missing = stayed < 3 ? 3 - stayed : 0;
        assertLe(roll.size - stayed, churn > missing ? churn : missing, "entered");
        assertLe(roll.size, 7, "most");
        assertEq(roll.seats, roll.size < 3 ? 0 : 3, "seats");
    }
}
