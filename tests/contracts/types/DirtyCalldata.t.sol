// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementState, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice Ids are hashed straight from calldata; a value too large for its type must give, ask, record and refund nothing.
contract DirtyCalldataTest is AssentTest {
    /// Words of an agreement that are narrower than 32 bytes, and their widths in bits.
    uint8[6] private agreementWords = [0, 1, 6, 7, 8, 9];
    uint16[6] private agreementWidths = [160, 160, 8, 40, 40, 32];
    /// The same of a request, and after it of a verdict.
    uint8[10] private requestWords = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    uint16[10] private requestWidths = [32, 160, 8, 8, 40, 96, 8, 8, 8, 32];
    /// Words after the agreement in `request`: purpose, step, use, deadline.
    uint16[4] private argumentWidths = [8, 8, 32, 40];

    function testFuzz_RevertWhen_AgreementGivenIsDirty(uint256 field, uint256 dirt) public {
        field = bound(field, 0, 5);
        bytes memory clean = abi.encodeCall(assent.give, (agreement));
        bytes memory dirty = _spoilt(clean, agreementWords[field], agreementWidths[field], dirt);
        assertFalse(_call(subject, dirty, 0), "dirty");
        _assertNeverGiven(dirty);
        assertTrue(_call(subject, clean, 0), "clean");
    }

    /// @dev The subject itself signs the dirty agreement's hash.
    function testFuzz_RevertWhen_AgreementSignedIsDirty(uint256 field, uint256 dirt) public {
        field = bound(field, 0, 5);
        bytes memory clean = abi.encodeCall(assent.give, (agreement));
        bytes memory dirty = _spoilt(clean, agreementWords[field], agreementWidths[field], dirt);
        bytes memory signature = sign(subjectKey, Agreements.hashGiving(_idIn(dirty), START));
        clean = abi.encodeCall(assent.giveBySig, (agreement, START, signature));
        bytes memory bySig = _spoilt(clean, agreementWords[field], agreementWidths[field], dirt);
        assertFalse(_call(relayer, bySig, 0), "dirty");
        _assertNeverGiven(dirty);
    }

    /// @dev It may withdraw the other id that a dirty word hashes to, which nobody can give.
    function testFuzz_WhenAgreementWithdrawnIsDirty_TheCleanOneStands(uint256 field, uint256 dirt) public {
        give();
        field = bound(field, 0, 5);
        bytes memory clean = abi.encodeCall(assent.withdraw, (agreement));
        bytes memory dirty = _spoilt(clean, agreementWords[field], agreementWidths[field], dirt);
        _call(subject, dirty, 0);
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(AgreementState.Given), "still given");
        assertTrue(_call(subject, clean, 0), "clean");
    }

    function testFuzz_RevertWhen_RequestIsDirty(uint256 field, uint256 dirt) public {
        give();
        field = bound(field, 0, 9);
        Request memory asked = expectedRequest(0);
        bytes memory clean =
            abi.encodeCall(assent.request, (agreement, asked.purpose, asked.step, asked.use, asked.deadline));
        bytes memory dirty = field < 6
            ? _spoilt(clean, agreementWords[field], agreementWidths[field], dirt)
            : _spoilt(clean, 6 + field, argumentWidths[field - 6], dirt);
        assertFalse(_call(controller, dirty, FEE), "dirty");
        assertState(assent.requestId(agreementId, 0), RequestState.None);
        assertTrue(_call(controller, clean, FEE), "clean");
    }

    /// @dev The members sign for the clean request and the clean verdict.
    function testFuzz_RevertWhen_RecordIsDirty(uint256 field, uint256 dirt) public {
        give();
        field = bound(field, 0, 9);
        (Request memory request, RequestId id) = ask(0);
        Verdict memory verdict = defaultVerdict();
        bytes memory clean = abi.encodeCall(assent.record, (request, verdict, attest(request, verdict, 0xf)));
        bytes memory dirty = _spoilt(clean, requestWords[field], requestWidths[field], dirt);
        assertFalse(_call(relayer, dirty, 0), "dirty");
        assertState(id, RequestState.Requested);
        assertTrue(_call(relayer, clean, 0), "clean");
    }

    function testFuzz_RevertWhen_RefundIsDirty(uint256 field, uint256 dirt, bool early) public {
        give();
        field = bound(field, 0, 7);
        (Request memory request, RequestId id) = ask(0);
        withdraw();
        skip(2 hours);
        bytes memory clean = early ? abi.encodeCall(assent.refuse, (request)) : abi.encodeCall(assent.expire, (request));
        bytes memory dirty = _spoilt(clean, requestWords[field], requestWidths[field], dirt);
        assertFalse(_call(relayer, dirty, 0), "dirty");
        assertState(id, RequestState.Requested);
        assertEq(assent.creditOf(controller), 0, "credit");
        assertTrue(_call(relayer, clean, 0), "clean");
    }

    /// @return dirty The call with bits set above the type's in one word of its arguments.
    function _spoilt(bytes memory clean, uint256 word, uint256 width, uint256 dirt)
        private
        pure
        returns (bytes memory dirty)
    {
        dirty = bytes.concat(clean);
        dirt = bound(dirt, 1, type(uint256).max >> width) << width;
        assembly ("memory-safe") {
            let place := add(add(dirty, 0x24), mul(word, 0x20))
            mstore(place, or(mload(place), dirt))
        }
    }

    /// @return The hash of the agreement as it stands in the calldata.
    function _idIn(bytes memory data) private pure returns (AgreementId) {
        bytes memory words = slice(data, 4, 4 + 12 * 32);
        return AgreementId.wrap(keccak256(abi.encodePacked(Agreements.TYPEHASH, words)));
    }

    function _assertNeverGiven(bytes memory data) private view {
        assertEq(uint8(assent.agreementStatus(_idIn(data)).state), uint8(AgreementState.None), "dirty");
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(AgreementState.None), "clean");
    }

    function _call(address sender, bytes memory data, uint256 value) private returns (bool success) {
        vm.prank(sender);
        (success,) = address(assent).call{ value: value }(data);
    }
}
