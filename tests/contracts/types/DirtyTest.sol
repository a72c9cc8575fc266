// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AssentTest } from "../base/AssentTest.sol";

/// @notice Ids are hashed straight from calldata, and what can't be read is not always read: a value too large for its type must do nothing.
/// @dev A test names the words of a call that are narrower than 32 bytes, and `expectRefused` tries each of them alone.
abstract contract DirtyTest is AssentTest {
    struct Field {
        uint256 word;
        uint256 width;
    }

    Field[] private fields;

    /// @param word Place of the word among the call's arguments.
    /// @param width Bits that its type has.
    function narrow(uint256 word, uint256 width) internal {
        fields.push(Field(word, width));
    }

    function narrowTerms(uint256 first) internal {
        narrow(first + 3, 75);
        narrow(first + 4, 40);
        narrow(first + 5, 40);
        narrow(first + 6, 32);
        narrow(first + 7, 96);
    }

    function narrowAgreement(uint256 first) internal {
        narrow(first, 160);
        narrow(first + 1, 160);
        narrow(first + 2, 160);
        narrowTerms(first + 6);
    }

    function narrowModel(uint256 first) internal {
        narrow(first, 160);
        narrow(first + 4, 8);
        narrow(first + 5, 8);
        narrow(first + 6, 24);
        narrow(first + 7, 96);
        narrow(first + 8, 160);
        narrow(first + 9, 16);
        narrow(first + 10, 160);
        narrow(first + 11, 96);
    }

    function narrowRequest(uint256 first) internal {
        narrow(first + 1, 160);
        narrow(first + 2, 160);
    }

    /// @dev Whole words by their type; what is in clear is narrower.
    function narrowVerdict(uint256 first) internal {
        narrow(first, 8);
        narrow(first + 1, 32);
    }

    function narrowAttestation(uint256 first) internal {
        narrow(first, 96);
    }

    function narrowRecording(uint256 first) internal {
        narrowRequest(first);
        narrowVerdict(first + 4);
        narrow(first + 7, 96);
    }

    function narrowStanding(uint256 first) internal {
        narrowRequest(first);
        narrowSchedule(first + 4);
    }

    function narrowSchedule(uint256 first) internal {
        narrow(first, 40);
        narrow(first + 1, 32);
        narrow(first + 2, 32);
        narrow(first + 3, 32);
        narrow(first + 4, 1);
        narrow(first + 5, 1);
    }

    /// @dev The call fails with dirt in any one of the words named, and succeeds without.
    function expectRefused(address sender, bytes memory clean, uint256 value, uint256 dirt) internal {
        expectRefusedAt(address(assent), sender, clean, value, dirt);
    }

    function expectRefusedAt(address to, address sender, bytes memory clean, uint256 value, uint256 dirt) internal {
        for (uint256 i = 0; i < fields.length; ++i) {
            string memory label = string.concat("word ", vm.toString(fields[i].word));
            assertFalse(callAt(to, sender, spoilt(clean, fields[i], dirt), value), label);
            assertFalse(callAt(to, sender, spoilt(clean, fields[i], 1), value), label);
        }
        assertTrue(callAt(to, sender, clean, value), "clean");
        delete fields;
    }

    function fieldCount() internal view returns (uint256) {
        return fields.length;
    }

    function spoilt(bytes memory clean, uint256 which, uint256 dirt) internal view returns (bytes memory) {
        return spoilt(clean, fields[which], dirt);
    }

    function call(address sender, bytes memory data, uint256 value) internal returns (bool success) {
        return callAt(address(assent), sender, data, value);
    }

    function callAt(address to, address sender, bytes memory data, uint256 value) internal returns (bool success) {
        vm.prank(sender);
        (success,) = to.call{ value: value }(data);
    }

    /// @return dirty The call with bits set above the type's in one word of its arguments.
    function spoilt(bytes memory clean, Field memory field, uint256 dirt) private pure returns (bytes memory dirty) {
        dirty = bytes.concat(clean);
        dirt = bound(dirt, 1, type(uint256).max >> field.width) << field.width;
        uint256 word = field.word;
        assembly ("memory-safe") {
            let place := add(add(dirty, 0x24), mul(word, 0x20))
            mstore(place, or(mload(place), dirt))
        }
    }
}
