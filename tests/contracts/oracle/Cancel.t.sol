// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../../../contracts/interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Attestation, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

contract CancelTest is OracleTest {
    RequestId private id;

    function setUp() public override {
        super.setUp();
        give();
        id = assent.requestId(agreementId, 0);
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItIsOpen() public {
        ask(0);
        _expectExists();
        assertState(id, RequestState.Requested);
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasRecorded() public {
        askAndRecord(0, SIGNERS);
        _expectExists();
        assertState(id, RequestState.Recorded);
    }

    function test_RevertGiven_ItWasCancelled() public {
        cancel(0);
        _expectExists();
    }

    function test_GivenTheUseIsFree() public {
        uint256 held = address(assent).balance;
        skip(1 minutes);
        vm.expectEmit(address(assent));
        emit IRequestDesk.Cancelled(id);
        cancel(0);
        assertEnded(id, RequestState.Cancelled);
        assertEq(address(assent).balance, held, "ether held");
        assertEq(balanceOf(controller), 0, "balance");
        _assertNothingIsLeft();
        ask(1);
        assertState(assent.requestId(agreementId, 1), RequestState.Requested);
    }

    function test_GivenTheAgreementWasNotGivenYet() public {
        agreement.source.salt = keccak256("not given yet");
        agreementId = hasher.agreementId(agreement);
        id = assent.requestId(agreementId, 0);
        cancel(0);
        assertState(id, RequestState.Cancelled);
        give();
        bytes memory reason = abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id);
        Request memory request = expectedRequest(0);
        vm.deal(controller, FEE);
        vm.expectRevert(reason);
        vm.prank(controller);
        assent.request{ value: FEE }(sourceNow(), agreement.terms, request.question);
    }

    function testFuzz_WhenTheUseIsBeyondTheAgreements(uint32 use) public {
        cancel(use);
        assertState(assent.requestId(agreementId, use), RequestState.Cancelled);
        uint32 other = use == 0 ? 1 : 0;
        (, RequestId asked) = ask(other);
        assertState(asked, RequestState.Requested);
    }

    function test_WhenTheSenderIsAnother() public {
        vm.prank(stranger);
        assent.cancel(sourceNow(), agreement.terms, 0);
        assertState(id, RequestState.None);
        ask(0);
        assertState(id, RequestState.Requested);
    }

    function _assertNothingIsLeft() private {
        Request memory request = expectedRequest(0);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        bytes memory reason = abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, RequestState.Cancelled);
        vm.expectRevert(reason);
        record(request, defaultVerdict(), attestation);
        vm.expectRevert(reason);
        assent.refuse(request);
        skip(2 hours);
        vm.expectRevert(reason);
        assent.expire(request);
    }

    function _expectExists() private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
        cancel(0);
    }
}
