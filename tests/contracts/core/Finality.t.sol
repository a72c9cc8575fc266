// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { VerdictConsumer } from "../../../contracts/consumers/VerdictConsumer.sol";
import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Finality, Request, RequestState, RequestStatus, Verdict } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";

/// @notice Reads verdicts and is never called: one that takes any verdict, and one that waits for a final one.
contract PullReader is VerdictConsumer {
    constructor(IAssent oracle_) VerdictConsumer(oracle_) { }

    function _authoriseWithdrawal(address) internal pure override { }

    function anyVerdict(RequestId id) external view returns (uint8 outcome, uint32 score) {
        RequestStatus memory status = oracle.verdictOf(id);
        return (status.outcome, status.score);
    }

    function finalVerdict(RequestId id) external view returns (uint8 outcome, uint32 score) {
        return _finalVerdict(id);
    }

    function _onFinal(RequestId, uint8, uint32) internal pure override {
        revert("never called");
    }
}

/// @notice What `verdictOf` says of how far a verdict can still change, and whether that is so.
contract FinalityTest is OracleTest {
    PullReader private reader;
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        reader = new PullReader(assent);
        give();
        (request, id) = askAndRecord(0, SIGNERS);
    }

    function test_GivenThereIsNoVerdict() public {
        (, id) = ask(1);
        _assertFinality(RequestState.Requested, Finality.None);
        id = assent.requestId(agreementId, 2);
        _assertFinality(RequestState.None, Finality.None);
    }

    function test_GivenTheRequestEndedWithoutAVerdict() public {
        (request, id) = ask(1);
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        _assertFinality(RequestState.Expired, Finality.None);
    }

    function test_GivenTheWindowIsOpen() public {
        _assertFinality(RequestState.Recorded, Finality.Contestable);
        skip(CHALLENGE_WINDOW);
        _assertFinality(RequestState.Recorded, Finality.Contestable);
    }

    function test_GivenTheWindowIsOver() public {
        skip(CHALLENGE_WINDOW + 1);
        _assertFinality(RequestState.Recorded, Finality.Final);
        (uint8 outcome, uint32 score) = reader.finalVerdict(id);
        assertEq(outcome, outcomeOf(defaultVerdict()), "outcome");
        assertEq(score, scoreOf(defaultVerdict()), "score");
    }

    function test_GivenItIsChallenged() public {
        skip(1 hours);
        challenge(id);
        _assertFinality(RequestState.Challenged, Finality.Contested);
        _assertVerdict(defaultVerdict());
        assertEq(assent.verdictOf(id).since, START, "since");
        (uint8 outcome, uint32 score) = reader.anyVerdict(id);
        assertEq(outcome, outcomeOf(defaultVerdict()), "outcome");
        assertEq(score, scoreOf(defaultVerdict()), "score");
        bytes4 reason = VerdictConsumer.NoVerdict.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, RequestState.Challenged, Finality.Contested));
        reader.finalVerdict(id);
    }

    /// @dev Nobody has said yet that nobody answered.
    function test_GivenTheReviewIsOverdue() public {
        challenge(id);
        skip(JUDGING_TIME + CHALLENGE_WINDOW + 1);
        _assertFinality(RequestState.Challenged, Finality.Contested);
        _assertVerdict(defaultVerdict());
    }

    function test_GivenItWasUpheld() public {
        skip(1 hours);
        challenge(id);
        review(0, defaultVerdict());
        _assertFinality(RequestState.Upheld, Finality.Final);
        _assertVerdict(defaultVerdict());
        assertEq(assent.verdictOf(id).since, START, "since");
    }

    function test_GivenItWasCorrected() public {
        skip(1 hours);
        challenge(id);
        review(0, otherVerdict());
        _assertFinality(RequestState.Corrected, Finality.Final);
        _assertVerdict(otherVerdict());
        assertEq(assent.verdictOf(id).since, START + 1 hours, "since");
        (uint8 outcome, uint32 score) = reader.finalVerdict(id);
        assertEq(outcome, outcomeOf(otherVerdict()), "outcome");
        assertEq(score, scoreOf(otherVerdict()), "score");
    }

    /// @dev It stays, and can't be challenged again; a reader sees that nobody judged it.
    function test_GivenNobodyJudgedIt() public {
        challenge(id);
        skip(JUDGING_TIME + 1);
        committee.close(recordingOf(id), defaultVerdict());
        _assertFinality(RequestState.Unjudged, Finality.Final);
        bytes4 reason = VerdictConsumer.NoVerdict.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, RequestState.Unjudged, Finality.Final));
        reader.finalVerdict(id);
        _assertVerdict(defaultVerdict());
        assertFalse(_canBeChallenged(), "again");
    }

    /// @dev Contestable if and only if a challenge succeeds.
    function testFuzz_WhenTheTimeIsAny(uint40 elapsed) public {
        skip(bound(elapsed, 0, 2 * uint256(CHALLENGE_WINDOW)));
        bool contestable = assent.verdictOf(id).finality == Finality.Contestable;
        assertEq(_canBeChallenged(), contestable);
    }

    function _canBeChallenged() private returns (bool can) {
        bytes memory data = abi.encodeCall(committee.challenge, (recordingOf(id), underNow()));
        hoax(challenger, BOND);
        (can,) = address(committee).call{ value: BOND }(data);
    }

    function _assertVerdict(Verdict memory verdict) private view {
        assertEq(assent.verdictOf(id).outcome, outcomeOf(verdict), "outcome");
        assertEq(assent.verdictOf(id).score, scoreOf(verdict), "score");
    }

    function _assertFinality(RequestState state, Finality finality) private view {
        assertState(id, state);
        assertEq(uint8(assent.verdictOf(id).finality), uint8(finality), "finality");
    }
}
