// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { Place, Roll } from "../../../contracts/types/Roll.sol";
import { CommitteeTest } from "../committee/CommitteeTest.sol";

/// @notice A supermajority could vote for a least stake that nobody else had, and be the committee for ever; and 64 of the least stakes filled the
/// set, for nobody could be put in their places. There is no vote any more, and a place is had for a quarter more than the lowest stake.
contract ClosedSetTest is CommitteeTest {
    /// @dev They hold the whole roll and the whole list: 128 stakes.
    function test_WhoBringsAQuarterMoreIsInWithTheNextRotation() public {
        make(31, 64, 64);
        for (uint256 i = 64; i < 128; ++i) {
            joinAs(i, STAKE);
        }
        uint256 honest = 200;
        joinAs(honest, uint256(STAKE) * 5 / 4);
        rotateWith(0);
        assertPlace(honest, Place.Roll);
        (Roll memory roll, address[] memory attesters) = committee.rollOf(2);
        (address attester,) = attesterAt(honest);
        assertEq(attesters[roll.size - 1], attester, "it judges before it sits");
        // Whose place it took waits again with its stake, and nobody lost any.
        assertPlace(63, Place.Waiting);
        assertEq(infoAt(63).stake, STAKE, "stake");
        assertEq(address(committee).balance, 128 * uint256(STAKE) + uint256(STAKE) * 5 / 4, "ether");
    }

    /// @dev The price of keeping one out: a fifth more for every lowest place, against one who brings half more.
    function test_KeepingOneOutTakesStake() public {
        joinAs(5, STAKE);
        rotateWith(6);
        joinAs(6, STAKE);
        rotateWith(7); // full
        uint256 honest = 100;
        joinAs(honest, uint256(STAKE) * 3 / 2);
        uint256 snapshot = vm.snapshotState();
        _addToAll(STAKE / 5 + 1);
        rotateWith(0);
        assertPlace(honest, Place.Waiting);
        vm.revertToState(snapshot);
        _addToAll(STAKE / 5);
        rotateWith(0);
        assertPlace(honest, Place.Roll);
    }

    function _addToAll(uint256 stake) private {
        for (uint256 i = 0; i < 7; ++i) {
            hoax(operatorAt(i), stake);
            committee.addStake{ value: stake }(operatorAt(i));
        }
    }
}

/// @notice Half of the roll lets its leases end, and rotates as often as it can: the rest would be the committee, and the leavers' own verdicts
/// without a bench.
contract MassExitTest is CommitteeTest {
    function test_AnEighthLeavesAtARotation() public {
        make(13, 23, 23);
        vm.warp(START + LEASE + 1);
        for (uint256 i = 12; i < 23; ++i) {
            renewAs(i);
        }
        committee.rotate();
        (Roll memory roll,) = committee.rollOf(2);
        assertEq(roll.size, 21, "two of 23");
        for (uint256 i = 0; i < 9; ++i) {
            uint256 notBefore = committee.rotatableAt();
            vm.expectRevert(
                abi.encodeWithSelector(ICommittee.RotationTooSoon.selector, notBefore, vm.getBlockTimestamp())
            );
            committee.rotate();
        }
        // Who left can still be made to pay for what it signed.
        vm.expectRevert(abi.encodeWithSelector(ICommittee.OperatorNotResigned.selector, operatorAt(0)));
        vm.prank(operatorAt(0));
        committee.withdrawStake();
        resignAs(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommittee.StakeBonded.selector, vm.getBlockTimestamp() + UNBONDING, vm.getBlockTimestamp()
            )
        );
        vm.prank(operatorAt(0));
        committee.withdrawStake();
    }
}

/// @notice Nine joined, rotated, signed a review of what was recorded before they came, and took half of the honest stakes: at one timestamp.
contract SybilsTest is CommitteeTest {
    function test_OneOfNineEntersAndThereIsNoSecondRotation() public {
        vm.warp(committee.rotatableAt());
        for (uint256 i = 10; i < 19; ++i) {
            joinAs(i, 10 * uint256(STAKE));
        }
        committee.rotate();
        (Roll memory roll,) = committee.rollOf(2);
        assertEq(roll.size, 6, "one more");
        assertEq(memberOf(2, 5), operatorAt(10), "behind all others");
        vm.expectPartialRevert(ICommittee.RotationTooSoon.selector);
        committee.rotate();
        // The roll of a verdict that was recorded before is fixed.
        (Roll memory before, address[] memory attesters) = committee.rollOf(1);
        assertEq(before.size, 5, "as it was");
        for (uint256 i = 0; i < 5; ++i) {
            (address attester,) = attesterAt(i);
            assertEq(attesters[i], attester, "as it was");
        }
    }

    /// @dev Majority of a roll of seven that doesn't leave of itself: four, one a rotation; the last of them has a seat only when seniors go.
    function test_AMajorityTakesWeeks() public {
        uint256 rotations = 0;
        for (uint256 i = 10; i < 14; ++i) {
            joinAs(i, 10 * uint256(STAKE));
        }
        while (_sybilsOnTheRoll() < 4) {
            rotateWith(5);
            for (uint256 i = 10; i < 14; ++i) {
                renewAs(i);
            }
            ++rotations;
        }
        assertEq(rotations, 4, "weeks");
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(memberOf(committee.currentEpoch(), i), operatorAt(i), "the seats are the seniors'");
        }
    }

    function _sybilsOnTheRoll() private returns (uint256 count) {
        for (uint256 i = 10; i < 14; ++i) {
            if (infoAt(i).place == Place.Roll) ++count;
        }
    }
}
