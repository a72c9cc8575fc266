// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Recording, Request, RequestState, RequestStatus, Verdict } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver, Step } from "./Receivers.sol";

contract RetryCallbackTest is OracleTest {
    uint16 private constant CALLBACK = 400;

    Receiver private receiver;
    RequestId private id;
    Recording private which;

    /// @dev Recorded, but its receiver refused it.
    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        agreement.controller = address(receiver);
        vm.deal(address(receiver), 1 ether);
        give();
        receiver.refuse("no");
        id = _askAndRecord(0, CALLBACK);
        which = recordingOf(id);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        which.request.question = defaultQuestion(9);
        _expectNotRecorded();
    }

    function test_RevertGiven_ItIsOpen() public {
        (which.request,) = ask(1);
        _expectNotRecorded();
    }

    function test_RevertGiven_NoCallbackWasAskedFor() public {
        which = recordingOf(_askAndRecord(1, 0));
        _expectNothing();
    }

    function test_RevertGiven_ItWasDelivered() public {
        receiver.keep();
        which = recordingOf(_askAndRecord(1, CALLBACK));
        _expectNothing();
        assertEq(receiver.told(), 1, "told");
    }

    function test_RevertGiven_ItWasDeliveredByARetry() public {
        receiver.keep();
        assent.retryCallback(which);
        _expectNothing();
        assertEq(receiver.told(), 1, "told");
    }

    function test_RevertWhen_ATermIsAltered() public {
        Recording memory right = which;
        which.request.controller = stranger;
        _expectNotRecorded();
        which = right;
        which.request.quote = Quote.wrap(Quote.unwrap(right.request.quote) + 1);
        _expectNotRecorded();
        which = right;
        which.request.agreement = AgreementId.wrap(keccak256("another agreement"));
        _expectNotRecorded();
    }

    function testFuzz_RevertWhen_TheGasIsLessThanTheQuestionNamed(uint256 gas_) public {
        receiver.keep();
        gas_ = bound(gas_, 50_000, uint256(CALLBACK) * Questions.CALLBACK_UNIT * 64 / 63);
        bytes memory data = abi.encodeCall(assent.retryCallback, (which));
        (bool success, bytes memory reason) = address(assent).call{ gas: gas_ }(data);
        assertFalse(success, "success");
        assertEq(bytes4(reason), IVerdictOracle.CallbackGasMissing.selector, "reason");
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
    }

    /// @dev A receiver that pays out when it is told must not be told again, by whom it pays, before it is done.
    function test_RevertWhen_TheReceiverRetriesItWhileItIsDelivered() public {
        Step[] memory steps = new Step[](1);
        steps[0] = Step(address(assent), 0, abi.encodeCall(assent.retryCallback, (which)));
        receiver.plan(steps);
        _askAndRecord(1, 2000); // the plan's first run: what it tries is not undelivered
        receiver.refuse("no");
        id = _askAndRecord(2, 2000);
        which = recordingOf(id);
        steps[0].data = abi.encodeCall(assent.retryCallback, (which));
        receiver.plan(steps);
        uint256 told = receiver.told();
        assent.retryCallback(which);
        bytes memory reason = abi.encodeWithSelector(IRequestDesk.NothingToDeliver.selector, id);
        assertEq(receiver.told() - told, 1, "told");
        assertEq(receiver.results(), keccak256(abi.encode(bytes32(0), false, reason)), "refused");
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function test_GivenTheReceiverStillFails() public {
        receiver.refuse("still not");
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(id, address(receiver), "still not");
        assent.retryCallback(which);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        receiver.keep();
        assent.retryCallback(which);
        assertEq(receiver.told(), 1, "told");
    }

    function test_GivenTheReceiverHasRecovered() public {
        RequestStatus memory status = assent.verdictOf(id);
        assertTrue(status.undelivered, "before");
        receiver.keep();
        skip(1 hours);
        _expectTold(RequestState.Recorded, defaultVerdict());
        status.undelivered = false;
        assertStatus(id, status);
        assertEq(earnedBy(1, SIGNERS), FEE, "earned once");
    }

    function test_GivenTheVerdictWasChallengedSince() public {
        receiver.keep();
        challenge(id);
        _expectTold(RequestState.Challenged, defaultVerdict());
        assertState(id, RequestState.Challenged);
    }

    function test_GivenTheVerdictWasUpheldSince() public {
        receiver.keep();
        challenge(id);
        review(0, defaultVerdict());
        _expectTold(RequestState.Upheld, defaultVerdict());
    }

    function test_RevertGiven_TheVerdictWasCorrectedSinceAndThatWasDelivered() public {
        receiver.keep();
        challenge(id);
        review(0, otherVerdict());
        assertEq(receiver.told(), 1, "told");
        _expectNotRecorded(); // as what it was first
        which = recordingOf(id);
        _expectNothing();
    }

    function test_GivenTheVerdictWasCorrectedSinceAndThatFailedToo() public {
        challenge(id);
        review(0, otherVerdict());
        receiver.keep();
        _expectNotRecorded(); // as what it was first
        which = recordingOf(id);
        _expectTold(RequestState.Corrected, otherVerdict());
    }

    function test_GivenItIsFinal() public {
        receiver.keep();
        skip(CHALLENGE_WINDOW + 1);
        _expectTold(RequestState.Recorded, defaultVerdict());
    }

    function _askAndRecord(uint32 use, uint16 callback) private returns (RequestId made) {
        Asked memory parts = asked(use);
        parts.callback = callback;
        Request memory request;
        (request, made) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    function _expectTold(RequestState state, Verdict memory verdict) private {
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Delivered(id, address(receiver));
        vm.prank(stranger);
        assent.retryCallback(which);
        assertEq(receiver.told(), 1, "told");
        assertTrue(receiver.id() == id, "id");
        assertEq(uint8(receiver.state()), uint8(state), "state");
        assertEq(receiver.outcome(), outcomeOf(verdict), "outcome");
        assertEq(receiver.score(), scoreOf(verdict), "score");
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function _expectNothing() private {
        _expectRevert(IRequestDesk.NothingToDeliver.selector);
    }

    function _expectNotRecorded() private {
        _expectRevert(IVerdictOracle.RecordingMismatch.selector);
    }

    function _expectRevert(bytes4 reason) private {
        vm.expectRevert(abi.encodeWithSelector(reason, idOf(which.request)));
        assent.retryCallback(which);
    }
}
