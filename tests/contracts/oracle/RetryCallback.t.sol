// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Reference } from "../../../contracts/types/Challenge.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Request, RequestState, RequestStatus, Verdict } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver, Step } from "./Receivers.sol";

contract RetryCallbackTest is OracleTest {
    uint16 private constant CALLBACK = 400;

    Receiver private receiver;
    RequestId private id;
    Reference private which;

    /// @dev Recorded, but its receiver refused it.
    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        agreement.controller = address(receiver);
        vm.deal(address(receiver), 1 ether);
        give();
        receiver.refuse("no");
        id = _askAndRecord(0, CALLBACK);
        which = named(0);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        which.use = 9;
        _expectNothing();
    }

    function test_RevertGiven_ItIsOpen() public {
        ask(1);
        which.use = 1;
        _expectNothing();
    }

    function test_RevertGiven_NoCallbackWasAskedFor() public {
        _askAndRecord(1, 0);
        which.use = 1;
        _expectNothing();
    }

    function test_RevertGiven_ItWasDelivered() public {
        receiver.keep();
        _askAndRecord(1, CALLBACK);
        which.use = 1;
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
        Reference memory right = which;
        which.controller = stranger;
        _expectNothing();
        which = right;
        which.terms.price += 1;
        _expectNothing();
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
        which = named(2);
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
        _expectNothing();
    }

    function test_GivenTheVerdictWasCorrectedSinceAndThatFailedToo() public {
        challenge(id);
        review(0, otherVerdict());
        receiver.keep();
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
        assertEq(receiver.outcome(), verdict.outcome, "outcome");
        assertEq(receiver.score(), verdict.score, "score");
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function _expectNothing() private {
        (agreement.controller, agreement.terms) = (which.controller, which.terms);
        RequestId named_ = assent.requestId(hasher.agreementId(agreement), which.use);
        vm.expectRevert(abi.encodeWithSelector(IRequestDesk.NothingToDeliver.selector, named_));
        assent.retryCallback(which);
    }
}
