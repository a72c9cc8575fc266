// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { Case, Ending, Phase } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { CommitteeTerms, Place, Roll } from "../../../contracts/types/Roll.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Recording } from "../../../contracts/types/Verdict.sol";
import { BenchTest } from "./BenchTest.sol";
import { CoreRecorder } from "./CommitteeTest.sol";

/// @dev `challenge`, `judge` and `close`, without an arbiter. The bench is the third seat and the two in reserve: 0x1c.
contract JudgeTest is BenchTest {
    function test_Challenge_RevertWhen_TheValueIsNotTheBond() public {
        for (uint256 value = BOND - 1; value <= BOND + 1; value += 2) {
            Recording memory contested = recording;
            vm.expectRevert(abi.encodeWithSelector(ICases.BondMismatch.selector, value, BOND));
            hoax(challenger, value);
            committee.challenge{ value: value }(contested, under);
        }
    }

    function test_Challenge_RevertGiven_ItWasChallenged() public {
        challenge();
        _expectRefused();
        judge(0x1c, true);
        _expectRefused();
    }

    function test_Challenge_RevertGiven_TooFewAreLeftToJudge() public {
        record(2, 7);
        Recording memory contested = recording;
        vm.expectRevert(abi.encodeWithSelector(ICases.NobodyToJudge.selector, 2, 3));
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, under);
    }

    function test_Challenge() public {
        vm.expectEmit(address(committee));
        emit ICases.Challenged(id, challenger, address(0), START + JUDGING);
        challenge();
        Case memory case_ = committee.caseOf(id);
        assertEq(case_.challenger, challenger, "challenger");
        assertEq(case_.until, START + JUDGING, "until");
        (uint64 judges, uint256 wanted) = committee.benchOf(recording.by);
        assertEq(judges, 0x1c, "bench");
        assertEq(wanted, 3, "wanted");
        assertConserved(5, 1);
    }

    function test_Judge_RevertGiven_ItWasNotChallenged() public {
        expectJudge(0x1c, true, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
    }

    function test_Judge_RevertWhen_TheRecordingIsAnother() public {
        challenge();
        Signers by = recording.by;
        recording.by = SignersLib.pack(1, 5); // a bench that would have another of the guilty on it
        expectJudge(0x1a, true, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
        recording.by = by;
        judge(0x1c, true);
    }

    function test_Judge_RevertWhen_ThereAreTooFewOrTooMany() public {
        challenge();
        expectJudge(0x0c, false, abi.encodeWithSelector(ICases.QuorumMismatch.selector, 2, 3));
        expectJudge(0x1e, false, abi.encodeWithSelector(ICases.QuorumMismatch.selector, 4, 3));
    }

    function test_Judge_RevertWhen_OneSignedTheVerdict() public {
        challenge();
        expectJudge(0x1a, false, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 1));
        expectJudge(0x19, true, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 0));
    }

    function test_Judge_RevertWhen_OneIsNotOnTheRoll() public {
        challenge();
        expectJudge(0x2c, true, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 5));
        expectJudge((1 << 63) | 0xc, true, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 63));
    }

    /// @dev It was on no epoch's roll when the verdict was recorded.
    function test_Judge_RevertWhen_OneJoinedSince() public {
        challenge();
        joinAs(5, 10 * uint256(STAKE));
        vm.warp(committee.rotatableAt());
        committee.rotate();
        expectJudge(0x2c, true, abi.encodeWithSelector(ICases.JudgingOver.selector, START + JUDGING, START + 7 days));
        vm.warp(START + JUDGING);
        expectJudge(0x2c, true, abi.encodeWithSelector(ICases.JudgeUnknown.selector, 5));
    }

    function test_Judge_RevertWhen_ASignatureIsOfSomethingElse() public {
        challenge();
        Recording memory contested = recording;
        bytes memory signatures = judgement(0x1c, false, contested.verdict);
        vm.expectPartialRevert(ICases.SignerMismatch.selector);
        committee.judge(contested, contested.verdict, true, 0x1c, signatures);
        vm.expectRevert(abi.encodeWithSelector(ICases.SignaturesMalformed.selector, 65, 192));
        committee.judge(contested, contested.verdict, true, 0x1c, new bytes(65));
    }

    function test_Judge_RevertWhen_TheVerdictDoesNotFit() public {
        challenge();
        Recording memory contested = recording;
        bytes memory reason = abi.encodeWithSelector(ICases.VerdictMismatch.selector, id);
        bytes memory signatures = judgement(0x1c, true, right);
        vm.expectRevert(reason);
        committee.judge(contested, right, true, 0x1c, signatures);
        signatures = judgement(0x1c, false, contested.verdict);
        vm.expectRevert(reason);
        committee.judge(contested, contested.verdict, false, 0x1c, signatures);
        // One that its model doesn't have.
        right.outcome = bytes32(uint256(2));
        expectJudge(0x1c, false, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
    }

    function test_Judge_RevertGiven_ItsTimeIsOver() public {
        challenge();
        vm.warp(START + JUDGING + 1);
        expectJudge(
            0x1c, false, abi.encodeWithSelector(ICases.JudgingOver.selector, START + JUDGING, START + JUDGING + 1)
        );
    }

    function test_Judge_WhenItStands() public {
        challenge();
        vm.warp(START + JUDGING);
        vm.expectEmit(address(committee));
        emit ICases.CaseClosed(id, true, 0x1c);
        judge(0x1c, true);
        assertEnded(Ending.Upheld, Phase.Closed);
        assertEq(core.decidedBy(id), 0x1c, "by");
        assertEq(committee.creditOf(challenger), 0, "its bond is gone");
        for (uint256 i = 2; i < 5; ++i) {
            assertEq(credit(i), BOND / 3, "a third each");
        }
        assertEq(committee.creditOf(address(0)), BOND % 3, "what doesn't divide");
        assertEq(committee.currentEpoch(), 1, "the epoch goes on");
        assertConserved(5, 0);
    }

    function test_Judge_WhenItIsFalse() public {
        challenge();
        vm.expectEmit(address(committee));
        emit ICases.OperatorSlashed(id, operatorAt(0), PENALTY);
        vm.expectEmit(address(committee));
        emit ICases.OperatorSlashed(id, operatorAt(1), PENALTY);
        judge(0x1c, false);
        assertEnded(Ending.Corrected, Phase.Closed);
        assertEq(core.corrections(id), keccak256(abi.encode(right)), "the right one");
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(infoAt(i).stake, STAKE - PENALTY, "a penalty each");
        }
        // Who finds a verdict false is paid as who lets it stand is.
        for (uint256 i = 2; i < 5; ++i) {
            assertEq(credit(i), BOND / 3, "a third each");
        }
        assertEq(committee.creditOf(challenger), 2 * uint256(BOND), "the bond, and as much again");
        assertEq(committee.creditOf(address(0)), BOND % 3, "what doesn't divide");
        assertEq(committee.keptOf(1), 2 * PENALTY - 2 * BOND, "kept for who shows what else they signed");
        assertConserved(5, 0);
        // An epoch of its own: the convicted have no seat, and judge.
        uint256[] memory expected = list(2, 7);
        (expected[3], expected[4]) = (0, 1);
        assertRoll(3, expected);
        assertEq(core.previousSignsUntil(), 0, "no grace");
        (Roll memory before,) = committee.rollOf(1);
        assertEq(before.bondedUntil, START + UNBONDING, "bonded");
    }

    /// @dev They have no seat since they were convicted, so whatever they signed they signed before: they keep what they need to judge.
    function test_Judge_WhenItIsFalse_GivenTheSignersWereConvictedBefore() public {
        (uint64 signers, uint64 bench) = (3, 0x1c);
        for (uint256 use = 2; use < 4; ++use) {
            record(use, signers);
        }
        uint256[] memory taken = new uint256[](3);
        for (uint256 use = 1; use < 4; ++use) {
            recording.request.agreement = _agreement(use);
            recording.verdict.trail = keccak256(abi.encode("trail", use));
            recording.by = SignersLib.pack(1, signers);
            id = this.idOf(recording);
            challenge();
            uint256 before = committee.creditOf(challenger);
            judge(bench, false);
            taken[use - 1] = committee.creditOf(challenger) - before;
        }
        assertEq(taken[0], 2 * uint256(BOND), "two penalties");
        assertEq(taken[1], BOND, "what was kept pays the bond back");
        assertEq(taken[2], BOND, "what was kept pays the bond back");
        assertEq(committee.currentEpoch(), 2, "who reports under the next epoch isn't disturbed");
        assertEq(infoAt(0).stake, STAKE - PENALTY, "one penalty");
        assertEq(credit(2), 3 * uint256(BOND / 3), "a judge's");
        assertConserved(5, 0);
        uint256[] memory expected = list(2, 7);
        (expected[3], expected[4]) = (0, 1);
        assertRoll(3, expected);
    }

    /// @dev A bond as high as can be, and lies without end: the challenger is whole, whatever is left.
    function test_Judge_WhenItIsFalse_GivenNothingIsKept() public {
        CommitteeTerms memory terms = defaultTerms();
        terms.bond = PENALTY / 2;
        make(terms);
        for (uint256 i = 0; i < 5; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
        uint256[4] memory given;
        uint256 others = committee.creditOf(address(0));
        for (uint256 use = 10; use < 14; ++use) {
            record(use, 3);
            recording.by = SignersLib.pack(1, 3);
            core.record(recording);
            Recording memory contested = recording;
            hoax(challenger, terms.bond);
            committee.challenge{ value: terms.bond }(contested, under);
            uint256 before = committee.creditOf(challenger);
            judge(0x1c, false);
            given[use - 10] = committee.creditOf(challenger) - before;
        }
        assertEq(given[0], 2 * uint256(terms.bond), "bond and as much again");
        for (uint256 i = 1; i < 4; ++i) {
            assertEq(given[i], terms.bond, "its bond");
        }
        assertEq(committee.keptOf(1), 0, "nothing is left");
        assertEq(credit(2), 3 * (terms.bond / 3), "of the fourth the judges have nothing");
        assertEq(committee.creditOf(address(0)), others + 3 * (terms.bond % 3), "nor has anyone else");
    }

    /// @dev The guilty left with a rotation, and signed in the epoch after theirs, which is in its grace: it ends, whoever else is in it.
    function test_Judge_WhenItIsFalse_GivenTheSignersLeft() public {
        make(3, 17, 17);
        record(60, 3);
        rotateWith(17);
        Recording memory old = recording;
        resignAs(0);
        resignAs(1);
        rotateWith(17);
        assertPlace(0, Place.Out);
        assertPlace(1, Place.Out);
        assertGt(core.previousSignsUntil(), block.timestamp, "the second epoch is in its grace");
        recording = old;
        core.record(recording); // from a root, days later
        challenge();
        judge(0x7fc, false);
        assertEq(committee.currentEpoch(), 4, "an epoch of its own");
        assertEq(core.previousSignsUntil(), 0, "no grace");
    }

    /// @dev Who resigned makes room on a full roll, and doesn't wait: it couldn't be paid out, nor join again.
    function test_Rotate_GivenTheLowestResigned() public {
        CommitteeTerms memory terms = defaultTerms();
        (terms.seats, terms.minRoll) = (5, 5);
        make(terms);
        for (uint256 i = 0; i < 7; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
        record(50, 7);
        challenge();
        judge(0x78, false);
        resignAs(3);
        resignAs(2);
        joinAs(7, STAKE);
        joinAs(8, STAKE);
        rotateWith(9);
        assertPlace(2, Place.Out);
        assertEq(committee.waiting().length, 0, "nobody waits");
        skip(UNBONDING + LEASE);
        vm.prank(operatorAt(2));
        committee.withdrawStake();
        joinAs(2, STAKE);
        assertPlace(2, Place.Waiting);
    }

    /// @dev Who was taken from and left comes back with a whole stake only.
    function test_Renew_RevertGiven_ItLeftWithLessThanAStake() public {
        challenge();
        judge(0x1c, false);
        vm.warp(START + LEASE + 1);
        for (uint256 i = 1; i < 5; ++i) {
            renewAs(i);
        }
        committee.rotate();
        assertPlace(0, Place.Out);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.StakeTooLow.selector, STAKE - PENALTY, STAKE));
        vm.prank(operatorAt(0));
        committee.renew();
    }

    function test_Judge_RevertWhen_OneHasLessThanAPenalty() public {
        nameArbiter();
        record(3, 3);
        challenge();
        (Recording memory other, RequestId another) = (recording, id);
        core.name(under, address(0));
        record(2, 0x5); // by the first and the third
        challenge();
        judge(0x1a, false); // the third loses a penalty,
        (recording, id) = (other, another);
        judge(0x1c, false);
        rule(true); // and another, as a judge
        recording.request.agreement = _agreement(1);
        recording.verdict.trail = keccak256(abi.encode("trail", uint256(1)));
        recording.by = SignersLib.pack(1, 3);
        id = this.idOf(recording);
        challenge();
        expectJudge(0x1c, false, abi.encodeWithSelector(ICases.JudgeWithoutStake.selector, operatorAt(2)));
        (uint64 judges,) = committee.benchOf(recording.by);
        assertEq(judges, 0x18, "bench");
    }

    function test_Close_RevertGiven_TheBenchStillMayJudge() public {
        challenge();
        vm.warp(START + JUDGING);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotDue.selector, START + JUDGING, START + JUDGING));
        close();
    }

    function test_Close_GivenNobodyJudged() public {
        challenge();
        vm.warp(START + JUDGING + 1);
        vm.expectEmit(address(committee));
        emit ICases.CaseUnjudged(id);
        close();
        assertEnded(Ending.Unjudged, Phase.Closed);
        assertEq(committee.creditOf(challenger), BOND - BOND / 2, "half of the bond comes back");
        assertEq(
            committee.creditOf(address(0)), BOND / 2, "or it would cost nothing to keep a verdict from being relied on"
        );
        assertConserved(5, 0);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
        close();
    }

    function test_Withdraw() public {
        vm.expectRevert(abi.encodeWithSelector(ICases.NothingToWithdraw.selector, challenger));
        vm.prank(challenger);
        committee.withdraw(challenger);
        challenge();
        judge(0x1c, false);
        address to = makeAddr("to");
        vm.expectEmit(address(committee));
        emit ICases.CreditWithdrawn(challenger, to, 2 * uint256(BOND));
        vm.prank(challenger);
        committee.withdraw(to);
        assertEq(to.balance, 2 * uint256(BOND), "paid");
        assertEq(committee.creditOf(challenger), 0, "once");
        assertConserved(5, 0);
    }

    function test_BenchOf_RevertGiven_ThereIsNoSuchEpoch() public {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, 2));
        committee.benchOf(SignersLib.pack(2, 3));
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, type(uint32).max));
        committee.benchOf(Signers.wrap((uint256(1 << 32) | 1) << 64));
    }

    function _expectRefused() private {
        Recording memory contested = recording;
        vm.expectRevert(abi.encodeWithSelector(CoreRecorder.Refused.selector));
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, under);
    }
}
