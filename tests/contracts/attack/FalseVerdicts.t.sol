// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { Ending, Phase } from "../../../contracts/types/Case.sol";
import { Place, Roll } from "../../../contracts/types/Roll.sol";
import { Recording } from "../../../contracts/types/Verdict.sol";
import { BenchTest } from "../committee/BenchTest.sol";
import { CoreRecorder } from "../committee/CommitteeTest.sol";

/// @notice What a majority of the seats signs was true: of those accused, some had to convict themselves; who signed the opposite label close to
/// the threshold couldn't be punished at all; and false reviews cost nothing.
contract FalseVerdictsTest is BenchTest {
    /// @dev Seven seats and two in reserve: four sign the opposite label one part per million off.
    function test_AMajorityOfTheSeatsIsConvictedByTheOthers() public {
        make(7, 9, 9);
        record(10, 0xf);
        challenge();
        judge(0x1f0, false);
        assertEnded(Ending.Corrected, Phase.Closed);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(infoAt(i).stake, STAKE - PENALTY, "without a signature of theirs");
        }
        assertEq(committee.creditOf(challenger), 2 * uint256(BOND), "challenger");
    }

    /// @dev Four seats and nobody in reserve: three leave one.
    function test_WithoutAReserveThereIsNobodyToJudge() public {
        make(4, 4, 4);
        record(10, 7);
        Recording memory contested = recording;
        vm.expectRevert(abi.encodeWithSelector(ICases.NobodyToJudge.selector, 1, 3));
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, under);
        nameArbiter();
        challenge();
        rule(false);
        assertEnded(Ending.Corrected, Phase.Closed);
        assertEq(infoAt(0).stake + infoAt(1).stake + infoAt(2).stake, 3 * uint256(STAKE - PENALTY), "three penalties");
    }

    /// @dev One fewer than decide, of a roll of thirteen, against an honest verdict.
    function test_FewerThanHalfOfTheRollConvictNobody() public {
        make(7, 13, 13);
        record(10, 0xf);
        challenge();
        expectJudge(0x3f0, false, abi.encodeWithSelector(ICases.QuorumMismatch.selector, 6, 7));
        // Nor with one of the accused, in either direction.
        expectJudge(0x3f8, false, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 3));
        expectJudge(0x3f8, true, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 3));
        skip(JUDGING + 1);
        close();
        assertEnded(Ending.Unjudged, Phase.Closed);
        for (uint256 i = 0; i < 13; ++i) {
            assertEq(infoAt(i).stake, STAKE, "no stake moves");
        }
    }

    /// @dev More than half of the roll do as they like, and gain two bonds a case: below the interest on what they hold.
    function test_CaptorsGainTwoBonds() public {
        make(7, 13, 13);
        record(10, 0xf);
        uint256 before = address(committee).balance;
        challenger = operatorAt(12); // one of theirs
        challenge();
        judge(0x1fc0 >> 1 << 1, false);
        uint256 gain = committee.creditOf(challenger) + 6 * uint256(BOND / 7) - BOND;
        assertLe(gain, 2 * uint256(BOND), "gain");
        assertEq(address(committee).balance, before + BOND, "what was taken stays here");
        uint256 kept = committee.creditOf(address(0)) + keptInAll();
        assertGe(kept, 4 * uint256(PENALTY) - 2 * uint256(BOND), "and goes to nobody who had no part in it");
    }

    function test_CaptorsUnderAnArbiterLoseAPenaltyEach() public {
        make(7, 13, 13);
        record(10, 0xf);
        nameArbiter();
        challenge();
        judge(0x1fc0, false);
        rule(true);
        assertEnded(Ending.Upheld, Phase.Overruled);
        for (uint256 i = 0; i < 13; ++i) {
            assertEq(infoAt(i).stake, i < 6 ? STAKE : STAKE - PENALTY, "stake");
            assertEq(credit(i), 0, "pay");
        }
    }

    /// @dev Who challenges itself is judged by the same bench, and once.
    function test_TheGuiltyChallengeThemselves() public {
        challenger = operatorAt(0);
        challenge();
        judge(0x1c, false);
        assertEnded(Ending.Corrected, Phase.Closed);
        // What comes back is its bond and as much again, of two penalties.
        assertEq(committee.creditOf(challenger), 2 * uint256(BOND), "back");
        assertEq(infoAt(0).stake, STAKE - PENALTY, "stake");
        Recording memory contested = recording;
        vm.expectRevert(CoreRecorder.Refused.selector);
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, under);
    }

    /// @dev Right after signing they change their keys, resign, and let their leases end: the bitmap names them as long as they are bonded.
    function test_TheGuiltyCannotSlipAway() public {
        resignAs(0);
        (address attester, uint256 key) = attesterAt(60);
        bytes memory signature = signedJoining(operatorAt(1), key, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        vm.prank(operatorAt(1));
        committee.changeKeys(attester, bytes32(0), ENDPOINT, until, signature);
        vm.warp(START + EPOCH_LENGTH);
        committee.rotate();
        assertPlace(0, Place.Out);
        // The last claim of its last report, challenged in the last second, judged in the last, and ruled on in the last.
        vm.warp(START + EPOCH_LENGTH + GRACE + 8 days + 3 days);
        nameArbiter();
        challenge();
        skip(JUDGING);
        judge(0x1c, false);
        skip(RULING);
        vm.expectPartialRevert(ICommittee.StakeBonded.selector);
        vm.prank(operatorAt(0));
        committee.withdrawStake();
        rule(false);
        assertEq(infoAt(0).stake, STAKE - PENALTY, "who left");
        assertEq(infoAt(1).stake, STAKE - PENALTY, "who has another key");
    }

    function test_FalseChallengesCostTheirBonds() public {
        for (uint256 use = 100; use < 200; ++use) {
            record(use, 3);
            challenge();
            judge(0x1c, true);
        }
        assertEq(committee.creditOf(challenger), 0, "nothing comes back");
        assertEq(credit(2), 100 * uint256(BOND / 3), "the judges have it");
    }

    /// @dev Lazy seats sign what one corrupt one proposes, and the corrupt on the bench stay silent: with nobody to spare it ends unjudged.
    function test_GuiltAddsUp() public {
        make(7, 9, 9);
        record(10, 0xf);
        challenge();
        expectJudge(0xf0, false, abi.encodeWithSelector(ICases.QuorumMismatch.selector, 4, 5));
        skip(JUDGING + 1);
        close();
        assertEnded(Ending.Unjudged, Phase.Closed);
        // With six in reserve there are two to spare.
        make(7, 13, 13);
        record(11, 0xf);
        challenge();
        judge(0xff0 >> 1 & 0xff0, false);
        assertEnded(Ending.Corrected, Phase.Closed);
    }

    /// @dev Were the convicted put out, a corrupt third in reserve would be half of what is left.
    function test_AConvictionOfTheLazyGivesNobodyAMajority() public {
        make(7, 13, 13);
        record(10, 0xf); // three lazy seats and one corrupt; three more corrupt are in reserve
        challenge();
        judge(0x7f0, false);
        (Roll memory roll,) = committee.rollOf(committee.currentEpoch());
        assertEq(roll.size, 13, "all are there");
        assertEq(memberOf(committee.currentEpoch(), 12), operatorAt(3), "at the end");
        assertEq(roll.seats, 7, "seats are filled from the reserve");
    }

    /// @dev What the convicted signed before, and send now.
    function test_ThereIsNoGraceAfterAConviction() public {
        challenge();
        judge(0x1c, false);
        assertLt(core.previousSignsUntil(), vm.getBlockTimestamp(), "grace");
        assertEq(core.number(), 2, "epoch");
    }

    /// @dev They left with the rotation, all of them, and the epoch that they signed in has its grace: that ends.
    function test_AConvictionEndsTheGraceOfAnEpochThatIsOver() public {
        make(3, 17, 17);
        record(40, 3);
        resignAs(0);
        resignAs(1);
        vm.warp(committee.rotatableAt());
        committee.rotate();
        core.record(recording);
        challenge();
        assertEq(core.previousSignsUntil(), vm.getBlockTimestamp() + GRACE, "grace");
        judge(0x7fc, false);
        assertEq(core.number(), 3, "epoch");
        assertEq(core.previousSignsUntil(), 0, "none");
        (Roll memory roll,) = committee.rollOf(3);
        assertEq(roll.size, 15, "the same roll");
    }

    /// @dev Who was convicted has no seat: whoever has a whole stake takes its place on a full roll, without bringing more.
    function test_TheConvictedMakeRoom() public {
        make(7, 15, 15);
        record(30, 0x7f >> 3 << 3); // four of the seats
        challenge();
        judge(0x7f80, false);
        for (uint256 i = 20; i < 24; ++i) {
            joinAs(i, STAKE);
        }
        for (uint256 i = 0; i < 4; ++i) {
            rotateWith(24);
        }
        for (uint256 i = 20; i < 24; ++i) {
            assertPlace(i, Place.Roll);
        }
    }

    /// @dev The lazy sign lie after lie before the first is found out. Were each taken for, they would be off the roll at once, and the corrupt third
    /// a majority of those who are left.
    function test_ManyLiesOfOneEpochGiveNobodyAMajority() public {
        make(7, 13, 13);
        for (uint256 use = 10; use < 20; ++use) {
            record(use, 0xf);
            challenge();
        }
        for (uint256 use = 10; use < 20; ++use) {
            recording.request.agreement = _agreement(use);
            recording.verdict.trail = keccak256(abi.encode("trail", use));
            id = this.idOf(recording);
            judge(0x7f0, false);
        }
        (Roll memory roll,) = committee.rollOf(committee.currentEpoch());
        assertEq(roll.size, 13, "all are there");
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(infoAt(i).stake, STAKE - PENALTY, "and can judge");
        }
        assertConserved(13, 0);
    }

    /// @dev Nobody has a whole stake any more: nothing is stuck, and the set can be filled again, by as many as are missing.
    function test_AfterTheLastConvictionTheSetComesBack() public {
        nameArbiter();
        make(3, 7, 3);
        record(20, 7);
        record(21, 7);
        for (uint256 use = 20; use < 22; ++use) {
            recording.request.agreement = _agreement(use);
            recording.verdict.trail = keccak256(abi.encode("trail", use));
            id = this.idOf(recording);
            challenge();
            rule(false);
        }
        uint32 epoch = committee.currentEpoch();
        (Roll memory roll,) = committee.rollOf(epoch);
        assertEq(roll.size, 3, "they judge");
        assertEq(core.seats(), 0, "no report is accepted");
        for (uint256 i = 100; i < 160; ++i) {
            joinAs(i, STAKE);
        }
        vm.warp(committee.rotatableAt());
        committee.rotate();
        (roll,) = committee.rollOf(epoch + 1);
        assertEq(roll.size, 6, "as many as are missing, not sixty");
        assertEq(roll.seats, 3, "seats");
    }
}
