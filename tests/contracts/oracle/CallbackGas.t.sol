// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Vm } from "forge-std/Vm.sol";

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Attestation, Recording, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

/// @notice That a receiver is given just the gas that its question named, however little the sender sends; the rest of callbacks.tree is in
/// `Callbacks.t.sol`.
contract CallbackGasTest is OracleTest {
    /// GAS, PUSH0, MSTORE, PUSH1 32, PUSH0, LOG0, STOP: logs the gas that it has before it did anything else than to ask.
    bytes private constant METER = hex"5a5f5260205fa000";
    /// What GAS itself costs.
    uint256 private constant METERING = 2;
    /// EIP-7825: no transaction has more.
    uint256 private constant TRANSACTION_GAS = 1 << 24;

    function setUp() public override {
        super.setUp();
        vm.etch(controller, METER);
        vm.deal(controller, 100 ether);
        give();
    }

    function testFuzz_WhenTheGasIsAny(uint16 callback, uint256 gas_) public {
        callback = uint16(bound(callback, 1, Questions.MAX_CALLBACK));
        (Request memory request, RequestId id) = _ask(0, callback);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        uint256 enough = _gasToRecord(request, attestation);
        // Mostly near the edge, from where nothing is recorded to where there is some to spare.
        gas_ = bound(gas_, enough - enough / 8, enough + enough / 8);
        _assertJustGas(_send(request, attestation, gas_), request, id);
    }

    /// @dev The slot is written before the receiver is called again, which must not cost the receiver anything.
    function testFuzz_WhenTheGasIsAny_ForARetry(uint16 callback, uint256 gas_) public {
        callback = uint16(bound(callback, 1, Questions.MAX_CALLBACK));
        (Request memory request, RequestId id) = _ask(0, callback);
        vm.etch(controller, hex"fe");
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        vm.etch(controller, METER);
        bytes memory data = abi.encodeCall(assent.retryCallback, (recordingOf(id)));
        gas_ = bound(gas_, _named(request), _named(request) * 64 / 63 + 100_000);
        bool success = _sendCapped(data, gas_);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(assent.verdictOf(id).undelivered, !success, "undelivered");
        if (success) assertEq(_metered(logs[0]), _named(request), "gas");
    }

    function testFuzz_WhenTheGasIsAny_ForACorrection(uint16 callback, uint256 gas_) public {
        callback = uint16(bound(callback, 1, Questions.MAX_CALLBACK));
        (Request memory request, RequestId id) = _ask(0, callback);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        challenge(id);
        Recording memory contested = recordingOf(id);
        bytes memory signatures = rulings(contested, otherVerdict(), false, JUDGES);
        bytes memory data = abi.encodeCall(committee.judge, (contested, otherVerdict(), false, JUDGES, signatures));
        gas_ = bound(gas_, _named(request), _named(request) * 64 / 63 + 900_000);
        bool success = _sendCappedTo(address(committee), data, gas_);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertState(id, success ? RequestState.Corrected : RequestState.Challenged);
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
        if (success) assertEq(_metered(logs[logs.length - 1]), _named(request), "gas");
    }

    /// @dev Around the edge each amount of gas is tried: on one side of it all is recorded and delivered, on the other nothing.
    function test_WhenTheGasIsAny_AroundTheEdge() public {
        (Request memory request, RequestId id) = _ask(0, 2000);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        uint256 enough = _edge(request, attestation);
        bool before = true;
        for (uint256 gas_ = enough + 60; gas_ != enough - 60; --gas_) {
            uint256 state = vm.snapshotState();
            bool success = _send(request, attestation, gas_);
            _assertJustGas(success, request, id);
            vm.revertToState(state);
            assertTrue(before || !success, "one edge");
            before = success;
        }
        assertFalse(before, "too little");
    }

    function test_RevertWhen_TheGasIsJustTooLittle() public {
        (Request memory request, RequestId id) = _ask(0, 2000);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        uint256 enough = _edge(request, attestation);
        _assertMissing(request, attestation, enough - 1);
        assertState(id, RequestState.Requested);
        assertTrue(_send(request, attestation, enough), "just enough");
    }

    /// @dev Two million gas and all that recording needs, but not the 32,000 that EIP-150 keeps back from the receiver.
    function test_RevertWhen_TheGasIsEnoughButForThe64thThatIsKeptBack() public {
        (Request memory request,) = _ask(0, 2000);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        uint256 enough = _edge(request, attestation);
        for (uint256 part = 1; part < 31; ++part) {
            _assertMissing(request, attestation, enough - part * 1000);
        }
    }

    /// @dev The last receivers of a report are as well off as the first.
    function testFuzz_WhenTheGasIsAny_ForAReportOfMany(uint256 gas_, uint8 count) public {
        count = uint8(bound(count, 2, 6));
        Answer[] memory answers = new Answer[](count);
        for (uint32 i = 0; i < count; ++i) {
            (answers[i].request,) = _ask(i, 500 + 100 * uint16(i));
            answers[i].verdict = defaultVerdict();
        }
        sort(answers);
        Attestation memory attestation = attestMany(answers, SIGNERS);
        // A receiver spends less than it might: the last one's gas is what the sender has to have at the end.
        gas_ = bound(gas_, 400_000, 2_000_000);
        vm.recordLogs();
        vm.prank(relayer);
        (bool success,) = address(assent).call{ gas: gas_ }(abi.encodeCall(assent.recordMany, (answers, attestation)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // Those of a call that reverted stand here too.
        if (success) assertEq(logs.length, 2 * count + 1, "Recorded of all, PoolOpened, the meter's");
        for (uint256 i = 0; i < count; ++i) {
            assertState(idOf(answers[i].request), success ? RequestState.Recorded : RequestState.Requested);
            if (!success) continue;
            assertEq(_metered(logs[count + 1 + i]), _named(answers[i].request), "gas");
        }
    }

    function test_RevertWhen_AReportOfManyComesWithTooLittleGasForTheLastCallback() public {
        Answer[] memory answers = new Answer[](3);
        for (uint32 i = 0; i < 3; ++i) {
            (answers[i].request,) = _ask(i, 300);
            answers[i].verdict = defaultVerdict();
        }
        sort(answers);
        // The last in the report, by its leaf, wants more than all others: one is asked for until that is so.
        RequestId last;
        uint32 use = 3;
        do {
            (answers[2].request, last) = _ask(use++, 2000);
        } while (leafOf(answers[2].request, answers[2].verdict) != _largest(answers));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        vm.expectPartialRevert(IVerdictOracle.CallbackGasMissing.selector);
        assent.recordMany{ gas: 1_800_000 }(answers, attestation);
        for (uint256 i = 0; i < 3; ++i) {
            assertState(idOf(answers[i].request), RequestState.Requested);
        }
        assent.recordMany{ gas: 3_000_000 }(answers, attestation);
        assertState(last, RequestState.Recorded);
    }

    /// @dev Whatever a request names, operators must be able to answer it.
    function test_WhateverGasAQuestionMayName() public {
        (Request memory request, RequestId id) = _ask(0, Questions.MAX_CALLBACK);
        vm.etch(controller, hex"fe"); // burns it all
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        assertTrue(_send(request, attestation, TRANSACTION_GAS / 4), "within a quarter of a transaction's gas");
        assertState(id, RequestState.Recorded);
    }

    function _ask(uint32 use, uint16 callback) private returns (Request memory, RequestId) {
        Asked memory parts = asked(use);
        parts.callback = callback;
        return ask(Questions.pack(parts));
    }

    function _named(Request memory request) private pure returns (uint256) {
        return uint256(request.question.callback()) * Questions.CALLBACK_UNIT;
    }

    function _send(Request memory request, Attestation memory attestation, uint256 gas_)
        private
        returns (bool success)
    {
        return _sendCapped(abi.encodeCall(assent.record, (request, defaultVerdict(), attestation)), gas_);
    }

    function _sendCapped(bytes memory data, uint256 gas_) private returns (bool success) {
        (success,) = _call(data, gas_);
    }

    function _sendCappedTo(address to, bytes memory data, uint256 gas_) private returns (bool success) {
        (success,) = _callTo(to, data, gas_);
    }

    function _call(bytes memory data, uint256 gas_) private returns (bool success, bytes memory returned) {
        return _callTo(address(assent), data, gas_);
    }

    function _callTo(address to, bytes memory data, uint256 gas_)
        private
        returns (bool success, bytes memory returned)
    {
        // As in a transaction of its own, where the receiver's account costs more to call.
        vm.cool(address(assent));
        vm.cool(controller);
        vm.recordLogs();
        vm.prank(relayer);
        return to.call{ gas: gas_ }(data);
    }

    /// @dev Either all happened, with just the gas that was named, or nothing did.
    function _assertJustGas(bool success, Request memory request, RequestId id) private {
        assertState(id, success ? RequestState.Recorded : RequestState.Requested);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (!success) return;
        assertEq(logs.length, 3, "Recorded, PoolOpened, the meter's");
        assertEq(logs[2].emitter, controller, "the meter");
        assertEq(_metered(logs[2]), _named(request), "gas");
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
    }

    function _metered(Vm.Log memory log) private pure returns (uint256) {
        return abi.decode(log.data, (uint256)) + METERING;
    }

    /// @return About the least gas with which it is recorded.
    function _gasToRecord(Request memory request, Attestation memory attestation) private returns (uint256) {
        uint256 state = vm.snapshotState();
        record(request, defaultVerdict(), attestation);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(state);
        return used + _named(request) * 64 / 63;
    }

    /// @return most The least gas with which it is recorded, found by halving.
    function _edge(Request memory request, Attestation memory attestation) private returns (uint256 most) {
        most = _gasToRecord(request, attestation) + 100_000;
        uint256 least = 0;
        while (most - least > 1) {
            uint256 middle = (least + most) / 2;
            uint256 state = vm.snapshotState();
            if (_send(request, attestation, middle)) most = middle;
            else least = middle;
            vm.revertToState(state);
        }
    }

    function _assertMissing(Request memory request, Attestation memory attestation, uint256 gas_) private {
        bytes memory data = abi.encodeCall(assent.record, (request, defaultVerdict(), attestation));
        (bool success, bytes memory reason) = _call(data, gas_);
        assertFalse(success, "recorded");
        assertEq(bytes4(reason), IVerdictOracle.CallbackGasMissing.selector, "reason");
        (uint256 left, uint256 wanted) = abi.decode(slice(reason, 4, reason.length), (uint256, uint256));
        assertLt(left, wanted, "left");
        // What is wanted leaves the named gas after a 64th of the rest is kept back.
        assertGe(wanted - wanted / 64, _named(request), "wanted");
    }

    function _largest(Answer[] memory answers) private view returns (bytes32 largest) {
        bytes32[] memory leaves = leavesOf(answers);
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (leaves[i] > largest) largest = leaves[i];
        }
    }
}
