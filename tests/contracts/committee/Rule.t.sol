// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { Case, Ending, Phase } from "../../../contracts/types/Case.sol";
import { CommitteeTerms } from "../../../contracts/types/Roll.sol";
import { Recording, Verdict } from "../../../contracts/types/Verdict.sol";
import { BenchTest } from "./BenchTest.sol";

/// @dev Cases of a model that names an arbiter.
contract RuleTest is BenchTest {
    function setUp() public override {
        super.setUp();
        nameArbiter();
    }

    function test_Judge_ThatItWaitsForTheArbiter() public {
        challenge();
        uint40 until = START + RULING;
        vm.expectEmit(address(committee));
        emit ICases.Judged(id, false, 0x1c, right.outcome, right.score, right.trail, until);
        judge(0x1c, false);
        Case memory case_ = committee.caseOf(id);
        assertEq(uint8(case_.phase), uint8(Phase.False), "phase");
        assertEq(case_.judges, 0x1c, "judges");
        assertEq(case_.until, until, "until");
        assertEq(infoAt(0).stake, STAKE, "nothing was taken yet");
        assertConserved(5, 1);
        expectJudge(0x1c, true, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
    }

    function test_Close_GivenTheArbiterWasSilent() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            bool stands = i == 0;
            challenge();
            judge(0x1c, stands);
            vm.warp(START + RULING);
            vm.expectRevert(abi.encodeWithSelector(ICases.NotDue.selector, START + RULING, START + RULING));
            close();
            skip(1);
            Verdict memory verdict = stands ? right : recording.verdict; // not what was found
            Recording memory contested = recording;
            vm.expectRevert(abi.encodeWithSelector(ICases.VerdictMismatch.selector, id));
            committee.close(contested, verdict);
            committee.close(contested, stands ? contested.verdict : right);
            assertEnded(stands ? Ending.Upheld : Ending.Corrected, Phase.Closed);
            assertEq(core.decidedBy(id), 0x1c, "the bench");
            assertEq(credit(3), BOND / 3, "paid");
            assertConserved(5, 0);
            vm.revertToState(snapshot);
        }
    }

    function test_Rule_RevertWhen_TheSenderIsNotTheArbiter() public {
        challenge();
        judge(0x1c, true);
        Recording memory contested = recording;
        vm.expectRevert(abi.encodeWithSelector(ICases.NotArbiter.selector, address(this), arbiter));
        committee.rule(contested, right, false);
    }

    function test_Rule_RevertGiven_TheModelNamesNone() public {
        core.name(under, address(0));
        challenge();
        _expect(false, abi.encodeWithSelector(ICases.NotArbiter.selector, arbiter, address(0)));
    }

    function test_Rule_RevertGiven_ItWasNotChallenged() public {
        _expect(false, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
    }

    function test_Rule_RevertGiven_TheBenchStillMayJudge() public {
        challenge();
        vm.warp(START + JUDGING);
        _expect(false, abi.encodeWithSelector(ICases.RulingNotDue.selector, id));
    }

    function test_Rule_RevertGiven_ItsTimeIsOver() public {
        challenge();
        uint40 until = START + JUDGING + RULING;
        vm.warp(until + 1);
        _expect(false, abi.encodeWithSelector(ICases.JudgingOver.selector, until, until + 1));
        close();
        assertEnded(Ending.Unjudged, Phase.Closed);
        assertEq(committee.creditOf(challenger), BOND - BOND / 2, "half of the bond comes back");
    }

    function test_Rule_RevertGiven_ItsTimeOverTheBenchIsOver() public {
        challenge();
        judge(0x1c, true);
        vm.warp(START + RULING + 1);
        _expect(false, abi.encodeWithSelector(ICases.JudgingOver.selector, START + RULING, START + RULING + 1));
    }

    function test_Rule_RevertWhen_TheVerdictDoesNotFit() public {
        challenge();
        judge(0x1c, true);
        Recording memory contested = recording;
        vm.startPrank(arbiter);
        vm.expectRevert(abi.encodeWithSelector(ICases.VerdictMismatch.selector, id));
        committee.rule(contested, right, true);
        vm.expectRevert(abi.encodeWithSelector(ICases.VerdictMismatch.selector, id));
        committee.rule(contested, contested.verdict, false);
        right.score = bytes32(uint256(1_000_001));
        vm.expectRevert(abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
        committee.rule(contested, right, false);
    }

    function test_Rule_GivenNobodyJudged() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            challenge();
            vm.warp(START + JUDGING + 1 + i * (RULING - 1));
            rule(i == 0);
            assertEnded(i == 0 ? Ending.Upheld : Ending.Corrected, Phase.Closed);
            assertEq(core.decidedBy(id), 0, "no judge");
            assertEq(committee.creditOf(arbiter), BOND, "the judges' part");
            assertEq(committee.creditOf(challenger), i * 2 * uint256(BOND), "reward");
            assertEq(infoAt(1).stake, STAKE - i * PENALTY, "stake");
            assertConserved(5, 0);
            _expect(true, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
            vm.revertToState(snapshot);
        }
    }

    function test_Rule_GivenTooFewAreLeftToJudge() public {
        record(2, 7);
        challenge();
        assertEq(committee.caseOf(id).until, START - 1, "at once");
        expectJudge(0x18, false, abi.encodeWithSelector(ICases.JudgingOver.selector, START - 1, START));
        rule(false);
        assertEnded(Ending.Corrected, Phase.Closed);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(infoAt(i).stake, STAKE - PENALTY, "stake");
        }
        assertConserved(5, 0);
        // Two with a whole stake are left: no report is accepted until others join.
        uint256[] memory expected = list(3, 8);
        (expected[2], expected[3], expected[4]) = (0, 1, 2);
        assertRoll(0, expected);
    }

    function test_Rule_GivenTheBenchFoundTheSame() public {
        challenge();
        judge(0x1c, false);
        rule(false);
        assertEnded(Ending.Corrected, Phase.Closed);
        assertEq(core.decidedBy(id), 0x1c, "the bench");
        assertEq(credit(2), BOND / 3, "paid");
        assertEq(committee.creditOf(arbiter), 0, "and not the arbiter");
        assertConserved(5, 0);
    }

    function test_Rule_GivenTheBenchFoundOtherwise() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            bool stands = i == 0;
            challenge();
            judge(0x1c, !stands);
            rule(stands);
            assertEnded(stands ? Ending.Upheld : Ending.Corrected, Phase.Overruled);
            assertEq(core.decidedBy(id), 0, "the arbiter");
            for (uint256 k = 2; k < 5; ++k) {
                assertEq(infoAt(k).stake, STAKE - PENALTY, "a penalty each");
                assertEq(credit(k), 0, "and no pay");
            }
            assertEq(infoAt(0).stake, stands ? STAKE : STAKE - PENALTY, "the signers'");
            assertEq(committee.creditOf(arbiter), BOND, "the judges' part");
            assertConserved(5, 0);
            _expect(!stands, abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
            vm.revertToState(snapshot);
        }
    }

    /// @dev They find a verdict false, and the arbiter another one right.
    function test_Rule_GivenTheBenchFoundAnotherVerdictRight() public {
        challenge();
        judge(0x1c, false);
        right.score = bytes32(uint256(600_000));
        rule(false);
        assertEnded(Ending.Corrected, Phase.Closed);
        assertEq(core.corrections(id), keccak256(abi.encode(right)), "the arbiter's");
        assertEq(core.decidedBy(id), 0, "not in their name");
        assertEq(infoAt(2).stake, STAKE, "and not against them");
        assertEq(credit(2), BOND / 3, "who found it false, as the arbiter did, is paid");
        assertEq(committee.creditOf(arbiter), 0, "or an arbiter would take their pay by a word");
        assertConserved(5, 0);
    }

    function test_Rule_GivenTheBenchFoundOtherwise_ThatItLosesItsSeats() public {
        challenge();
        judge(0x1c, false);
        rule(true);
        uint256[] memory expected = list(0, 5);
        assertRoll(0, expected); // two have a whole stake, one fewer than the least roll
        assertEq(core.number(), 2, "at once");
    }

    function test_Challenge_GivenThereIsNoTimeForRuling() public {
        CommitteeTerms memory terms = defaultTerms();
        terms.rulingTime = 0;
        make(terms);
        for (uint256 i = 0; i < 5; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
        record(9, 7);
        Recording memory contested = recording;
        vm.expectRevert(abi.encodeWithSelector(ICases.NobodyToJudge.selector, 2, 3));
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, under);
    }

    function _expect(bool stands, bytes memory reason) private {
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        vm.expectRevert(reason);
        vm.prank(arbiter);
        committee.rule(contested, verdict, stands);
    }
}
