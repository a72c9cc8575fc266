// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { Testimony } from "../../../contracts/types/Challenge.sol";
import { SourceId } from "../../../contracts/types/Ids.sol";
import { Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { ArbiterTest } from "../arbiter/ArbiterTest.sol";
import { verdictOf } from "../base/Verdict.sol";

/// @notice A controller gave up a use, and an accomplice of its that is an operator signed two verdicts about it: half of the stake was out at
/// once, before any verdict of that operator was beyond challenge.
contract ConflictOfUnaskedTest is ArbiterTest {
    function test_NobodyIsPunishedAboutAUseThatWasGivenUp() public {
        SourceId source = hasher.sourceId(agreement.source);
        vm.prank(controller);
        assent.cancel(source, agreement.terms, 7);
        request = expectedRequest(7);
        about = named(7);
        (Testimony memory first, Testimony memory second) = (_signed(0), _signed(1_000_000));
        vm.expectRevert(abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, assent.requestId(agreementId, 7)));
        vm.prank(stranger);
        assent.punishConflict(about, model, first, second);
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE, "stake");
    }

    /// @dev What was asked and ended without a verdict was asked: an honest operator may have answered it.
    function test_WhoContradictsItselfAboutAnExpiredRequestIsPunished() public {
        (request, id) = ask(1);
        about = named(1);
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        (Testimony memory first, Testimony memory second) = (_signed(0), _signed(1_000_000));
        assent.punishConflict(about, model, first, second);
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    function _signed(uint32 score) private returns (Testimony memory) {
        (, uint256 key) = attesterAt(0);
        Verdict memory verdict = verdictOf(score == 0 ? 0 : 1, score, 0);
        bytes memory signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }
}
