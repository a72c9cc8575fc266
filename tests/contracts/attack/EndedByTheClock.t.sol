// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IStandingRequests } from "../../../contracts/interfaces/IStandingRequests.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { StandingTest } from "../standing/StandingTest.sol";

/// @notice In the very second in which an agreement's time ran out anyone ended the standing requests under it, and refused the open ones, though
/// a renewal, on its way or a block later, would have saved them.
contract EndedByTheClockTest is StandingTest {
    function setUp() public override {
        super.setUp();
        agreement.terms.validUntil = uint40(due(2));
        give();
    }

    function test_NobodyEndsAStandingRequestThatARenewalCanSave() public {
        _standAndRunOut(false);
        _expectStillRuns();
        vm.prank(subject);
        assent.renew(agreement, uint40(due(ROUNDS)));
        assent.openRound(standing, 2);
    }

    function test_NobodyEndsOneThatCatchesUp() public {
        _standAndRunOut(true);
        _expectStillRuns();
        vm.warp(due(ROUNDS) - 1);
        _expectStillRuns();
        vm.prank(subject);
        assent.renew(agreement, uint40(due(ROUNDS) + 1 days));
        for (uint32 round = 1; round < ROUNDS - 1; ++round) {
            assent.openRound(standing, round);
        }
    }

    /// @dev When its schedule is through, nobody waits for a renewal any more.
    function test_ItEndsWithItsScheduleAtTheLatest() public {
        _standAndRunOut(true);
        vm.warp(due(ROUNDS));
        vm.prank(stranger);
        assent.endStanding(standing);
        assertBalance(price() * (ROUNDS - 1));
    }

    /// @dev The controller is free to go at any time.
    function test_TheControllerEndsItAsItLikes() public {
        _standAndRunOut(true);
        vm.prank(controller);
        assent.endStanding(standing);
        assertBalance(price() * (ROUNDS - 1));
    }

    function test_NoRoundIsOpenedUnderWhatHasRunOut() public {
        _standAndRunOut(true);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
        assent.openRound(standing, 1);
    }

    /// @dev A round has what time the agreement has left, if that is enough to answer.
    function test_ARoundEndsWithItsAgreement() public {
        stand();
        vm.warp(agreement.terms.validUntil - 90);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Requested(
            assent.requestId(agreementId, FIRST_USE + 1),
            agreementId,
            question.forRound(FIRST_USE + 1, agreement.terms.validUntil - 1)
        );
        assent.openRound(standing, 1);
    }

    function test_ARoundIsNotOpenedForLessThanAMinute() public {
        stand();
        uint256 last = agreement.terms.validUntil - 1;
        vm.warp(last - 59);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, last, last + 1));
        assent.openRound(standing, 1);
    }

    /// @dev An open request ends by its deadline, or because somebody ended its agreement.
    function test_NobodyRefusesARequestByTheClock() public {
        vm.warp(agreement.terms.validUntil - 1 hours);
        Asked memory parts = asked(0);
        (parts.delivery, parts.deadline) = (Delivery.Anchored, agreement.terms.validUntil - 1);
        (Request memory request,) = ask(Questions.pack(parts));
        vm.warp(agreement.terms.validUntil);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementStillValid.selector, agreementId));
        assent.refuse(request);
    }

    function _standAndRunOut(bool catchUp) private {
        schedule.catchUp = catchUp;
        stand();
        openAt(0);
        vm.warp(due(2));
    }

    function _expectStillRuns() private {
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.StandingStillRuns.selector, id));
        vm.prank(stranger);
        assent.endStanding(standing);
    }
}
