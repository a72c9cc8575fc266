// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { Challenge } from "../../../contracts/types/Challenge.sol";
import { SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { ArbiterTest, Receiver } from "./ArbiterTest.sol";

contract ChallengeTest is ArbiterTest {
    function test_RevertGiven_ThereIsNoRequest() public {
        id = assent.requestId(agreementId, 1);
        _expectNotContestable();
    }

    function test_RevertGiven_TheRequestIsOpen() public {
        (, id) = ask(1);
        _expectNotContestable();
    }

    function test_RevertGiven_TheRequestExpired() public {
        (request, id) = ask(1);
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        _expectNotContestable();
    }

    function test_RevertGiven_TheRequestWasRefused() public {
        (request, id) = ask(1);
        withdraw();
        assent.refuse(request);
        _expectNotContestable();
    }

    function test_RevertGiven_TheUseWasCancelled() public {
        SourceId source = hasher.sourceId(agreement.source);
        vm.prank(controller);
        assent.cancel(source, agreement.terms, 1);
        id = assent.requestId(agreementId, 1);
        _expectNotContestable();
    }

    function test_RevertGiven_ItIsChallenged() public {
        challenge();
        _expectNotContestable();
    }

    function test_RevertGiven_ItWasUpheld() public {
        challengeAndUphold();
        _expectNotContestable();
    }

    function test_RevertGiven_ItWasCorrected() public {
        challengeAndCorrect();
        _expectNotContestable();
    }

    function test_RevertGiven_TheWindowIsOver() public {
        skip(CHALLENGE_WINDOW + 1);
        _expectNotContestable();
    }

    function test_RevertWhen_TheValueIsNotTheBond() public {
        uint256[3] memory values = [uint256(0), BOND - 1, BOND + 1];
        for (uint256 i = 0; i < values.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IArbiter.BondMismatch.selector, values[i], BOND));
            vm.prank(challenger);
            assent.challenge{ value: values[i] }(id);
        }
    }

    function test_GivenTheWindowIsOpen() public {
        skip(CHALLENGE_WINDOW); // its last second
        uint40 until = START + CHALLENGE_WINDOW + REVIEW_TIME;
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IArbiter.Challenged(id, challenger, BOND, until);
        challenge();

        assertState(id, RequestState.Challenged);
        assertEq(address(assent).balance, balance + BOND, "balance");
        assertEq(balanceOf(challenger), 0, "the bond is not the challenger's meanwhile");
        Verdict memory verdict = defaultVerdict();
        Challenge memory kept = assent.challengeOf(id);
        Challenge memory expected =
            Challenge(challenger, BOND, until, outcomeOf(verdict), uint24(scoreOf(verdict)), false);
        assertEq(abi.encode(kept), abi.encode(expected), "challengeOf");
    }

    function test_GivenTheAgreementWasWithdrawnSince() public {
        withdraw();
        challenge();
        assertState(id, RequestState.Challenged);
    }

    function test_GivenTheVerdictWasClaimedFromAnAnchoredReport() public {
        Asked memory parts = asked(1);
        parts.delivery = Delivery.Anchored;
        (request, id) = ask(Questions.pack(parts));
        bytes32 root = leafOf(request, defaultVerdict());
        assent.anchor(root, 1, address(0), modelQuorum(), attestRoot(1, root, 0x7));
        _expectNotContestable(); // there is nothing to contest yet
        skip(30 minutes);
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        skip(CHALLENGE_WINDOW);
        challenge();
        assertState(id, RequestState.Challenged);
    }

    /// @dev Else a verdict would be safe from everyone once an accomplice challenged it and nobody answered.
    function test_GivenAChallengeLapsed() public {
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        skip(CHALLENGE_WINDOW); // of its own
        hoax(stranger, BOND);
        assent.challenge{ value: BOND }(id);
        assertEq(assent.challengeOf(id).challenger, stranger, "challenger");
    }

    function test_RevertGiven_AChallengeLapsedAndTheWindowIsOverAgain() public {
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        skip(CHALLENGE_WINDOW + 1);
        _expectNotContestable();
    }

    function test_WhenTheReceiverChallengesItInItsCallback() public {
        Receiver receiver = new Receiver(assent);
        receiver.distrust(BOND);
        askAndRecordBy(receiver, 500);
        assertState(id, RequestState.Challenged);
        assertEq(assent.challengeOf(id).challenger, address(receiver), "challenger");
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function _expectNotContestable() private {
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NotContestable.selector, id));
        challenge();
    }
}
