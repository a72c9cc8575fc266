// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState, RequestStatus } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract ExpireTest is AssentTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        give();
        (request, id) = ask(0);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request.use = 1;
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertWhen_TheDeadlineHasNotPassed() public {
        uint40 until = request.deadline;
        vm.warp(until);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineNotPassed.selector, until, until));
    }

    function test_RevertGiven_ItWasRecorded() public {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        skip(2 hours);
        _expectNotOpen(RequestState.Recorded);
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        skip(2 hours);
        _expectNotOpen(RequestState.Refused);
        assertEq(assent.creditOf(controller), FEE, "refunded once");
    }

    function test_RevertGiven_ItExpired() public {
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
        assertEq(assent.creditOf(controller), FEE, "refunded once");
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        skip(30 minutes);
        request.deadline = START; // would have passed
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
    }

    function test_WhenTheDeadlineHasPassed() public {
        vm.warp(request.deadline + 1);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Expired(id);
        vm.prank(stranger);
        assent.expire(request);

        assertEq(assent.creditOf(controller), FEE, "credit");
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(RequestState.Expired), "state");
        assertEq(status.since, vm.getBlockTimestamp(), "since");
        assertEq(status.outcome, 0, "outcome");
        assertEq(status.score, 0, "score");
        assertEq(status.trail, bytes22(0), "trail");
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        assent.expire(request);
    }
}
