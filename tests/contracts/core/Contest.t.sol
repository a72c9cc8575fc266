// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Ending } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Disclosure, Questions } from "../../../contracts/types/Question.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import {
    Finality,
    Recording,
    Request,
    RequestState,
    RequestStatus,
    Verdict
} from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { CoreTest } from "./CoreTest.sol";

/// @notice What the committee tells the core about challenged verdicts.
contract ContestTest is CoreTest {
    Recording private recording;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        recording = recorded(0);
        id = idOf(recording.request);
    }

    // Who may tell

    function testFuzz_RevertWhen_TheSenderIsNotTheCommittee(address sender) public {
        vm.assume(sender != address(committee));
        ICore core = ICore(address(assent));
        Under memory under = underNow();
        bytes memory reason = abi.encodeWithSelector(ICore.NotCommittee.selector, sender);
        vm.startPrank(sender);
        vm.expectRevert(reason);
        core.setEpoch(2, 4, 7, address(this), 0);
        vm.expectRevert(reason);
        core.contest(recording, under);
        vm.expectRevert(reason);
        core.settleContest(recording, Ending.Upheld, recording.verdict, 0);
    }

    // contest

    function test_Challenge_WhenItIsWithinTheWindow() public {
        skip(CHALLENGE_WINDOW);
        vm.expectEmit(address(assent));
        emit ICore.Contested(id);
        challengeOf(recording);
        assertStatus(RequestState.Challenged, Finality.Contested, defaultVerdict());
    }

    function test_Challenge_RevertWhen_TheWindowIsOver() public {
        skip(CHALLENGE_WINDOW + 1);
        _expectNoChallenge(recording, ICore.NotContestable.selector);
    }

    function test_Challenge_RevertWhen_ItWasContestedBefore() public {
        challengeOf(recording);
        _expectNoChallenge(recording, ICore.NotContestable.selector);
        judge(recording, recording.verdict, true, JUDGES);
        _expectNoChallenge(recording, ICore.NotContestable.selector);
    }

    /// @dev Another agreement's model might have another arbiter.
    function test_Challenge_RevertWhen_TheAgreementIsAnother() public {
        agreement.terms.model = publishAs(defaultModel(2));
        _expectNoChallenge(recording, ICore.AgreementMismatch.selector);
    }

    function test_Challenge_RevertWhen_TheSignersAreOthers() public {
        recording.by = judgedBy(recording, 0xb);
        _expectNoChallenge(recording, IVerdictOracle.RecordingMismatch.selector);
    }

    // settleContest

    function test_Judge_WhenItStands() public {
        challengeOf(recording);
        vm.expectEmit(address(assent));
        emit ICore.ContestSettled(id, RequestState.Upheld);
        judge(recording, recording.verdict, true, JUDGES);
        assertStatus(RequestState.Upheld, Finality.Final, defaultVerdict());
        assertEq(assent.verdictOf(id).mark, markOf(recording.request, defaultVerdict(), recording.by), "mark");
    }

    function test_Judge_WhenItIsFalse() public {
        Verdict memory right = verdictOf(0, 12, keccak256("right"));
        challengeOf(recording);
        skip(1 hours);
        vm.expectEmit(address(assent));
        emit ICore.Corrected(id, judgedBy(recording, JUDGES), right.outcome, right.score, right.trail);
        judge(recording, right, false, JUDGES);
        assertStatus(RequestState.Corrected, Finality.Final, right);
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(status.mark, markOf(recording.request, right, judgedBy(recording, JUDGES)), "mark");
        assertEq(status.since, START + 1 hours, "since");
        // At once, and without grace: the three that signed judge from now on.
        assertEq(assent.currentEpoch().number, 2, "epoch");
        assertEq(assent.currentEpoch().seats, 4, "seats");
        assertEq(assent.epochEnd(1).signsUntil, 0, "grace");
    }

    function test_Judge_RevertWhen_TheModelHasNoSuchOutcome() public {
        challengeOf(recording);
        Verdict[3] memory odd = [verdictOf(2, 12, 0), verdictOf(0, 1_000_001, 0), verdictOf(0, 12, 0)];
        odd[2].outcome = keccak256("sealed");
        for (uint256 i = 0; i < odd.length; ++i) {
            bytes memory signatures = rulings(recording, odd[i], false, JUDGES);
            vm.expectRevert(abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
            committee.judge(recording, odd[i], false, JUDGES, signatures);
            // Even if the committee let it pass.
            vm.expectRevert(abi.encodeWithSelector(ICore.VerdictImpossible.selector, id));
            vm.prank(address(committee));
            ICore(address(assent)).settleContest(recording, Ending.Corrected, odd[i], 0);
        }
    }

    function test_Close_GivenNobodyJudged() public {
        challengeOf(recording);
        skip(JUDGING + 1);
        vm.expectEmit(address(assent));
        emit ICore.ContestSettled(id, RequestState.Unjudged);
        committee.close(recording, recording.verdict);
        assertStatus(RequestState.Unjudged, Finality.Final, defaultVerdict());
    }

    function test_SettleContest_RevertGiven_ItIsNotContested() public {
        vm.expectRevert(abi.encodeWithSelector(ICore.NotContested.selector, id));
        vm.prank(address(committee));
        ICore(address(assent)).settleContest(recording, Ending.Corrected, verdictOf(0, 1, 0), 0);
    }

    /// @dev It can be challenged once, so it can be corrected once.
    function test_Judge_RevertGiven_ItWasCorrected() public {
        Verdict memory right = verdictOf(0, 12, keccak256("right"));
        challengeOf(recording);
        judge(recording, right, false, JUDGES);
        Recording memory corrected = Recording(recording.request, right, judgedBy(recording, JUDGES));
        _expectNoChallenge(corrected, ICore.NotContestable.selector);
    }

    /// @dev A sealed verdict is judged as any other: by words that the judges find right.
    function test_Judge_WhenTheVerdictIsSealed() public {
        Asked memory parts = asked(1);
        parts.disclosure = Disclosure.Sealed;
        (Request memory request,) = ask(Questions.pack(parts));
        Verdict memory verdict = Verdict(keccak256("outcome"), keccak256("score"), keccak256("trail"));
        recording = recordAs(request, verdict, SIGNERS);
        id = idOf(request);
        challengeOf(recording);
        Verdict memory right = Verdict(keccak256("right outcome"), keccak256("right score"), keccak256("right trail"));
        judge(recording, right, false, JUDGES);
        assertEq(assent.verdictOf(id).outcome, type(uint8).max, "outcome");
        assertEq(assent.verdictOf(id).mark, markOf(request, right, judgedBy(recording, JUDGES)), "mark");
    }

    function assertStatus(RequestState state, Finality finality, Verdict memory verdict) private view {
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(state), "state");
        assertEq(uint8(status.finality), uint8(finality), "finality");
        assertEq(bytes32(uint256(status.outcome)), verdict.outcome, "outcome");
        assertEq(bytes32(uint256(status.score)), verdict.score, "score");
    }

    function _expectNoChallenge(Recording memory named_, bytes4 reason) private {
        Under memory under = underNow();
        vm.expectRevert(abi.encodeWithSelector(reason, id));
        hoax(challenger, CASE_BOND);
        committee.challenge{ value: CASE_BOND }(named_, under);
    }
}
