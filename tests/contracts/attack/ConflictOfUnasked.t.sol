// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConflicts } from "../../../contracts/interfaces/IConflicts.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { verdictOf } from "../base/Verdict.sol";

/// @notice A controller gave up a use, and an accomplice of its that is an operator signed two verdicts about it: half of the stake was out at
/// once, before any verdict of that operator was beyond challenge.
contract ConflictOfUnaskedTest is AssentTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        give();
    }

    function test_NobodyIsPunishedAboutAUseThatWasGivenUp() public {
        SourceId source = hasher.sourceId(agreement.source);
        vm.prank(controller);
        assent.cancel(source, agreement.terms, 7);
        request = expectedRequest(7);
        (Testimony memory first, Testimony memory second) = (_signed(0), _signed(1_000_000));
        Under memory under = underNow();
        id = assent.requestId(agreementId, 7);
        vm.expectRevert(abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, id));
        vm.prank(stranger);
        committee.punishConflict(under, model, first, second);
        assertEq(committee.operatorInfo(operatorAt(0)).stake, STAKE, "stake");
    }

    /// @dev What was asked and ended without a verdict was asked: an honest operator may have answered it.
    function test_WhoContradictsItselfAboutAnExpiredRequestIsPunished() public {
        (request, id) = ask(1);
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        (Testimony memory first, Testimony memory second) = (_signed(0), _signed(1_000_000));
        committee.punishConflict(underNow(), model, first, second);
        assertEq(committee.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    function _signed(uint32 score) private returns (Testimony memory) {
        (, uint256 key) = attesterAt(0);
        Verdict memory verdict = verdictOf(score == 0 ? 0 : 1, score, 0);
        bytes memory signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }
}
