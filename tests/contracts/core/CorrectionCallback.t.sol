// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Recording, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Receiver } from "../oracle/Receivers.sol";

/// @notice What a receiver is told of a case.
contract CorrectionCallbackTest is OracleTest {
    uint16 private constant CALLBACK = 200;

    Receiver private receiver;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        agreement.controller = address(receiver);
        vm.deal(address(receiver), 1 ether);
        give();
    }

    function test_GivenItWasDelivered_WhenItIsCorrected() public {
        _askAndRecord(CALLBACK);
        challenge(id);
        review(0, otherVerdict());
        _assertTold(2);
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function test_GivenItWasDelivered_WhenItIsUpheld() public {
        _askAndRecord(CALLBACK);
        challenge(id);
        review(0, defaultVerdict());
        assertEq(receiver.told(), 1, "told once");
        assertEq(uint8(receiver.state()), uint8(RequestState.Recorded), "state");
    }

    function test_GivenDeliveryHadFailed_WhenItIsCorrected() public {
        receiver.refuse("closed");
        _askAndRecord(CALLBACK);
        receiver.keep();
        challenge(id);
        review(0, otherVerdict());
        _assertTold(1);
        vm.expectRevert(abi.encodeWithSelector(IRequestDesk.NothingToDeliver.selector, id));
        assent.retryCallback(recordingOf(id));
    }

    /// @dev It learns of the state that the verdict is in by then.
    function test_GivenDeliveryHadFailed_WhenItIsRetriedUnderReview() public {
        receiver.refuse("closed");
        _askAndRecord(CALLBACK);
        challenge(id);
        receiver.keep();
        assent.retryCallback(recordingOf(id));
        assertEq(uint8(receiver.state()), uint8(RequestState.Challenged), "state");
        assertEq(receiver.score(), scoreOf(defaultVerdict()), "score");
    }

    function test_GivenDeliveryHadFailed_WhenItIsRetriedAfterItWasUpheld() public {
        receiver.refuse("closed");
        _askAndRecord(CALLBACK);
        challenge(id);
        review(0, defaultVerdict());
        receiver.keep();
        assent.retryCallback(recordingOf(id));
        assertEq(uint8(receiver.state()), uint8(RequestState.Upheld), "state");
        assertEq(receiver.outcome(), outcomeOf(defaultVerdict()), "outcome");
    }

    /// @dev A receiver can't stop a correction.
    function test_WhenTheReceiverReverts() public {
        _askAndRecord(CALLBACK);
        receiver.refuse("closed");
        challenge(id);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(id, address(receiver), "closed");
        review(0, otherVerdict());
        assertState(id, RequestState.Corrected);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        assertEq(assent.verdictOf(id).score, scoreOf(otherVerdict()), "score");
        receiver.keep();
        assent.retryCallback(recordingOf(id));
        _assertTold(2);
    }

    function test_RevertWhen_TooLittleGasIsLeftForIt() public {
        _askAndRecord(CALLBACK);
        challenge(id);
        Recording memory recording = recordingOf(id);
        bytes memory signatures = rulings(recording, otherVerdict(), false, JUDGES);
        vm.expectPartialRevert(IVerdictOracle.CallbackGasMissing.selector);
        committee.judge{ gas: 600_000 }(recording, otherVerdict(), false, JUDGES, signatures);
        assertState(id, RequestState.Challenged);
    }

    function test_GivenNoCallbackWasAskedFor() public {
        _askAndRecord(0);
        challenge(id);
        review(0, otherVerdict());
        assertEq(receiver.told(), 0, "never told");
        assertState(id, RequestState.Corrected);
    }

    function _askAndRecord(uint16 callback) private {
        Asked memory parts = asked(0);
        parts.callback = callback;
        Request memory request;
        (request, id) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    function _assertTold(uint256 calls) private view {
        assertEq(receiver.told(), calls, "calls");
        assertEq(uint8(receiver.state()), uint8(RequestState.Corrected), "state");
        assertEq(receiver.outcome(), outcomeOf(otherVerdict()), "outcome");
        assertEq(receiver.score(), scoreOf(otherVerdict()), "score");
    }
}
