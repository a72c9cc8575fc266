// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Vm } from "forge-std/Vm.sol";

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { IVerdictReceiver } from "../../../contracts/interfaces/IVerdictReceiver.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Attestation, Recording, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver, Step } from "./Receivers.sol";

/// @notice What becomes of a verdict's delivery by what its receiver does. The gas is in `CallbackGas.t.sol`, what a receiver calls while it
/// is told in `CallbackReentry.t.sol`.
contract CallbacksTest is OracleTest {
    uint16 private constant CALLBACK = 300;

    Receiver private receiver;
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        _giveTo(address(receiver));
        (request, id) = _ask(0, CALLBACK);
    }

    function test_WhenNoGasIsNamed() public {
        (request, id) = _ask(1, 0);
        _assertTaken(RequestState.Recorded);
        assertEq(receiver.told(), 0, "told");
    }

    function test_WhenTheReceiverTakesTheVerdict() public {
        bytes memory message = abi.encodeCall(
            IVerdictReceiver.onVerdict,
            (id, RequestState.Recorded, outcomeOf(defaultVerdict()), scoreOf(defaultVerdict()))
        );
        vm.expectCall(address(receiver), 0, message, 1);
        _assertTaken(RequestState.Recorded);
        assertEq(receiver.told(), 1, "told");
        assertTrue(receiver.id() == id, "id");
        assertEq(uint8(receiver.state()), uint8(RequestState.Recorded), "state");
        assertEq(receiver.outcome(), outcomeOf(defaultVerdict()), "outcome");
        assertEq(receiver.score(), scoreOf(defaultVerdict()), "score");
    }

    function test_WhenTheVerdictIsCorrected() public {
        _record();
        challenge(id);
        vm.recordLogs();
        review(0, otherVerdict());
        _assertNothingOfDelivery(vm.getRecordedLogs());
        assertEq(receiver.told(), 2, "told");
        assertEq(uint8(receiver.state()), uint8(RequestState.Corrected), "state");
        assertEq(receiver.outcome(), outcomeOf(otherVerdict()), "outcome");
        assertEq(receiver.score(), scoreOf(otherVerdict()), "score");
    }

    function test_WhenTheVerdictIsUpheld() public {
        _record();
        challenge(id);
        review(0, defaultVerdict());
        assertState(id, RequestState.Upheld);
        assertEq(receiver.told(), 1, "told");
    }

    /// @dev Nobody was told.
    function test_WhenTheReceiverIsAnAccountWithoutCode() public {
        _giveTo(makeAddr("an account"));
        (request, id) = _ask(0, CALLBACK);
        _expectFailed("");
    }

    function test_WhenTheReceiverHasNoSuchFunction() public {
        _giveTo(address(hasher));
        (request, id) = _ask(0, CALLBACK);
        _expectFailed("");
    }

    function testFuzz_WhenTheReceiverReverts_WithUpTo256Bytes(uint256 length) public {
        bytes memory reason = _bytes(bound(length, 0, 256));
        receiver.refuse(reason);
        _expectFailed(reason);
    }

    function testFuzz_WhenTheReceiverReverts_WithMore(uint256 length) public {
        bytes memory reason = _bytes(bound(length, 257, 2000));
        receiver.refuse(reason);
        _expectFailed(slice(reason, 0, 256));
    }

    function test_WhenTheReceiverReverts_WithAReason() public {
        receiver.refuse(abi.encodeWithSignature("Error(string)", "not today"));
        _expectFailed(abi.encodeWithSignature("Error(string)", "not today"));
    }

    function test_WhenTheReceiverBurnsAllOfItsGas() public {
        uint256 used = _gasOf(Receiver.Manner.Burn);
        _expectFailed("");
        uint256 given = uint256(CALLBACK) * Questions.CALLBACK_UNIT;
        assertGe(used, given, "all of it");
        assertLt(used, given + 10_000, "and little more");
    }

    function test_WhenTheReceiverReturnsABomb() public {
        uint256 used = _gasOf(Receiver.Manner.Bomb);
        _assertTaken(RequestState.Recorded);
        assertLt(used, uint256(CALLBACK) * Questions.CALLBACK_UNIT, "no more than the receiver's own");
    }

    function test_WhenTheReceiverRevertsWithABomb() public {
        uint256 used = _gasOf(Receiver.Manner.RefuseWithBomb);
        _expectFailed(new bytes(256));
        assertLt(used, uint256(CALLBACK) * Questions.CALLBACK_UNIT, "no more than the receiver's own");
    }

    function test_WhenTheReceiverChallengesItsOwnVerdict() public {
        vm.deal(address(receiver), BOND);
        Step[] memory steps = new Step[](1);
        steps[0] = _challenging();
        receiver.plan(steps);
        _assertTaken(RequestState.Challenged);
        assertEq(committee.caseOf(id).challenger, address(receiver), "challenger");
        assertEq(assent.verdictOf(id).score, scoreOf(defaultVerdict()), "score");
        review(0, otherVerdict());
        assertState(id, RequestState.Corrected);
        assertEq(receiver.told(), 2, "told");
    }

    /// @dev It challenges, but then fails: the challenge never was.
    function test_WhenTheReceiverChallengesItsOwnVerdict_AndReverts() public {
        Step[] memory steps = new Step[](2);
        steps[0] = _challenging();
        steps[1] = Step(address(this), 0, abi.encodeCall(this.burnAllGas, ()));
        receiver.plan(steps);
        vm.deal(address(receiver), BOND);
        _expectFailed("");
        assertEq(committee.caseOf(id).challenger, address(0), "challenger");
        assertEq(address(receiver).balance, BOND, "bond");
    }

    function _challenging() private view returns (Step memory) {
        Recording memory recording = Recording(request, defaultVerdict(), byEpoch1());
        return Step(address(committee), BOND, abi.encodeCall(committee.challenge, (recording, underNow())));
    }

    // Reports of many

    function test_WhenTheReceiversOfOneReportAreAllKinds() public {
        Answer[] memory answers = _allKinds();
        Attestation memory attestation = attestMany(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            expectRecorded(idOf(answers[i].request), answers[i].verdict);
        }
        for (uint256 i = 0; i < answers.length; ++i) {
            _expectEventOf(answers[i].request);
        }
        recordMany(answers, attestation);
        for (uint256 i = 0; i < answers.length; ++i) {
            assertState(idOf(answers[i].request), RequestState.Recorded);
            _assertToldIfItKeeps(answers[i].request);
        }
        assertEq(earnedBy(1, SIGNERS), FEE * answers.length, "earned");
    }

    function test_WhenAnAnswerOfTheReportIsSkipped() public {
        Answer[] memory answers = new Answer[](2);
        answers[0] = Answer(request, defaultVerdict());
        (request, id) = _ask(1, CALLBACK);
        answers[1] = Answer(request, defaultVerdict());
        record(request, otherVerdict(), attest(request, otherVerdict(), SIGNERS));
        assertEq(receiver.told(), 1, "told of the second");
        sort(answers);
        recordMany(answers, attestMany(answers, SIGNERS));
        assertEq(receiver.told(), 2, "told of the first only");
        assertTrue(receiver.id() == assent.requestId(agreementId, 0), "the first");
    }

    /// @dev One of its steps takes what is left.
    function burnAllGas() external pure {
        assembly {
            invalid()
        }
    }

    /// @return answers To requests of receivers of each manner, of an account, and of one that wants no callback; sorted.
    function _allKinds() private returns (Answer[] memory answers) {
        answers = new Answer[](7);
        for (uint8 manner = 0; manner < 5; ++manner) {
            Receiver one = new Receiver(assent);
            if (Receiver.Manner(manner) == Receiver.Manner.Refuse) one.refuse("no");
            else one.behave(Receiver.Manner(manner));
            _giveTo(address(one));
            (answers[manner].request,) = _ask(0, CALLBACK);
        }
        _giveTo(makeAddr("an account"));
        (answers[5].request,) = _ask(0, CALLBACK);
        (answers[6].request,) = _ask(1, 0);
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i].verdict = defaultVerdict();
        }
        sort(answers);
    }

    /// @dev The event that the delivery of this request's verdict has to end with, if it has to.
    function _expectEventOf(Request memory told) private {
        if (told.question.callback() == 0 || told.controller.code.length == 0) return;
        Receiver.Manner manner = Receiver(payable(told.controller)).manner();
        if (manner == Receiver.Manner.Keep || manner == Receiver.Manner.Bomb) return;
        bytes memory reason;
        if (manner == Receiver.Manner.Refuse) reason = "no";
        if (manner == Receiver.Manner.RefuseWithBomb) reason = new bytes(256);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(idOf(told), told.controller, reason);
    }

    function _assertToldIfItKeeps(Request memory one) private view {
        if (one.controller.code.length == 0) return;
        Receiver to = Receiver(payable(one.controller));
        bool taken = to.manner() == Receiver.Manner.Keep || to.manner() == Receiver.Manner.Bomb;
        assertEq(to.told(), taken ? 1 : 0, "told");
        assertEq(assent.verdictOf(idOf(one)).undelivered, !taken, "undelivered");
    }

    function _giveTo(address controller_) private {
        agreement.controller = controller_;
        vm.deal(controller_, 2 * FEE);
        give();
    }

    function _ask(uint32 use, uint16 callback) private returns (Request memory, RequestId) {
        Asked memory parts = asked(use);
        parts.callback = callback;
        return ask(Questions.pack(parts));
    }

    function _record() private {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    /// @dev A first callback that came through leaves no trace: that none failed says as much.
    function _assertTaken(RequestState state) private {
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        vm.recordLogs();
        record(request, defaultVerdict(), attestation);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs[0].topics[0], IVerdictOracle.Recorded.selector, "Recorded");
        _assertNothingOfDelivery(logs);
        assertState(id, state);
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function _assertNothingOfDelivery(Vm.Log[] memory logs) private pure {
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVerdictOracle.Delivered.selector, "Delivered");
            assertNotEq(logs[i].topics[0], IVerdictOracle.DeliveryFailed.selector, "DeliveryFailed");
        }
    }

    function _expectFailed(bytes memory reason) private {
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        expectRecorded(id, defaultVerdict());
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(id, request.controller, reason);
        record(request, defaultVerdict(), attestation);
        assertState(id, RequestState.Recorded);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        assertEq(earnedBy(1, SIGNERS), FEE, "earned");
    }

    /// @return used What recording costs more with a receiver of this manner than with an account: by a trial that is undone.
    function _gasOf(Receiver.Manner manner) private returns (uint256 used) {
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        uint256 before = vm.snapshotState();
        vm.etch(address(receiver), "");
        record(request, defaultVerdict(), attestation);
        uint256 plain = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(before);
        before = vm.snapshotState();
        receiver.behave(manner);
        record(request, defaultVerdict(), attestation);
        used = vm.lastCallGas().gasTotalUsed - plain;
        vm.revertToState(before);
        receiver.behave(manner);
    }

    /// @return some That many bytes, each of another value than its neighbours.
    function _bytes(uint256 length) private pure returns (bytes memory some) {
        some = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            some[i] = bytes1(uint8(i * 7 + 1));
        }
    }
}
