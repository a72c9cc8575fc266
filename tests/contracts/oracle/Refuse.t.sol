// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState, RequestStatus } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RefuseTest is AssentTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        agreement.validUntil = START + 30 minutes;
        give();
        (request, id) = ask(0);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request.use = 1;
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertGiven_TheAgreementStillStands() public {
        vm.warp(agreement.validUntil - 1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementStillValid.selector, agreementId));
    }

    function test_RevertGiven_ItWasRecorded() public {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        withdraw();
        _expectNotOpen(RequestState.Recorded);
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        _expectNotOpen(RequestState.Refused);
        assertEq(assent.creditOf(controller), FEE, "refunded once");
    }

    function test_RevertGiven_ItExpired() public {
        withdraw();
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
        assertEq(assent.creditOf(controller), FEE, "refunded once");
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        withdraw();
        request.controller = stranger;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
        request.controller = controller;
        request.fee = 100 ether;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
    }

    function test_GivenTheAgreementWasWithdrawn() public {
        skip(1 minutes);
        withdraw();
        _assertRefuses();
    }

    function test_GivenTheAgreementHasExpired() public {
        vm.warp(agreement.validUntil);
        _assertRefuses();
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        assent.refuse(request);
    }

    function _assertRefuses() private {
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Refused(id);
        vm.prank(stranger);
        assent.refuse(request);

        assertEq(assent.creditOf(controller), FEE, "credit");
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(RequestState.Refused), "state");
        assertEq(status.since, vm.getBlockTimestamp(), "since");
        assertEq(status.outcome, 0, "outcome");
        assertEq(status.score, 0, "score");
        assertEq(status.trail, bytes22(0), "trail");
    }
}
