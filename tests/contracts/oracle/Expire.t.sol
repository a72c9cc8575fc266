// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Delivery, Question } from "../../../contracts/types/Question.sol";
import { Request, RequestState, Verdicts } from "../../../contracts/types/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract ExpireTest is OracleTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        agreement.terms.price = 7;
        give();
        (request, id) = ask(0);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request = expectedRequest(1);
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertWhen_TheDeadlineHasNotPassed() public {
        uint40 until = request.question.deadline();
        vm.warp(until);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineNotPassed.selector, until, until));
    }

    /// @dev A verdict that was anchored in time may still be claimed.
    function test_RevertGiven_ItAskedForAnAnchoredReport_WhenTheTimeForClaimsHasNotPassed() public {
        (request, id) = ask(questionFor(1, Delivery.Anchored));
        uint256 last = request.question.deadline() + 1 days;
        vm.warp(last);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineNotPassed.selector, last, last));
    }

    function test_GivenItAskedForAnAnchoredReport() public {
        (request, id) = ask(questionFor(1, Delivery.Anchored));
        _assertExpires();
    }

    function test_RevertGiven_ItWasRecorded() public {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        skip(2 hours);
        _expectNotOpen(RequestState.Recorded);
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        skip(2 hours);
        _expectNotOpen(RequestState.Refused);
        assertEq(balanceOf(controller), FEE + 7, "refunded once");
    }

    function test_RevertGiven_ItExpired() public {
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
        assertEq(balanceOf(controller), FEE + 7, "refunded once");
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        skip(30 minutes);
        request.question = request.question.forRound(0, START); // would have passed
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
    }

    function test_WhenTheDeadlineHasPassed() public {
        _assertExpires();
    }

    function test_GivenItWasPaidInAToken() public {
        useToken(address(new Token()));
        (request, id) = askFromBalance(defaultQuestion(0));
        _assertExpires();
        assertEq(assent.balanceOf(controller, address(0)), 0, "ether");
    }

    function test_GivenARelayerAskedWithTheControllersSignature() public {
        Question question = defaultQuestion(1);
        (, uint256 controllerKey) = makeAddrAndKey("controller");
        bytes memory signature = sign(controllerKey, Verdicts.hashAsking(agreementId, question, 5));
        fund(controller, FEE + 7 + 5);
        vm.prank(relayer);
        id = assent.requestBySig(sourceNow(), controller, agreement.terms, question, 5, signature);
        request = requestNow(question);
        _assertExpires();
        assertEq(balanceOf(relayer), 5, "tip");
    }

    function _assertExpires() private {
        vm.warp(request.question.lastSecond() + 1);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Expired(id);
        vm.prank(stranger);
        assent.expire(request);

        assertEq(balanceOf(controller), FEE + 7, "balance");
        assertEnded(id, RequestState.Expired);
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        assent.expire(request);
    }
}
