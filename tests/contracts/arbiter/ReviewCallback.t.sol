// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Attestation, RequestState } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { ArbiterTest, Receiver } from "./ArbiterTest.sol";

/// @notice What a receiver is told of a review.
contract ReviewCallbackTest is ArbiterTest {
    uint16 private constant CALLBACK = 200;

    Receiver private receiver;

    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
    }

    function test_GivenItWasDelivered_WhenItIsCorrected() public {
        askAndRecordBy(receiver, CALLBACK);
        challengeAndCorrect();
        _assertTold(2);
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function test_GivenItWasDelivered_WhenItIsUpheld() public {
        askAndRecordBy(receiver, CALLBACK);
        challengeAndUphold();
        assertEq(receiver.calls(), 1, "told once");
        assertEq(uint8(receiver.lastState()), uint8(RequestState.Recorded), "state");
    }

    function test_GivenDeliveryHadFailed_WhenItIsCorrected() public {
        receiver.close(true);
        askAndRecordBy(receiver, CALLBACK);
        receiver.close(false);
        challengeAndCorrect();
        _assertTold(1);
        vm.expectRevert(abi.encodeWithSelector(IRequestDesk.NothingToDeliver.selector, id));
        assent.retryCallback(recorded);
    }

    /// @dev It learns of the state that the verdict is in by then.
    function test_GivenDeliveryHadFailed_WhenItIsRetriedUnderReview() public {
        receiver.close(true);
        askAndRecordBy(receiver, CALLBACK);
        challenge();
        receiver.close(false);
        assent.retryCallback(recorded);
        assertEq(uint8(receiver.lastState()), uint8(RequestState.Challenged), "state");
        assertEq(receiver.lastScore(), scoreOf(defaultVerdict()), "score");
    }

    function test_GivenDeliveryHadFailed_WhenItIsRetriedAfterItWasUpheld() public {
        receiver.close(true);
        askAndRecordBy(receiver, CALLBACK);
        challengeAndUphold();
        receiver.close(false);
        assent.retryCallback(recorded);
        assertEq(uint8(receiver.lastState()), uint8(RequestState.Upheld), "state");
        assertEq(receiver.lastOutcome(), outcomeOf(defaultVerdict()), "outcome");
    }

    /// @dev A receiver can't stop a correction.
    function test_WhenTheReceiverReverts() public {
        askAndRecordBy(receiver, CALLBACK);
        receiver.close(true);
        challenge();
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(id, address(receiver), abi.encodeWithSignature("Error(string)", "closed"));
        review(otherVerdict(), 0x7);
        assertState(id, RequestState.Corrected);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        assertVerdict(otherVerdict());
        receiver.close(false);
        assent.retryCallback(recorded);
        _assertTold(2);
    }

    function test_RevertWhen_TooLittleGasIsLeftForIt() public {
        askAndRecordBy(receiver, CALLBACK);
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        vm.expectPartialRevert(IVerdictOracle.CallbackGasMissing.selector);
        assent.review{ gas: uint256(CALLBACK) * 1000 }(recorded, under, model, otherVerdict(), attestation);
        assertState(id, RequestState.Challenged);
    }

    function test_GivenNoCallbackWasAskedFor() public {
        askAndRecordBy(receiver, 0);
        challengeAndCorrect();
        assertEq(receiver.calls(), 0, "never told");
        assertState(id, RequestState.Corrected);
    }

    function _assertTold(uint256 calls) private view {
        assertEq(receiver.calls(), calls, "calls");
        assertEq(uint8(receiver.lastState()), uint8(RequestState.Corrected), "state");
        assertEq(receiver.lastOutcome(), outcomeOf(otherVerdict()), "outcome");
        assertEq(receiver.lastScore(), scoreOf(otherVerdict()), "score");
    }
}
