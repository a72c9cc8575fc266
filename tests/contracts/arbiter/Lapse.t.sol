// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Finality, RequestState } from "../../../contracts/types/Verdict.sol";
import { scoreOf } from "../base/Verdict.sol";
import { ArbiterTest, Receiver } from "./ArbiterTest.sol";

contract LapseTest is ArbiterTest {
    function test_RevertGiven_ItIsNotChallenged() public {
        _expectNotChallenged();
        id = assent.requestId(agreementId, 1);
        _expectNotChallenged();
    }

    function test_RevertGiven_ItWasReviewed() public {
        challengeAndUphold();
        skip(REVIEW_TIME + 1);
        _expectNotChallenged();
    }

    function test_RevertGiven_AReviewIsStillDue() public {
        challenge();
        uint256 until = START + REVIEW_TIME;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.ReviewStillDue.selector, until, until));
        assent.lapse(id);
    }

    function test_GivenNobodyAnswered() public {
        challenge();
        skip(REVIEW_TIME + 1);
        vm.expectEmit(address(assent));
        emit IArbiter.ChallengeLapsed(id);
        vm.prank(stranger);
        assent.lapse(id);

        assertState(id, RequestState.Recorded);
        assertVerdict(defaultVerdict());
        assertEq(assent.verdictOf(id).since, START + REVIEW_TIME + 1, "since");
        assertEq(balanceOf(challenger), BOND, "the bond back");
        assertEq(assent.challengeOf(id).challenger, address(0), "forgotten");
        assertEq(challenger.balance, 10 ether - BOND, "only pulled");
        vm.prank(challenger);
        assent.withdrawBalance(address(0), challenger);
        assertEq(challenger.balance, 10 ether, "neither gain nor loss");
    }

    /// @dev However late it is called: nobody's stake is bonded for a window that began when somebody cared to call.
    function test_GivenNobodyCalledItForLong_ThatTheWindowIsOver() public {
        challenge();
        skip(REVIEW_TIME + 1 + CHALLENGE_WINDOW + 1);
        assent.lapse(id);
        assertEq(assent.verdictOf(id).since, START + REVIEW_TIME + 1, "since");
        assertEq(uint8(assent.verdictOf(id).finality), uint8(Finality.Final), "finality");
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NotContestable.selector, id));
        assent.challenge{ value: BOND }(id);
    }

    function test_RevertGiven_ItHasLapsed() public {
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        _expectNotChallenged();
        assertEq(balanceOf(challenger), BOND, "paid back once");
    }

    /// @dev That the callback failed is in the slot whose time is changed.
    function test_GivenTheCallbackHadFailed() public {
        Receiver receiver = new Receiver(assent);
        receiver.close(true);
        askAndRecordBy(receiver, 200);
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        receiver.close(false);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Delivered(id, address(receiver));
        assent.retryCallback(recorded);
        assertEq(uint8(receiver.lastState()), uint8(RequestState.Recorded), "state");
        assertEq(receiver.lastScore(), scoreOf(defaultVerdict()), "score");
    }

    function test_GivenItIsChallengedAgainAndCorrected() public {
        Receiver receiver = new Receiver(assent);
        askAndRecordBy(receiver, 200);
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        challengeAndCorrect();
        assertVerdict(otherVerdict());
        assertEq(receiver.calls(), 2, "told again");
        assertEq(balanceOf(challenger), 2 * BOND, "both bonds back");
    }

    function _expectNotChallenged() private {
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NotChallenged.selector, id));
        assent.lapse(id);
    }
}
