// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState, RequestStatus } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract VerdictOfTest is AssentTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    function test_GivenTheRequestWasNeverMade() public view {
        _assertStatus(assent.requestId(agreementId, 0), RequestStatus(RequestState.None, 0, 0, 0, 0));
    }

    function test_GivenItIsOpen() public {
        (, RequestId id) = ask(0);
        _assertStatus(id, RequestStatus(RequestState.Requested, 0, 0, 0, 0));
    }

    function test_GivenItWasRecorded() public {
        (, RequestId id) = askAndRecord(0, 0x7);
        bytes22 trail = bytes22(keccak256("trail"));
        _assertStatus(id, RequestStatus(RequestState.Recorded, 1, 987_654, START, trail));
    }

    function test_GivenItWasRefused() public {
        (Request memory request, RequestId id) = ask(0);
        skip(1 minutes);
        withdraw();
        assent.refuse(request);
        _assertStatus(id, RequestStatus(RequestState.Refused, 0, 0, START + 1 minutes, 0));
    }

    function test_GivenItExpired() public {
        (Request memory request, RequestId id) = ask(0);
        skip(2 hours);
        assent.expire(request);
        _assertStatus(id, RequestStatus(RequestState.Expired, 0, 0, START + 2 hours, 0));
    }

    function _assertStatus(RequestId id, RequestStatus memory wanted) private view {
        assertEq(abi.encode(assent.verdictOf(id)), abi.encode(wanted));
    }
}
