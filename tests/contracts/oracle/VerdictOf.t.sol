// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Finality, Request, RequestState, RequestStatus, Verdict } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf, verdictOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver } from "./Receivers.sol";

contract VerdictOfTest is OracleTest {
    /// Which request the verdict is of, and who signed it as it stands.
    Request private request;
    Signers private by = byEpoch1();

    function setUp() public override {
        super.setUp();
        give();
    }

    function test_GivenTheRequestWasNeverMade() public view {
        assertStatus(assent.requestId(agreementId, 0), _without(RequestState.None, 0));
    }

    function test_GivenItIsOpen() public {
        (, RequestId id) = ask(0);
        assertStatus(id, _without(RequestState.Requested, 0));
    }

    function test_GivenItWasRecorded_WithinTheChallengeWindow() public {
        RequestId id = _recorded();
        assertStatus(id, _with(RequestState.Recorded, Finality.Contestable, START, defaultVerdict()));
        skip(CHALLENGE_WINDOW);
        assertStatus(id, _with(RequestState.Recorded, Finality.Contestable, START, defaultVerdict()));
    }

    function test_GivenItWasRecorded_AfterTheChallengeWindow() public {
        RequestId id = _recorded();
        skip(CHALLENGE_WINDOW + 1);
        assertStatus(id, _with(RequestState.Recorded, Finality.Final, START, defaultVerdict()));
    }

    function test_GivenItWasRefused() public {
        RequestId id;
        (request, id) = ask(0);
        skip(1 minutes);
        withdraw();
        assent.refuse(request);
        assertStatus(id, _without(RequestState.Refused, START + 1 minutes));
    }

    function test_GivenItExpired() public {
        RequestId id;
        (request, id) = ask(0);
        skip(2 hours);
        assent.expire(request);
        assertStatus(id, _without(RequestState.Expired, START + 2 hours));
    }

    function test_GivenItWasCancelled() public {
        skip(1 minutes);
        cancel(0);
        skip(CHALLENGE_WINDOW + 1);
        assertStatus(assent.requestId(agreementId, 0), _without(RequestState.Cancelled, START + 1 minutes));
    }

    function test_GivenItWasChallenged() public {
        RequestId id = _challenged();
        assertStatus(id, _with(RequestState.Challenged, Finality.Contested, START, defaultVerdict()));
        skip(CHALLENGE_WINDOW + JUDGING_TIME + RULING_TIME + 1);
        assertStatus(id, _with(RequestState.Challenged, Finality.Contested, START, defaultVerdict()));
    }

    function test_GivenItWasUpheld() public {
        RequestId id = _challenged();
        skip(1 hours);
        review(0, defaultVerdict());
        assertStatus(id, _with(RequestState.Upheld, Finality.Final, START, defaultVerdict()));
    }

    function test_GivenItWasCorrected() public {
        RequestId id = _challenged();
        skip(1 hours);
        review(0, otherVerdict());
        by = SignersLib.pack(1, JUDGES);
        uint40 corrected = uint40(vm.getBlockTimestamp());
        assertStatus(id, _with(RequestState.Corrected, Finality.Final, corrected, otherVerdict()));
    }

    function test_GivenNobodyJudgedIt() public {
        RequestId id = _challenged();
        skip(JUDGING_TIME + 1);
        committee.close(recordingOf(id), defaultVerdict());
        assertStatus(id, _with(RequestState.Unjudged, Finality.Final, START, defaultVerdict()));
    }

    function test_GivenTheCallbackFailed() public {
        RequestId id = _undelivered();
        RequestStatus memory status = _with(RequestState.Recorded, Finality.Contestable, START, defaultVerdict());
        status.undelivered = true;
        assertStatus(id, status);
        skip(CHALLENGE_WINDOW + 1);
        status.finality = Finality.Final;
        assertStatus(id, status);
    }

    function test_GivenTheCallbackFailed_AndItIsChallengedAndCorrected() public {
        RequestId id = _undelivered();
        challenge(id);
        RequestStatus memory status = _with(RequestState.Challenged, Finality.Contested, START, defaultVerdict());
        status.undelivered = true;
        assertStatus(id, status);

        uint256 before = vm.snapshotState();
        review(0, otherVerdict());
        by = SignersLib.pack(1, JUDGES);
        status = _with(RequestState.Corrected, Finality.Final, START, otherVerdict());
        status.undelivered = true;
        assertStatus(id, status);

        vm.revertToState(before);
        by = byEpoch1();
        Receiver(payable(agreement.controller)).keep();
        review(0, otherVerdict());
        by = SignersLib.pack(1, JUDGES);
        status.undelivered = false;
        assertStatus(id, status);
    }

    function testFuzz_WhenTheVerdictIsAny(uint8 outcome, uint32 score, bytes32 trail, uint16 callback) public {
        model.outcomeCount = 255;
        vm.etch(controller, hex"00"); // which takes any call
        giveFor("of many outcomes");
        Asked memory parts = asked(0);
        parts.callback = uint16(bound(callback, 0, Questions.MAX_CALLBACK));
        Verdict memory verdict = verdictOf(bound(outcome, 0, 254), bound(score, 0, 1_000_000), trail);
        RequestId id;
        (request, id) = ask(Questions.pack(parts));
        record(request, verdict, attest(request, verdict, SIGNERS));
        assertStatus(id, _with(RequestState.Recorded, Finality.Contestable, START, verdict));
    }

    function _recorded() private returns (RequestId id) {
        (request, id) = askAndRecord(0, SIGNERS);
    }

    function _challenged() private returns (RequestId id) {
        id = _recorded();
        challenge(id);
    }

    /// @dev Recorded, but its receiver refused it.
    function _undelivered() private returns (RequestId id) {
        Receiver receiver = new Receiver(assent);
        receiver.refuse("");
        agreement.controller = address(receiver);
        vm.deal(address(receiver), FEE);
        give();
        Asked memory parts = asked(0);
        parts.callback = 100;
        (request, id) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    function _without(RequestState state, uint40 since) private pure returns (RequestStatus memory) {
        return RequestStatus(state, Finality.None, 0, 0, since, 0, false);
    }

    function _with(RequestState state, Finality finality, uint40 since, Verdict memory verdict)
        private
        view
        returns (RequestStatus memory)
    {
        bytes22 mark = markOf(request, verdict, by);
        return RequestStatus(state, finality, outcomeOf(verdict), scoreOf(verdict), since, mark, false);
    }
}
