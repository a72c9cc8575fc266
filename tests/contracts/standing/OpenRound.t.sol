// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IStandingRequests } from "../../../contracts/interfaces/IStandingRequests.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { StandingRequest } from "../../../contracts/types/Standing.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { StandingTest } from "./StandingTest.sol";

contract OpenRoundTest is StandingTest {
    function test_RevertGiven_ItWasNeverMade() public {
        expectStanding();
        vm.warp(due(0));
        _expectRevert(0, abi.encodeWithSelector(IStandingRequests.StandingNotActive.selector, id));
    }

    function test_RevertGiven_ItHasEnded() public {
        stand();
        vm.prank(controller);
        assent.endStanding(standing);
        vm.warp(due(0));
        _expectRevert(0, abi.encodeWithSelector(IStandingRequests.StandingNotActive.selector, id));
    }

    /// @dev What it costs, who is refunded and how often is all in the id.
    function test_RevertWhen_ATermIsAltered() public {
        stand();
        vm.warp(due(0));
        StandingRequest memory made = standing;
        for (uint256 i = 0; i < 6; ++i) {
            standing = made;
            if (i == 0) standing.controller = stranger;
            if (i == 1) standing.quote = Quote.wrap(Quote.unwrap(made.quote) + (1 << 64));
            if (i == 2) standing.question = question.forRound(FIRST_USE + 1, 0);
            if (i == 3) standing.schedule.rounds += 1;
            if (i == 4) standing.schedule.window += 1;
            if (i == 5) standing.schedule.catchUp = true;
            vm.expectPartialRevert(IStandingRequests.StandingNotActive.selector);
            assent.openRound(standing, 0);
        }
    }

    function test_RevertGiven_TheRoundIsNotDue() public {
        stand();
        vm.warp(due(0) - 1);
        _expectNotDue(0);
        vm.warp(due(1) - 1);
        _expectNotDue(1);
    }

    function test_RevertWhen_ThereIsNoSuchRound() public {
        stand();
        vm.warp(due(ROUNDS));
        _expectOver(ROUNDS);
        _expectOver(type(uint32).max);
    }

    function test_RevertGiven_TheRoundWasOpened() public {
        stand();
        openAt(0);
        _expectOver(0);
        assertStatus(true, 1, 1);
    }

    function test_RevertGiven_TheNextRoundIsDue() public {
        stand();
        vm.warp(due(1) - 1); // its last second
        uint256 state = vm.snapshotState();
        assent.openRound(standing, 0);
        vm.revertToState(state);
        vm.warp(due(1));
        _expectOver(0);
    }

    function test_RevertGiven_ALaterRoundWasOpened() public {
        stand();
        openAt(2);
        _expectOver(1);
        assertStatus(true, 1, 3);
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        stand();
        withdraw();
        vm.warp(due(0));
        _expectRevert(0, abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementHasExpired() public {
        agreement.terms.validUntil = uint40(due(2));
        give();
        stand();
        openAt(1);
        vm.warp(due(2));
        _expectRevert(2, abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertGiven_TheUseWasTakenByAnOrdinaryRequest() public {
        stand();
        (, RequestId taken) = ask(FIRST_USE + 1);
        openAt(0);
        vm.warp(due(1));
        _expectRevert(1, abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, taken));
        openAt(2); // the others aren't concerned
        assertStatus(true, 2, 3);
    }

    function test_RevertGiven_TheUseWasCancelled() public {
        stand();
        SourceId source = hasher.sourceId(agreement.source);
        vm.prank(controller);
        assent.cancel(source, agreement.terms, FIRST_USE);
        vm.warp(due(0));
        RequestId taken = assent.requestId(agreementId, FIRST_USE);
        _expectRevert(0, abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, taken));
    }

    function test_GivenTheRoundIsDue() public {
        stand();
        vm.warp(due(0));
        Request memory request = roundRequest(0);
        RequestId expected = assent.requestId(agreementId, FIRST_USE);
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Requested(expected, agreementId, request.question);
        vm.expectEmit(address(assent));
        emit IStandingRequests.RoundOpened(id, 0, expected);
        vm.prank(stranger);
        RequestId opened = assent.openRound(standing, 0);

        assertEq(RequestId.unwrap(opened), RequestId.unwrap(expected), "id");
        assertStatus(true, 1, 1);
        assertState(opened, RequestState.Requested);
        assertEq(request.question.deadline(), vm.getBlockTimestamp() + WINDOW, "deadline");
        assertEq(address(assent).balance, balance, "paid before");
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        assertState(opened, RequestState.Recorded);
        assertEq(assent.poolInfo(assent.poolOf(1, 0x7, address(0))).earned, FEE, "earned");
    }

    function test_GivenAllRoundsAreOpenedInTime() public {
        stand();
        for (uint32 round = 0; round < ROUNDS; ++round) {
            RequestId opened = openAt(round);
            assertState(opened, RequestState.Requested);
            assertStatus(true, round + 1, round + 1);
        }
        _expectOver(ROUNDS);
    }

    function test_GivenRoundsWereMissed() public {
        stand();
        openAt(0);
        openAt(3);
        assertStatus(true, 2, 4);
        openAt(4);
        assertStatus(true, 3, 5);
        assertEq(assent.nextUse(agreementId, FIRST_USE + 1), FIRST_USE + 1, "the uses of those missed are free");
    }

    /// @dev Each request takes what it said when it was made: the callback's gas and the way of delivery too.
    function test_GivenTheQuestionNamesACallback() public {
        Asked memory parts = asked(FIRST_USE);
        (parts.deadline, parts.callback) = (0, 100);
        question = Questions.pack(parts);
        stand();
        vm.warp(due(0));
        Request memory request = roundRequest(0);
        assertEq(request.question.callback(), 100, "callback");
        RequestId opened = assent.openRound(standing, 0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        assertState(opened, RequestState.Recorded);
    }

    function test_GivenTheModelWasDeprecatedSince() public {
        stand();
        vm.prank(publisher);
        assent.deprecate(model);
        vm.warp(due(0));
        Request memory request = roundRequest(0);
        RequestId opened = assent.openRound(standing, 0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        assertState(opened, RequestState.Recorded);
    }

    function test_GivenARoundExpires() public {
        stand();
        vm.warp(due(0));
        Request memory request = roundRequest(0);
        assent.openRound(standing, 0);
        skip(WINDOW + 1);
        assent.expire(request);
        assertBalance(price());
        _expectOver(0);
    }

    function test_GivenItCatchesUp() public {
        schedule.catchUp = true;
        stand();
        vm.warp(due(3) - 1);
        for (uint32 round = 0; round < 3; ++round) {
            assent.openRound(standing, round);
        }
        assertStatus(true, 3, 3);
        _expectNotDue(3);
        vm.warp(due(ROUNDS) + 100 days);
        assent.openRound(standing, 3);
        assent.openRound(standing, 4);
        assertStatus(true, ROUNDS, ROUNDS);
        _expectOver(ROUNDS);
    }

    function test_RevertGiven_ItCatchesUp_WhenTheRoundIsOutOfOrder() public {
        schedule.catchUp = true;
        stand();
        vm.warp(due(2));
        _expectOver(1);
        _expectOver(2);
        assent.openRound(standing, 0);
        _expectOver(0);
        _expectOver(2);
        assertStatus(true, 1, 1);
    }

    /// @dev By its controller's doing alone; the controller ends it and has all that is left back.
    function test_RevertGiven_ItCatchesUpAndAUseWasTaken() public {
        schedule.catchUp = true;
        stand();
        (, RequestId taken) = ask(FIRST_USE + 1);
        openAt(0);
        vm.warp(due(2));
        _expectRevert(1, abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, taken));
        _expectOver(2);
        vm.prank(controller);
        assent.endStanding(standing);
        assertBalance(price() * (ROUNDS - 1));
    }

    function test_GivenItsClockCountsBlocks() public {
        (schedule.inBlocks, schedule.start, schedule.interval) = (true, uint40(vm.getBlockNumber() + 5), 10);
        stand();
        vm.warp(due(0) + START); // of no concern
        vm.roll(due(0) - 1);
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.RoundNotDue.selector, due(0), due(0) - 1));
        assent.openRound(standing, 0);
        vm.roll(due(0));
        Request memory request = roundRequest(0);
        RequestId opened = assent.openRound(standing, 0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7)); // its deadline is a time
        assertState(opened, RequestState.Recorded);
        vm.roll(due(1) + 10);
        _expectOver(1);
        assent.openRound(standing, 2);
        assertStatus(true, 2, 3);
    }

    /// @dev Of rounds that are skipped when missed, just one can be opened at any time.
    function testFuzz_WhenTimeAndRoundAreAny(uint32 elapsed, uint32 round, uint32 before) public {
        stand();
        round = uint32(bound(round, 0, ROUNDS));
        before = uint32(bound(before, 0, ROUNDS - 1));
        openAt(before);
        uint256 clock = bound(elapsed, vm.getBlockTimestamp(), due(ROUNDS) + INTERVAL);
        vm.warp(clock);
        bool fits = round < ROUNDS && round > before && clock >= due(round) && clock < due(round) + INTERVAL;
        (bool opened,) = address(assent).call(abi.encodeCall(assent.openRound, (standing, round)));
        assertEq(opened, fits, "opened");
        if (fits) assertStatus(true, 2, round + 1);
        else assertStatus(true, 1, before + 1);
    }

    function _expectNotDue(uint32 round) private {
        bytes4 reason = IStandingRequests.RoundNotDue.selector;
        _expectRevert(round, abi.encodeWithSelector(reason, due(round), vm.getBlockTimestamp()));
    }

    function _expectOver(uint32 round) private {
        _expectRevert(round, abi.encodeWithSelector(IStandingRequests.RoundOver.selector, round));
    }

    function _expectRevert(uint32 round, bytes memory reason) private {
        vm.expectRevert(reason);
        assent.openRound(standing, round);
    }
}
