// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract RefuseTest is OracleTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        agreement.terms.price = 7;
        agreement.terms.validUntil = START + 30 minutes;
        give();
        (request, id) = ask(0);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request = expectedRequest(1);
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertGiven_TheAgreementStillStands() public {
        vm.warp(agreement.terms.validUntil - 1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementStillValid.selector, agreementId));
    }

    /// @dev Then its deadline has passed, too: it expires.
    function test_RevertGiven_TheAgreementHasExpired() public {
        vm.warp(agreement.terms.validUntil);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementStillValid.selector, agreementId));
        assent.expire(request);
    }

    function test_RevertGiven_ItWasRecorded() public {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        withdraw();
        _expectNotOpen(RequestState.Recorded);
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        _expectNotOpen(RequestState.Refused);
        assertEq(balanceOf(controller), FEE + 7, "refunded once");
    }

    function test_RevertGiven_ItExpired() public {
        withdraw();
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
        assertEq(balanceOf(controller), FEE + 7, "refunded once");
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        withdraw();
        request.controller = stranger;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
        request.controller = controller;
        request.quote = Quote.wrap(Quote.unwrap(request.quote) + (1 << 64));
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
    }

    function test_GivenTheAgreementWasWithdrawn() public {
        skip(1 minutes);
        withdraw();
        _assertRefuses();
    }

    function test_GivenItWasPaidInAToken() public {
        useToken(address(new Token()));
        (request, id) = askFromBalance(defaultQuestion(0));
        withdraw();
        _assertRefuses();
        assertEq(assent.balanceOf(controller, address(0)), 0, "ether");
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

        assertEq(balanceOf(controller), FEE + 7, "balance");
        assertEnded(id, RequestState.Refused);
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToSettle.selector, agreementId));
        assent.settle(agreement, model);
    }
}
