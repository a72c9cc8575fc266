// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Attestation, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

/// @notice Which answers of a report `recordMany` skips, and that the others have no harm by it; the rest of recordMany.tree is in
/// `RecordMany.t.sol`.
contract RecordManySkipsTest is OracleTest {
    /// Of the answers that are to be recorded, and the one with the obstacle.
    Request[] private good;
    Answer private bad;

    /// @dev Three requests that nothing is wrong with, and one of another agreement.
    function setUp() public override {
        super.setUp();
        give();
        for (uint32 use = 0; use < 3; ++use) {
            Asked memory parts = asked(use);
            parts.deadline = latestDeadline();
            (Request memory request,) = ask(Questions.pack(parts));
            good.push(request);
        }
        agreement.source.salt = keccak256("another agreement");
        agreement.terms.validUntil = START + 30 minutes;
        give();
        (bad.request,) = ask(0);
        bad.verdict = defaultVerdict();
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestWasNeverMade() public {
        bad.request = expectedRequest(1);
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.None);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestWasMadeWithOtherTerms() public {
        bad.request.controller = stranger;
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.Requested);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestWasRecorded() public {
        record(bad.request, otherVerdict(), attest(bad.request, otherVerdict(), 0xb));
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.Recorded);
        assertEq(assent.verdictOf(idOf(bad.request)).score, scoreOf(otherVerdict()), "the first verdict stays");
        assertEq(earnedBy(1, 0xb), FEE, "and its fee");
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestWasRefused() public {
        withdraw();
        assent.refuse(bad.request);
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.Refused);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestExpired() public {
        vm.warp(bad.request.question.deadline() + 1);
        assent.expire(bad.request);
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.Expired);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsRequestWasCancelled() public {
        cancel(1);
        bad.request = expectedRequest(1);
        _assertSkips(IVerdictOracle.Obstacle.NotOpen, RequestState.Cancelled);
    }

    /// @dev The agreement has expired too: the deadline comes first, as in `record`.
    function test_WhenAnAnswerHasAnObstacle_GivenItsDeadlineHasPassed() public {
        vm.warp(bad.request.question.deadline() + 1);
        _assertSkips(IVerdictOracle.Obstacle.DeadlinePassed, RequestState.Requested);
        assent.expire(bad.request);
        assertEq(balanceOf(controller), FEE, "refunded");
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsAgreementWasWithdrawn() public {
        withdraw();
        _assertSkips(IVerdictOracle.Obstacle.NotAgreed, RequestState.Requested);
        assent.refuse(bad.request);
        assertEq(balanceOf(controller), FEE, "refunded");
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsAgreementHasExpired() public {
        vm.warp(agreement.terms.validUntil);
        _assertSkips(IVerdictOracle.Obstacle.DeadlinePassed, RequestState.Requested);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsScoreIsAboveOneMillion() public {
        bad.verdict.score = inClear(1_000_001);
        _assertSkips(IVerdictOracle.Obstacle.Malformed, RequestState.Requested);
    }

    function test_WhenAnAnswerHasAnObstacle_GivenItsOutcomeIsUnknown() public {
        bad.verdict.outcome = inClear(model.outcomeCount);
        _assertSkips(IVerdictOracle.Obstacle.Malformed, RequestState.Requested);
    }

    function test_WhenAnAnswerStandsTwiceInTheReport() public {
        Answer[] memory answers = new Answer[](2);
        (answers[0], answers[1]) = (bad, bad);
        _expectOnce(answers);
    }

    function test_WhenTwoAnswersAreToOneRequest() public {
        Answer[] memory answers = new Answer[](2);
        (answers[0], answers[1]) = (bad, Answer(bad.request, otherVerdict()));
        _expectOnce(answers);
    }

    function test_WhenAllAnswersAreSkipped() public {
        withdraw();
        Answer[] memory answers = new Answer[](1);
        answers[0] = bad;
        recordMany(answers, attestMany(answers, SIGNERS));
        assertEq(assent.poolInfo(assent.poolOf(1, SIGNERS, address(0))).epoch, 0, "no pool");
    }

    /// @dev Of nine requests some have ended, each in another way; the others are recorded.
    function testFuzz_WhenObstaclesAreMixedAtRandom(uint256 seed) public {
        Answer[] memory answers = askMany(10, 9);
        bool[] memory recorded = new bool[](9);
        for (uint256 i = 0; i < 9; ++i) {
            uint256 kind = (seed >> (8 * i)) % 4;
            recorded[i] = kind == 0;
            if (kind == 1) answers[i].verdict.score = inClear(1_000_001);
            if (kind == 2) answers[i].request.controller = stranger;
            Request memory request = answers[i].request;
            if (kind == 3) record(request, otherVerdict(), attest(request, otherVerdict(), 0xe));
        }
        Answer[] memory sorted = new Answer[](9);
        for (uint256 i = 0; i < 9; ++i) {
            sorted[i] = answers[i];
        }
        sort(sorted);
        recordMany(sorted, attestMany(sorted, SIGNERS));
        uint256 count = 0;
        for (uint256 i = 0; i < 9; ++i) {
            bool is_ = assent.verdictOf(idOf(answers[i].request)).score == scoreOf(defaultVerdict());
            assertEq(is_, recorded[i], "recorded");
            if (is_) ++count;
        }
        assertEq(earnedBy(1, SIGNERS), count * FEE, "earned");
    }

    /// @dev The report has the bad answer somewhere among the good ones.
    function _assertSkips(IVerdictOracle.Obstacle obstacle, RequestState state) private {
        Answer[] memory answers = new Answer[](4);
        for (uint256 i = 0; i < 3; ++i) {
            answers[i] = Answer(good[i], defaultVerdict());
        }
        answers[3] = bad;
        sort(answers);
        Attestation memory attestation = attestMany(answers, SIGNERS);
        RequestId skipped = idOf(bad.request);
        expectSkipped(skipped, obstacle);
        recordMany(answers, attestation);
        assertState(skipped, state);
        for (uint256 i = 0; i < 3; ++i) {
            assertState(idOf(good[i]), RequestState.Recorded);
        }
        assertEq(earnedBy(1, SIGNERS), 3 * FEE, "earned");
    }

    /// @dev Two answers to one request: whichever comes first in the tree is recorded.
    function _expectOnce(Answer[] memory answers) private {
        sort(answers);
        Attestation memory attestation = attestMany(answers, SIGNERS);
        RequestId id = idOf(bad.request);
        expectRecorded(id, answers[0].verdict);
        expectSkipped(id, IVerdictOracle.Obstacle.NotOpen);
        recordMany(answers, attestation);
        assertEq(assent.verdictOf(id).score, scoreOf(answers[0].verdict), "the first");
        assertEq(earnedBy(1, SIGNERS), FEE, "earned once");
    }
}
