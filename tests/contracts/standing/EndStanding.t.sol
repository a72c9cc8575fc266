// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IStandingRequests } from "../../../contracts/interfaces/IStandingRequests.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { StandingTest, Token } from "./StandingTest.sol";

contract EndStandingTest is StandingTest {
    function test_RevertGiven_ItWasNeverMade() public {
        expectStanding();
        _expectNotActive(controller);
    }

    function test_RevertGiven_ItHasEnded() public {
        stand();
        _end(controller, ROUNDS);
        _expectNotActive(controller);
        assertBalance(total()); // refunded once
    }

    function test_RevertWhen_ATermIsAltered() public {
        stand();
        standing.schedule.rounds += 1; // to be refunded more
        vm.expectPartialRevert(IStandingRequests.StandingNotActive.selector);
        vm.prank(controller);
        assent.endStanding(standing);
    }

    function test_RevertGiven_RoundsAreToCome_WhenAnotherSendsIt() public {
        stand();
        _expectStillRuns();
        openAt(3);
        _expectStillRuns();
        vm.warp(due(ROUNDS) - 1); // the last round can still be opened
        _expectStillRuns();
    }

    function test_RevertGiven_ItCatchesUp_WhenAnotherSendsIt() public {
        schedule.catchUp = true;
        stand();
        openAt(0);
        vm.warp(due(ROUNDS) + 300 days);
        _expectStillRuns();
    }

    function test_GivenNoRoundWasOpened_WhenTheControllerSendsIt() public {
        stand();
        _end(controller, ROUNDS);
    }

    function test_GivenRoundsAreToCome_WhenTheControllerSendsIt() public {
        stand();
        openAt(0);
        openAt(2);
        _end(controller, ROUNDS - 2);
        assertStatus(false, 2, ROUNDS);
    }

    function test_GivenAllRoundsWereOpened() public {
        stand();
        for (uint32 round = 0; round < ROUNDS; ++round) {
            openAt(round);
        }
        _end(stranger, 0);
        assertStatus(false, ROUNDS, ROUNDS);
    }

    function test_GivenTheLastRoundWasOpenedAndOthersMissed() public {
        stand();
        openAt(1);
        openAt(ROUNDS - 1);
        _end(stranger, ROUNDS - 2);
    }

    function test_GivenTheTimeOfTheLastRoundIsOver() public {
        stand();
        openAt(0);
        vm.warp(due(ROUNDS));
        _end(stranger, ROUNDS - 1);
    }

    function test_GivenTheBlockOfTheLastRoundIsOver() public {
        (schedule.inBlocks, schedule.start, schedule.interval) = (true, uint40(vm.getBlockNumber()), 10);
        stand();
        vm.roll(due(ROUNDS) - 1);
        _expectStillRuns();
        vm.roll(due(ROUNDS));
        _end(stranger, ROUNDS);
    }

    function test_GivenTheAgreementWasWithdrawn() public {
        stand();
        openAt(0);
        withdraw();
        _end(stranger, ROUNDS - 1);
    }

    /// @dev It may be renewed.
    function test_RevertGiven_TheAgreementHasExpired_WhenAnotherSendsIt() public {
        agreement.terms.validUntil = uint40(due(2));
        for (uint256 i = 0; i < 2; ++i) {
            (schedule.catchUp, agreement.source.salt) = (i == 1, bytes32(i));
            give();
            stand();
            vm.warp(due(2));
            _expectStillRuns();
            vm.warp(due(ROUNDS) - 1);
            _expectStillRuns();
            vm.warp(START);
        }
    }

    function test_GivenTheAgreementHasExpired_GivenItCatchesUp_GivenTheTimeOfTheLastRoundIsOver() public {
        schedule.catchUp = true;
        agreement.terms.validUntil = uint40(due(2));
        give();
        stand();
        openAt(0);
        vm.warp(due(ROUNDS));
        _end(stranger, ROUNDS - 1);
    }

    function test_GivenItWasPaidInAToken() public {
        Token token = useToken();
        deposit(token, total());
        expectStanding();
        standing.quote = tokenQuote();
        vm.startPrank(controller);
        assent.stand(underOne(), question, schedule);
        vm.warp(due(0));
        assent.openRound(standing, 0);
        assent.endStanding(standing);
        vm.stopPrank();
        assertEq(assent.balanceOf(controller, address(token)), price() * (ROUNDS - 1), "refund");
        assertBalance(0);
    }

    /// @dev Whatever is opened, missed, answered or expired: what was paid is earned or comes back, to the last wei.
    function testFuzz_WhenAnyRoundsAreOpenedAndAnswered(uint8 opened, uint8 answered, uint8 rest) public {
        agreement.terms.price = uint96(FEE / 3);
        give();
        stand();
        uint256 before = address(assent).balance;
        uint256 verdicts = 0;
        uint256 paidBack = 0;
        for (uint32 round = 0; round < ROUNDS; ++round) {
            if ((opened >> round) & 1 == 0) continue;
            bool answer = (answered >> round) & 1 == 1;
            _openAndClose(round, answer);
            if (answer) ++verdicts;
            else paidBack += price();
        }
        // Some end it early: then the rounds to come are refunded too.
        vm.warp(rest % 2 == 0 ? due(ROUNDS) : vm.getBlockTimestamp());
        vm.prank(controller);
        assent.endStanding(standing);
        assertBalance(total() - verdicts * price());
        assertGe(assent.balanceOf(controller, address(0)), paidBack, "what expired is part of it");
        assertEq(assent.poolInfo(assent.poolOf(1, 0x7, address(0))).earned, verdicts * FEE, "the signers'");
        assertEq(assent.agreementStatus(agreementId).earning, verdicts, "the subject's");
        assertEq(address(assent).balance, before, "nothing left the contract");
    }

    function _openAndClose(uint32 round, bool answer) private {
        vm.warp(due(round));
        Request memory request = roundRequest(round);
        assent.openRound(standing, round);
        if (answer) return record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        skip(WINDOW + 1);
        assent.expire(request);
    }

    function _end(address sender, uint32 unopened) private {
        uint256 refund = price() * unopened;
        vm.expectEmit(address(assent));
        emit IStandingRequests.StandingEnded(id, refund);
        vm.prank(sender);
        assent.endStanding(standing);
        assertBalance(refund);
        assertFalse(assent.standingStatus(id).active, "active");
        assertEq(assent.balanceOf(stranger, address(0)), 0, "nothing for who sends it");
    }

    function _expectStillRuns() private {
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.StandingStillRuns.selector, id));
        vm.prank(stranger);
        assent.endStanding(standing);
    }

    function _expectNotActive(address sender) private {
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.StandingNotActive.selector, id));
        vm.prank(sender);
        assent.endStanding(standing);
    }
}
