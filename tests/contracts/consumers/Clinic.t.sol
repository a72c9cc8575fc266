// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";
import { Vm } from "forge-std/Vm.sol";

import { Clinic } from "../../../contracts/consumers/Clinic.sol";
import { VerdictConsumer } from "../../../contracts/consumers/VerdictConsumer.sol";
import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Finality, Recording, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";

contract ClinicTest is OracleTest {
    uint8 private constant RECALL = 1;

    Clinic private clinic;
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        clinic = new Clinic(assent, purposeAgreed, RECALL);
        vm.deal(address(this), 1 ether);
        agreement.controller = address(clinic);
        give();
        id = assent.requestId(agreementId, 0);
    }

    // Ask

    function test_Ask_RevertWhen_TheSenderIsNotTheOwner() public {
        vm.deal(stranger, FEE);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        clinic.ask{ value: FEE }(sourceNow(), agreement.terms, 0);
    }

    function test_Ask_WhenEtherIsSentAlong() public {
        uint256 held = address(assent).balance;
        _ask(FEE);
        assertState(id, RequestState.Requested);
        assertEq(address(assent).balance - held, FEE, "ether held");
        assertEq(request.question.purpose(), purposeAgreed, "purpose");
        assertGt(request.question.callback(), 0, "callback");
    }

    function test_Ask_WhenNoneIs() public {
        fund(address(clinic), FEE);
        _ask(0);
        assertState(id, RequestState.Requested);
        assertEq(balanceOf(address(clinic)), 0, "balance");
    }

    // Recall

    function test_GivenAVerdictMayStillBeChallenged() public {
        _ask(FEE);
        vm.expectEmit(address(clinic));
        emit Clinic.Pending(id, RequestState.Recorded, RECALL);
        _record(_found(RECALL));
        assertFalse(clinic.recalled(id));
    }

    function test_GivenAFinalVerdictCallsForARecall() public {
        _ask(FEE);
        _record(_found(RECALL));
        skip(CHALLENGE_WINDOW + 1);
        vm.expectEmit(address(clinic));
        emit Clinic.Recalled(id, scoreOf(_found(RECALL)));
        assent.deliverFinal(recordingOf(id));
        assertTrue(clinic.recalled(id));
    }

    function test_GivenAFinalVerdictCallsForNone() public {
        _ask(FEE);
        _record(_found(0));
        skip(CHALLENGE_WINDOW + 1);
        vm.recordLogs();
        assent.deliverFinal(recordingOf(id));
        assertEq(_eventsOfTheClinic(), 0, "events");
        assertFalse(clinic.recalled(id));
    }

    function test_GivenAVerdictWasCorrected_FromARecallToNone() public {
        _challenged(RECALL);
        vm.expectEmit(address(clinic));
        emit Clinic.Pending(id, RequestState.Corrected, 0);
        review(0, _found(0));
        assent.deliverFinal(recordingOf(id));
        assertFalse(clinic.recalled(id));
    }

    function test_GivenAVerdictWasCorrected_FromNoneToARecall() public {
        _challenged(0);
        review(0, _found(RECALL));
        assertFalse(clinic.recalled(id), "not before it is delivered");
        assent.deliverFinal(recordingOf(id));
        assertTrue(clinic.recalled(id));
    }

    function test_GivenAVerdictWasUpheld() public {
        _challenged(RECALL);
        review(0, _found(RECALL));
        assertState(id, RequestState.Upheld);
        assent.deliverFinal(recordingOf(id));
        assertTrue(clinic.recalled(id));
    }

    /// @dev Nobody is recalled for what may be false.
    function test_GivenNobodyJudgedAVerdict() public {
        _challenged(RECALL);
        skip(JUDGING_TIME + 1);
        committee.close(recordingOf(id), _found(RECALL));
        Recording memory recording = recordingOf(id);
        vm.expectRevert(abi.encodeWithSelector(IRequestDesk.NotFinal.selector, id, Finality.Final));
        assent.deliverFinal(recording);
        assertFalse(clinic.recalled(id));
    }

    /// @dev Nothing is left undelivered in the dearest case.
    function test_GivenTheClinicWasToldWithTheGasThatItNames() public {
        _ask(FEE);
        vm.cool(address(clinic));
        _record(_found(RECALL));
        assertFalse(assent.verdictOf(id).undelivered, "recorded");
        challenge(id);
        vm.cool(address(clinic));
        review(0, _found(0));
        assertFalse(assent.verdictOf(id).undelivered, "corrected");
    }

    function test_RevertWhen_AStrangerTellsAVerdict() public {
        _ask(FEE);
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NotOracle.selector, stranger));
        vm.prank(stranger);
        clinic.onVerdict(id, RequestState.Recorded, RECALL, 1);
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NotOracle.selector, stranger));
        vm.prank(stranger);
        clinic.onFinal(id, RequestState.Recorded);
        assertFalse(clinic.recalled(id));
    }

    // Refunds

    function test_WithdrawBalance_RevertWhen_TheSenderIsNotTheOwner() public {
        fund(address(clinic), FEE);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        clinic.withdrawBalance(address(0), stranger);
    }

    function test_WithdrawBalance_GivenAQuestionExpired() public {
        _ask(FEE);
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        assertEq(clinic.withdrawBalance(address(0), relayer), FEE, "amount");
        assertEq(relayer.balance, FEE, "paid");
    }

    function _ask(uint256 value) private {
        vm.recordLogs();
        clinic.ask{ value: value }(sourceNow(), agreement.terms, 0);
        // What it asked, the oracle's event tells.
        bytes memory data = vm.getRecordedLogs()[0].data;
        request = requestNow(Question.wrap(abi.decode(data, (uint256))));
    }

    function _record(Verdict memory verdict) private {
        record(request, verdict, attest(request, verdict, SIGNERS));
    }

    function _challenged(uint8 outcome) private {
        _ask(FEE);
        _record(_found(outcome));
        challenge(id);
    }

    function _found(uint8 outcome) private pure returns (Verdict memory verdict) {
        verdict = defaultVerdict();
        verdict.outcome = inClear(outcome);
    }

    /// @return count Of the events since they were recorded.
    function _eventsOfTheClinic() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(clinic)) ++count;
        }
    }
}
