// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementState, AgreementStatus } from "../../../contracts/types/Agreement.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract AgreementStatusTest is ConsentTest {
    function testFuzz_GivenItWasNeverGiven(AgreementId id) public view {
        AgreementStatus memory nothing;
        assertEq(abi.encode(assent.agreementStatus(id)), abi.encode(nothing), "nothing");
    }

    function test_GivenItWasGiven() public {
        give();
        assertGiven(agreement);
        skip(1 days);
        assertEq(statusOf(agreement).since, START, "since");
    }

    function test_GivenItWasWithdrawn() public {
        give();
        skip(1 days);
        withdraw();
        assertWithdrawn(agreement, agreement.terms.validUntil);
    }

    function test_GivenItHasExpired() public {
        give();
        vm.warp(agreement.terms.validUntil);
        assertEq(uint8(statusOf(agreement).state), uint8(AgreementState.Given), "state");
    }

    function test_GivenVerdictsWereRecorded_WhenNobodyButTheOperatorsEarns() public {
        give();
        askAndRecord(0, 7);
        _assertEarned(0, 0);
    }

    function test_GivenVerdictsWereRecorded_WhenTheSubjectEarns() public {
        agreement.terms.price = 1;
        give();
        askAndRecord(0, 7);
        _assertEarned(1, 0);
        askAndRecord(1, 7);
        _assertEarned(2, 0);
    }

    function test_GivenVerdictsWereRecorded_WhenThePublisherEarns() public {
        model.royalty = 100;
        agreement.terms.model = publishAs(model);
        give();
        askAndRecord(0, 7);
        _assertEarned(1, 0);
    }

    function test_GivenVerdictsWereSettled() public {
        agreement.terms.price = 1;
        give();
        askAndRecord(0, 7);
        askAndRecord(1, 7);
        assent.settle(agreement, model);
        _assertEarned(2, 2);
        askAndRecord(2, 7);
        _assertEarned(3, 2);
    }

    function test_GivenARequestEndedWithoutAVerdict() public {
        agreement.terms.price = 1;
        give();
        (Request memory request, RequestId id) = ask(0);
        skip(2 hours);
        assent.expire(request);
        assertGt(assent.verdictOf(id).since, 0, "ended");
        _assertEarned(0, 0);
    }

    function _assertEarned(uint32 earning, uint32 settled) private view {
        AgreementStatus memory wanted =
            AgreementStatus(AgreementState.Given, START, agreement.terms.validUntil, earning, settled, 0, 0);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(wanted), "status");
    }
}
