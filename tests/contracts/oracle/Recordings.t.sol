// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Question, Questions } from "../../../contracts/types/Question.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Recording, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver } from "./Receivers.sol";

/// @notice What a slot has no room for is handed in once more, and nothing but what was recorded passes for it. By way of `retryCallback`; what
/// else it does is in `RetryCallback.t.sol`, and what `review` makes of a recording in arbiter/Review.t.sol.
contract RecordingsTest is OracleTest {
    uint16 private constant CALLBACK = 400;
    /// Bits of each word of a recording that its type has: request, verdict, signers.
    uint16[8] private widths = [256, 160, 256, 256, 256, 256, 256, 256];

    Receiver private receiver;
    RequestId private id;
    Recording private recording;

    /// @dev Recorded, but its receiver refused it; now it wouldn't.
    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        agreement.controller = address(receiver);
        vm.deal(address(receiver), 1 ether);
        give();
        receiver.refuse("no");
        Request memory request;
        (request, id) = ask(_question(0, CALLBACK));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        recording = recordingOf(id);
        receiver.keep();
    }

    function test_GivenItIsWhatWasRecorded() public {
        vm.prank(stranger);
        assent.retryCallback(recording);
        assertEq(receiver.told(), 1, "told");
        assertFalse(assent.verdictOf(id).undelivered, "delivered");
    }

    function test_RevertWhen_TheVerdictIsAnother() public {
        recording.verdict = otherVerdict();
        _expectMismatch();
        recording.verdict = defaultVerdict();
        recording.verdict.score = inClear(scoreOf(recording.verdict) - 1);
        _expectMismatch();
        // Not even where the slot itself has no word of it.
        recording.verdict = defaultVerdict();
        recording.verdict.trail ^= bytes32(uint256(1));
        _expectMismatch();
    }

    function test_RevertWhen_TheSignersAreOthers() public {
        recording.by = SignersLib.pack(1, 0xe);
        _expectMismatch();
        recording.by = SignersLib.pack(2, SIGNERS);
        _expectMismatch();
        recording.by = Signers.wrap(0);
        _expectMismatch();
        recording.by = Signers.wrap(1 << SignersLib.BITS | Signers.unwrap(byEpoch1()));
        _expectMismatch();
    }

    /// @dev Who retries it can't have the receiver called with more gas than it asked for, or with less.
    function test_RevertWhen_TheQuestionNamesOtherGas() public {
        recording.request.question = _question(0, CALLBACK + 1);
        _expectMismatch();
        recording.request.question = _question(0, CALLBACK - 1);
        _expectMismatch();
        recording.request.question = _question(0, Questions.MAX_CALLBACK);
        _expectMismatch();
        recording.request.question = _question(0, 0);
        _expectMismatch();
    }

    /// @dev Nor have another told.
    function test_RevertWhen_TheControllerIsAnother() public {
        recording.request.controller = address(new Receiver(assent));
        _expectMismatch();
        assertEq(Receiver(payable(recording.request.controller)).told(), 0, "told");
    }

    function test_RevertWhen_TheAgreementIsAnother() public {
        recording.request.agreement = AgreementId.wrap(keccak256("another agreement"));
        _expectMismatch();
    }

    function test_RevertGiven_TheRequestIsOpen() public {
        (recording.request, id) = ask(_question(1, CALLBACK));
        _expectMismatch();
        assertState(id, RequestState.Requested);
    }

    function test_RevertGiven_TheRequestWasRefusedOrExpired() public {
        (recording.request, id) = ask(_question(1, CALLBACK));
        uint256 before = vm.snapshotState();
        withdraw();
        assent.refuse(recording.request);
        _expectMismatch();
        vm.revertToState(before);
        skip(2 hours);
        assent.expire(recording.request);
        _expectMismatch();
    }

    function test_RevertGiven_TheUseWasCancelled() public {
        cancel(1);
        recording.request = expectedRequest(_question(1, CALLBACK));
        id = idOf(recording.request);
        _expectMismatch();
        assertState(id, RequestState.Cancelled);
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        recording.request = expectedRequest(_question(1, CALLBACK));
        _expectMismatch();
    }

    function test_RevertWhen_ItIsThatOfAnotherRequest() public {
        (Request memory request, RequestId other) = ask(_question(1, CALLBACK));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        (recording.verdict, recording.by) = (recordingOf(other).verdict, recordingOf(other).by);
        recording.request.question = _question(2, CALLBACK);
        _expectMismatch();
    }

    /// @dev Each bit of each word counts.
    function testFuzz_RevertWhen_AnyOneWordIsAltered(uint256 word, uint256 change) public {
        word = bound(word, 0, widths.length - 1);
        change = bound(change, 1, type(uint256).max >> (256 - widths[word]));
        bytes memory encoded = abi.encode(recording);
        assembly ("memory-safe") {
            let place := add(add(encoded, 0x20), mul(word, 0x20))
            mstore(place, xor(mload(place), change))
        }
        recording = abi.decode(encoded, (Recording));
        _expectMismatch();
        assertEq(receiver.told(), 0, "told");
    }

    /// @dev And each bit of the mark: the whole of what a slot has room for is compared.
    function testFuzz_RevertGiven_ABitOfTheMarkIsAnother(uint8 bit) public {
        uint256 flipped = 1 << bound(bit, 80, 255);
        vm.record();
        assent.verdictOf(id);
        (bytes32[] memory read,) = vm.accesses(address(assent));
        bytes32 slot = read[read.length - 1];
        vm.store(address(assent), slot, bytes32(uint256(vm.load(address(assent), slot)) ^ flipped));
        _expectMismatch();
    }

    function _question(uint32 use, uint16 callback) private view returns (Question) {
        Asked memory parts = asked(use);
        parts.callback = callback;
        return Questions.pack(parts);
    }

    function _expectMismatch() private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RecordingMismatch.selector, idOf(recording.request)));
        assent.retryCallback(recording);
    }
}
