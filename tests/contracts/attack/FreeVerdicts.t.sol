// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";

/// @notice A verdict of an anchored report can be read, with its proof, from the moment of its anchoring. A request's deadline could lie beyond
/// its agreement's end: who asked shortly before that read all verdicts, and was refunded. Or so near that the anchor made it, and the claim didn't.
contract FreeVerdictsTest is OracleTest {
    uint256 private constant PRICE = 0.01 ether;

    function setUp() public override {
        super.setUp();
        agreement.terms.price = uint96(PRICE);
        (agreement.terms.validUntil, agreement.terms.uses) = (START + 1 hours, 32);
        give();
    }

    function test_NoDeadlineLiesBeyondTheAgreement() public {
        uint256 last = agreement.terms.validUntil - 1;
        uint40[3] memory beyond = [uint40(last) + 1, START + 2 hours, START + 7 days];
        for (uint256 i = 0; i < beyond.length; ++i) {
            _expectRevert(
                _anchored(0, beyond[i]), abi.encodeWithSelector(IVerdictOracle.DeadlineTooFar.selector, beyond[i], last)
            );
        }
    }

    /// @dev The same steps, with the latest deadline that there is: what the agreement's end can't prevent any more is paid for.
    function test_WhatWasAnchoredBeforeTheEndIsPaidFor() public {
        Answer[] memory answers = new Answer[](32);
        for (uint32 i = 0; i < 32; ++i) {
            (Request memory request,) = ask(_anchored(i, agreement.terms.validUntil - 1));
            answers[i] = Answer(request, defaultVerdict());
        }
        skip(1 minutes);
        sort(answers);
        anchor(answers, SIGNERS);
        vm.warp(agreement.terms.validUntil + 10 minutes);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementStillValid.selector, agreementId));
        assent.refuse(answers[0].request);
        vm.expectPartialRevert(IVerdictOracle.DeadlineNotPassed.selector);
        assent.expire(answers[0].request);
        for (uint256 i = 0; i < 32; ++i) {
            assent.claim(answers[i].request, answers[i].verdict, proofOf(answers, i));
        }
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToWithdraw.selector, controller));
        vm.prank(controller);
        assent.withdrawBalance(address(0), controller);
        assent.settle(agreement, model);
        assertEq(balanceOf(subject), 32 * PRICE, "the subject's");
    }

    function testFuzz_NobodyAsksForLessThanAMinute(uint256 open) public {
        open = bound(open, 0, Questions.MIN_OPEN - 1);
        uint40 until = uint40(START + open);
        uint256 earliest = START + Questions.MIN_OPEN;
        _expectRevert(
            _anchored(0, until), abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, until, earliest)
        );
    }

    /// @dev Anchored in the last second: claimed for a day, whether or not the agreement has ended by its time.
    function test_WhatWasAnchoredInTheLastSecondCanBeClaimed() public {
        (Request memory request, Answer[] memory answers) = _askOne();
        vm.warp(request.question.deadline());
        anchor(answers, SIGNERS);
        vm.warp(request.question.deadline() + 1 days);
        vm.expectPartialRevert(IVerdictOracle.DeadlineNotPassed.selector);
        assent.expire(request);
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        assertState(idOf(request), RequestState.Recorded);
        assertEq(balanceOf(controller), 0, "refunded");
    }

    /// @dev And what came a second later can't, or operators could ask for money for what nobody waited for any more.
    function test_WhatWasAnchoredTooLateCannotBeClaimed() public {
        (Request memory request, Answer[] memory answers) = _askOne();
        uint256 late = request.question.deadline() + 1;
        vm.warp(late);
        anchor(answers, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, late - 1, late));
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        vm.warp(request.question.lastSecond() + 1);
        assent.expire(request);
        assertEq(balanceOf(controller), FEE + PRICE, "refunded");
    }

    /// @dev A renewal moves the latest deadline, and never an open request's.
    function test_ARenewedAgreementHasALaterDeadline() public {
        Question question = _anchored(0, START + 2 hours);
        vm.prank(subject);
        assent.renew(agreement, START + 2 hours + 1);
        ask(question);
    }

    function _askOne() private returns (Request memory request, Answer[] memory answers) {
        (request,) = ask(_anchored(0, START + 1 minutes));
        answers = new Answer[](1);
        answers[0] = Answer(request, defaultVerdict());
    }

    function _anchored(uint32 use, uint40 until) private view returns (Question) {
        Asked memory parts = asked(use);
        (parts.delivery, parts.deadline) = (Delivery.Anchored, until);
        return Questions.pack(parts);
    }

    function _expectRevert(Question question, bytes memory reason) private {
        uint256 total = quoteNow().total();
        vm.expectRevert(reason);
        vm.prank(controller);
        assent.request{ value: total }(sourceNow(), agreement.terms, question);
    }
}
