// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

contract NextUseTest is OracleTest {
    function setUp() public override {
        super.setUp();
        agreement.terms.uses = 3;
        give();
    }

    function test_GivenNoUseWasTaken() public view {
        assertEq(assent.nextUse(agreementId, 0), 0);
        assertEq(assent.nextUse(agreementId, 2), 2);
    }

    function test_GivenTheFirstUsesWereTaken() public {
        ask(0);
        ask(1);
        assertEq(assent.nextUse(agreementId, 0), 2);
    }

    function test_GivenUsesWereTakenHereAndThere() public {
        ask(0);
        ask(2);
        assertEq(assent.nextUse(agreementId, 0), 1);
        assertEq(assent.nextUse(agreementId, 1), 1);
        assertEq(assent.nextUse(agreementId, 2), 3);
    }

    function test_GivenAllUsesWereTaken() public {
        ask(0);
        ask(1);
        ask(2);
        assertEq(assent.nextUse(agreementId, 0), 3);
    }

    function test_GivenAUseWasCancelled() public {
        cancel(1);
        ask(0);
        assertEq(assent.nextUse(agreementId, 0), 2);
    }

    function test_GivenAUseWasTakenAndItsRequestEnded() public {
        (Request memory request,) = ask(0);
        askAndRecord(1, 0x7);
        skip(2 hours);
        assent.expire(request);
        assertEq(assent.nextUse(agreementId, 0), 2);
    }
}
