// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Disclosure, Questions } from "../../../contracts/types/Question.sol";
import { Finality, Recording, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { OldReceiver, Receiver, Step } from "./Receivers.sol";

contract DeliverFinalTest is OracleTest {
    Receiver private receiver;
    RequestId private id;
    Recording private which;

    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        _giveTo(address(receiver));
        _askAndRecord(0, Disclosure.Everything);
    }

    function test_RevertGiven_ItIsOpen() public {
        (which.request, id) = ask(1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RecordingMismatch.selector, id));
    }

    function test_RevertGiven_ItMayStillBeChallenged() public {
        skip(CHALLENGE_WINDOW);
        _expectNotFinal(Finality.Contestable);
    }

    function test_RevertGiven_ItIsChallenged() public {
        challenge(id);
        skip(CHALLENGE_WINDOW + 1);
        _expectNotFinal(Finality.Contested);
    }

    /// @dev It can't change any more, and nobody said whether it is false.
    function test_RevertGiven_NobodyJudgedIt() public {
        challenge(id);
        skip(JUDGING_TIME + 1);
        committee.close(which, which.verdict);
        _expectNotFinal(Finality.Final);
    }

    function test_RevertWhen_TheRecordingIsAnother() public {
        skip(CHALLENGE_WINDOW + 1);
        Recording memory right = which;
        which.verdict = otherVerdict();
        _expectMismatch();
        which = right;
        which.by = judgedBy(right, 0xb);
        _expectMismatch();
        which = right;
        which.request.controller = stranger; // who would be told instead
        _expectMismatch();
    }

    function test_RevertGiven_ItWasDelivered() public {
        skip(CHALLENGE_WINDOW + 1);
        assent.deliverFinal(which);
        _expectRevert(abi.encodeWithSelector(IRequestDesk.DeliveredFinally.selector, id));
        assertEq(receiver.toldFinally(), 1, "once");
    }

    /// @dev It isn't taken for told: it may be deployed later.
    function test_RevertGiven_TheReceiverHasNoCode() public {
        _giveTo(makeAddr("nobody yet"));
        _askAndRecord(0, Disclosure.Everything);
        skip(CHALLENGE_WINDOW + 1);
        _expectRevert("");
        vm.etch(agreement.controller, address(receiver).code);
        assent.deliverFinal(which);
        assertEq(Receiver(payable(agreement.controller)).toldFinally(), 1, "told");
    }

    function test_RevertGiven_TheReceiverHasNoSuchFunction() public {
        _giveTo(address(new OldReceiver()));
        _askAndRecord(0, Disclosure.Everything);
        skip(CHALLENGE_WINDOW + 1);
        _expectRevert("");
    }

    function test_RevertWhen_TheReceiverReverts() public {
        skip(CHALLENGE_WINDOW + 1);
        receiver.refuse("not now");
        _expectRevert("not now");
        receiver.keep();
        assent.deliverFinal(which);
        assertEq(receiver.toldFinally(), 1, "told");
    }

    function test_GivenTheWindowIsOver() public {
        skip(CHALLENGE_WINDOW + 1);
        bytes memory before = abi.encode(assent.verdictOf(id));
        vm.expectEmit(address(assent));
        emit IRequestDesk.FinalDelivered(id, address(receiver));
        vm.prank(stranger);
        assent.deliverFinal(which);
        assertEq(receiver.toldFinally(), 1, "told");
        assertTrue(receiver.id() == id, "id");
        assertEq(uint8(receiver.state()), uint8(RequestState.Recorded), "state");
        assertEq(abi.encode(assent.verdictOf(id)), before, "what it says stays");
    }

    function test_GivenItWasUpheld() public {
        challenge(id);
        review(0, defaultVerdict());
        assent.deliverFinal(which);
        assertEq(uint8(receiver.state()), uint8(RequestState.Upheld), "state");
    }

    function test_GivenItWasCorrected() public {
        challenge(id);
        review(0, otherVerdict());
        _expectMismatch(); // as what it was first
        assent.deliverFinal(recordingOf(id));
        assertEq(uint8(receiver.state()), uint8(RequestState.Corrected), "state");
        assertState(id, RequestState.Corrected);
    }

    function test_GivenItIsSealed() public {
        _askAndRecord(1, Disclosure.Sealed);
        skip(CHALLENGE_WINDOW + 1);
        assent.deliverFinal(which);
        assertEq(receiver.toldFinally(), 1, "told");
    }

    /// @dev Its early callback failed; that it still may be retried.
    function test_GivenTheCallbackFailed() public {
        receiver.refuse("no");
        _askAndRecord(1, Disclosure.Everything, 200);
        receiver.keep();
        skip(CHALLENGE_WINDOW + 1);
        assent.deliverFinal(which);
        assertTrue(assent.verdictOf(id).undelivered, "still");
        assent.retryCallback(which);
        assertFalse(assent.verdictOf(id).undelivered, "retried");
        _expectRevert(abi.encodeWithSelector(IRequestDesk.DeliveredFinally.selector, id));
    }

    /// @dev Whom it calls, too, finds it delivered and beyond all challenges.
    function test_WhenTheReceiverCallsBack() public {
        skip(CHALLENGE_WINDOW + 1);
        Step[] memory steps = new Step[](2);
        steps[0] = Step(address(assent), 0, abi.encodeCall(assent.deliverFinal, (which)));
        bytes memory challenging = abi.encodeCall(committee.challenge, (which, underNow()));
        steps[1] = Step(address(committee), BOND, challenging);
        vm.deal(address(receiver), BOND);
        receiver.plan(steps);
        assent.deliverFinal(which);
        assertEq(receiver.toldFinally(), 1, "once");
        assertEq(receiver.succeeded(), 0, "neither");
        assertState(id, RequestState.Recorded);
    }

    function _giveTo(address controller_) private {
        agreement.controller = controller_;
        vm.deal(controller_, 1 ether);
        give();
    }

    function _askAndRecord(uint32 use, Disclosure disclosure) private {
        _askAndRecord(use, disclosure, 0);
    }

    function _askAndRecord(uint32 use, Disclosure disclosure, uint16 callback) private {
        Asked memory parts = asked(use);
        (parts.disclosure, parts.callback) = (disclosure, callback);
        Request memory request;
        (request, id) = ask(Questions.pack(parts));
        Verdict memory verdict = disclosure == Disclosure.Sealed
            ? Verdict(keccak256("outcome"), keccak256("score"), keccak256("trail"))
            : defaultVerdict();
        record(request, verdict, attest(request, verdict, SIGNERS));
        which = recordingOf(id);
    }

    function _expectNotFinal(Finality finality) private {
        _expectRevert(abi.encodeWithSelector(IRequestDesk.NotFinal.selector, id, finality));
        assertEq(receiver.toldFinally(), 0, "told");
    }

    function _expectMismatch() private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RecordingMismatch.selector, id));
    }

    function _expectRevert(bytes memory reason) private {
        (bool success, bytes memory returned) = address(assent).call(abi.encodeCall(assent.deliverFinal, (which)));
        assertFalse(success, "delivered");
        assertEq(returned, reason, "reason");
    }
}
