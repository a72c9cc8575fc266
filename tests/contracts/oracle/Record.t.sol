// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Attestation, Request, RequestState, RequestStatus, Verdict } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice What `record` asks of the request, the agreement and the verdict. The signatures are in `RecordSignatures.t.sol`.
contract RecordTest is AssentTest {
    Request private request;
    RequestId private id;
    Verdict private verdict;

    function setUp() public override {
        super.setUp();
        give();
        (request, id) = ask(0);
        verdict = defaultVerdict();
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request.use = 1;
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertGiven_ItWasRecorded() public {
        _record(0x7);
        bytes memory before = abi.encode(assent.verdictOf(id));
        _expectNotOpen(RequestState.Recorded);
        verdict.outcome = 0;
        _expectNotOpen(RequestState.Recorded);
        assertEq(abi.encode(assent.verdictOf(id)), before, "verdict");
        assertEq(assent.earnedBy(1, 0x7), FEE, "earned once");
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        _expectNotOpen(RequestState.Refused);
    }

    function test_RevertGiven_ItExpired() public {
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        Request memory made = request;
        request.controller = stranger;
        _expectMismatch();
        request = made;
        request.purpose += 1;
        _expectMismatch();
        request = made;
        request.step += 1;
        _expectMismatch();
        request = made;
        request.deadline += 1;
        _expectMismatch();
        request = made;
        request.fee += 1;
        _expectMismatch();
        request = made;
        request.quorum -= 1;
        _expectMismatch();
        request = made;
        request.outcomeCount += 1;
        _expectMismatch();
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        uint40 until = request.deadline;
        vm.warp(until + 1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, until, until + 1));
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        withdraw();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementHasExpired() public {
        _askWithLongDeadline();
        vm.warp(agreement.validUntil);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertWhen_TheScoreIsAboveOneMillion() public {
        verdict.score = 1_000_001;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1_000_001, 1_000_000));
        verdict.score = 1 << 24; // would be 0 in the slot
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1 << 24, 1_000_000));
    }

    function test_RevertWhen_TheOutcomeIsUnknown() public {
        verdict.outcome = 2;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.OutcomeUnknown.selector, 2, 2));
    }

    function test_WhenAQuorumSigned() public {
        skip(10 minutes);
        Attestation memory attestation = attest(request, verdict, 0xb);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Recorded(id, verdict.outcome, verdict.score, verdict.trail, 1, 0xb);
        record(request, verdict, attestation);

        _assertRecorded();
        assertEq(assent.earnedBy(1, 0xb), FEE, "earned");
        assertEq(assent.earnedBy(1, 0x7), 0, "earned by others");
        assertEq(assent.creditOf(operatorAt(0)), 0, "nobody collected yet");
    }

    function test_WhenAllMembersSigned() public {
        _record(0xf);
        _assertRecorded();
        assertEq(assent.earnedBy(1, 0xf), FEE, "earned");
    }

    function test_WhenItIsTheLastSecondOfTheDeadline() public {
        vm.warp(request.deadline);
        _record(0x7);
        _assertRecorded();
    }

    function test_WhenItIsTheLastSecondOfTheAgreement() public {
        _askWithLongDeadline();
        vm.warp(agreement.validUntil - 1);
        _record(0x7);
        _assertRecorded();
    }

    function test_GivenTheModelWasDeprecatedAndTheRecordRetired() public {
        vm.prank(publisher);
        assent.deprecate(model);
        vm.prank(holder);
        assent.retire(ROOT, subject);
        _record(0x7);
        _assertRecorded();
    }

    function test_GivenTheCommitteeHasRotatedSinceTheRequest() public {
        _askWithLongDeadline();
        resignAs(0);
        rotateToNext();
        _record(0xb); // the last place now belongs to operator 4
        _assertRecorded();
        assertEq(assent.earnedBy(2, 0xb), FEE, "earned");
        assertEq(assent.earnedBy(1, 0xb), 0, "earned in epoch 1");
    }

    function testFuzz_WhenTheVerdictIsAny(uint8 outcome, uint8 outcomes, uint32 score, bytes32 trail, uint40 later)
        public
    {
        model.files = keccak256("another version's");
        model.outcomeCount = uint8(bound(outcomes, 2, 255));
        agreement.model = publishAs(model);
        agreement.validUntil = type(uint40).max;
        verdict.outcome = uint8(bound(outcome, 0, model.outcomeCount - 1));
        verdict.score = uint32(bound(score, 0, 1_000_000));
        verdict.trail = trail;
        give();
        _askWithLongDeadline();
        vm.warp(bound(later, START, type(uint40).max - 1));
        _record(0xd);
        _assertRecorded();
    }

    function _askWithLongDeadline() private {
        request = expectedRequest(1);
        request.deadline = type(uint40).max;
        vm.prank(controller);
        id = assent.request{ value: FEE }(agreement, request.purpose, request.step, 1, request.deadline);
    }

    function _record(uint256 signers) private {
        record(request, verdict, attest(request, verdict, signers));
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectMismatch() private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
        assertState(id, RequestState.Requested);
    }

    function _expectRevert(bytes memory reason) private {
        Attestation memory attestation = attest(request, verdict, 0xf);
        vm.expectRevert(reason);
        record(request, verdict, attestation);
    }

    function _assertRecorded() private view {
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(RequestState.Recorded), "state");
        assertEq(status.outcome, verdict.outcome, "outcome");
        assertEq(status.score, verdict.score, "score");
        assertEq(status.since, vm.getBlockTimestamp(), "since");
        assertEq(status.trail, bytes22(verdict.trail), "trail");
    }
}
