// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { Schedule, StandingRequest, Under } from "../../../contracts/types/Standing.sol";
import { Answer, Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { DirtyTest } from "./DirtyTest.sol";

/// @notice What is called for requests, from their making to their end.
/// forge-config: default.fuzz.runs = 32
contract DirtyRequestsTest is DirtyTest {
    SourceId private source;

    function setUp() public override {
        super.setUp();
        give();
        source = hasher.sourceId(agreement.source);
    }

    // Ask

    function testFuzz_RevertWhen_RequestIsDirty(uint256 dirt) public {
        narrowTerms(1);
        narrow(9, 160);
        bytes memory clean = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(0)));
        expectRefused(controller, clean, FEE, dirt);
        assertState(assent.requestId(agreementId, 0), RequestState.Requested);
    }

    /// @dev The controller's signature is over the question's parts, so that it is good for a dirty question, too.
    function testFuzz_RevertWhen_RequestBySigIsDirty(uint256 dirt) public {
        assent.deposit{ value: 2 * FEE }(controller, address(0), 2 * FEE);
        (, uint256 key) = makeAddrAndKey("controller");
        Question question = defaultQuestion(0);
        bytes memory signature = sign(key, Verdicts.hashAsking(agreementId, question, 1));
        narrow(1, 160);
        narrowTerms(2);
        narrow(10, 160);
        narrow(11, 96);
        bytes memory clean =
            abi.encodeCall(assent.requestBySig, (source, controller, agreement.terms, question, 1, signature));
        expectRefused(relayer, clean, 0, dirt);
    }

    /// @dev Dirty terms may give up a use of an agreement that nobody can give, and of none else.
    function testFuzz_WhenCancelIsDirty_ThenTheCleanUseStands(uint256 dirt) public {
        RequestId id = assent.requestId(agreementId, 0);
        bytes memory clean = abi.encodeCall(assent.cancel, (source, agreement.terms, 0));
        narrowTerms(1);
        narrow(9, 32);
        for (uint256 i = 0; i < fieldCount(); ++i) {
            call(controller, spoilt(clean, i, dirt), 0);
            assertState(id, RequestState.None);
        }
        assertTrue(call(controller, clean, 0), "clean");
        assertState(id, RequestState.Cancelled);
    }

    function testFuzz_RevertWhen_StandIsDirty(uint256 dirt) public {
        Under[] memory under = new Under[](1);
        under[0] = Under(source, agreement.terms);
        narrow(1, 160);
        narrowSchedule(2);
        narrowTerms(10);
        Schedule memory schedule = _schedule();
        uint256 price = FEE * schedule.rounds;
        expectRefused(controller, abi.encodeCall(assent.stand, (under, _standingQuestion(), schedule)), price, dirt);
    }

    function testFuzz_RevertWhen_StandingIsDirty(uint256 dirt) public {
        StandingRequest memory standing = _stand();
        narrowStanding(0);
        narrow(10, 32);
        expectRefused(relayer, abi.encodeCall(assent.openRound, (standing, 0)), 0, dirt);
        narrowStanding(0);
        expectRefused(controller, abi.encodeCall(assent.endStanding, (standing)), 0, dirt);
    }

    // Answer

    /// @dev The members sign for the clean request and the clean verdict.
    function testFuzz_RevertWhen_RecordIsDirty(uint256 dirt) public {
        (Request memory request, RequestId id) = ask(0);
        Verdict memory verdict = defaultVerdict();
        narrowRequest(0);
        narrowVerdict(4);
        narrowAttestation(8);
        bytes memory clean = abi.encodeCall(assent.record, (request, verdict, attest(request, verdict, 7)));
        expectRefused(relayer, clean, 0, dirt);
        assertState(id, RequestState.Recorded);
    }

    function testFuzz_RevertWhen_RecordManyIsDirty(uint256 dirt) public {
        (Request memory request, RequestId id) = ask(0);
        Answer[] memory answers = new Answer[](1);
        answers[0] = Answer(request, defaultVerdict());
        Attestation memory attestation = attest(request, defaultVerdict(), 7);
        narrowRequest(3);
        narrowVerdict(7);
        narrowAttestation(10);
        expectRefused(relayer, abi.encodeCall(assent.recordMany, (answers, attestation)), 0, dirt);
        assertState(id, RequestState.Recorded);
    }

    function testFuzz_RevertWhen_AnchorOrClaimIsDirty(uint256 dirt) public {
        Asked memory parts = asked(0);
        parts.delivery = Delivery.Anchored;
        (Request memory request, RequestId id) = ask(Questions.pack(parts));
        Verdict memory verdict = defaultVerdict();
        bytes32 root = leafOf(request, verdict);
        Attestation memory attestation = attest(request, verdict, 7);
        narrow(1, 32);
        narrow(2, 160);
        narrow(3, 8);
        narrowAttestation(5);
        bytes memory clean = abi.encodeCall(assent.anchor, (root, 1, address(0), modelQuorum(), attestation));
        expectRefused(relayer, clean, 0, dirt);

        narrowRequest(0);
        narrowVerdict(4);
        expectRefused(relayer, abi.encodeCall(assent.claim, (request, verdict, new bytes32[](0))), 0, dirt);
        assertState(id, RequestState.Recorded);
    }

    // End

    function testFuzz_RevertWhen_RefuseIsDirty(uint256 dirt) public {
        (Request memory request, RequestId id) = ask(0);
        withdraw();
        narrowRequest(0);
        expectRefused(relayer, abi.encodeCall(assent.refuse, (request)), 0, dirt);
        assertState(id, RequestState.Refused);
    }

    function testFuzz_RevertWhen_ExpireIsDirty(uint256 dirt) public {
        (Request memory request, RequestId id) = ask(0);
        skip(2 hours);
        narrowRequest(0);
        expectRefused(relayer, abi.encodeCall(assent.expire, (request)), 0, dirt);
        assertState(id, RequestState.Expired);
    }

    /// @dev The controller is a contract that can't take verdicts, so that there is a callback to retry.
    function testFuzz_RevertWhen_RetryCallbackIsDirty(uint256 dirt) public {
        agreement.controller = address(hasher);
        vm.deal(agreement.controller, FEE);
        give();
        Asked memory parts = asked(0);
        parts.callback = 1;
        (Request memory request, RequestId id) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 7));
        assertTrue(assent.verdictOf(id).undelivered, "to be retried");
        narrowRecording(0);
        expectRefused(relayer, abi.encodeCall(assent.retryCallback, (recordingOf(id))), 0, dirt);
    }

    function _schedule() private view returns (Schedule memory) {
        return Schedule(uint40(vm.getBlockTimestamp()), 1 days, 3, 1 hours, false, false);
    }

    function _standingQuestion() private view returns (Question) {
        return defaultQuestion(0).forRound(0, 0);
    }

    function _stand() private returns (StandingRequest memory standing) {
        standing = StandingRequest(agreementId, controller, _standingQuestion(), expectedQuote(), _schedule());
        Under[] memory under = new Under[](1);
        under[0] = Under(source, agreement.terms);
        vm.prank(controller);
        assent.stand{ value: FEE * standing.schedule.rounds }(under, standing.question, standing.schedule);
    }
}
