// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";

import { Clinic } from "../../../contracts/consumers/Clinic.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract ClinicTest is AssentTest {
    Clinic private clinic;

    function setUp() public override {
        super.setUp();
        clinic = new Clinic(assent, purposeAgreed);
        vm.deal(address(this), 1 ether);
        agreement.controller = address(clinic);
        agreementId = hasher.agreementId(agreement);
        give();
    }

    receive() external payable { }

    function test_Ask_ThenRecorded_GivesTheResult() public {
        Request memory request = _ask(0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        (uint8 outcome, uint24 score) = clinic.result(assent.requestId(agreementId, 0));
        assertEq(outcome, defaultVerdict().outcome);
        assertEq(score, defaultVerdict().score);
    }

    function test_RevertWhen_ThereIsNoVerdictYet() public {
        _ask(0);
        RequestId id = assent.requestId(agreementId, 0);
        vm.expectRevert(abi.encodeWithSelector(Clinic.NoVerdict.selector, RequestState.Requested));
        clinic.result(id);
    }

    function test_RevertWhen_AStrangerAsks() public {
        vm.deal(stranger, FEE);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        clinic.ask{ value: FEE }(agreement, 0);
    }

    function test_Reclaim_AfterExpiry_PaysTheFeeBack() public {
        Request memory request = _ask(0);
        vm.warp(request.deadline + 1);
        assent.expire(request);
        uint256 before = address(this).balance;
        clinic.reclaim(payable(address(this)));
        assertEq(address(this).balance - before, FEE);
    }

    function _ask(uint32 use) private returns (Request memory request) {
        request = expectedRequest(use);
        request.controller = address(clinic);
        clinic.ask{ value: FEE }(agreement, use);
    }
}
