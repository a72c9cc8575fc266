// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";

contract SignersTest is Test {
    function testFuzz_Pack_IsUnpacked(uint32 epoch, uint64 bitmap) public pure {
        Signers by = SignersLib.pack(epoch, bitmap);
        assertEq(by.epoch(), epoch, "epoch");
        assertEq(by.bitmap(), bitmap, "bitmap");
        assertEq(abi.encode(by), abi.encodePacked(new bytes(20), epoch, bitmap), "joined bytes");
        assertEq(Signers.unwrap(by) >> SignersLib.BITS, 0, "nothing above");
    }

    /// @dev No bit of the word is in neither: what is compared with an epoch's number has all that the bitmap hasn't.
    function testFuzz_EpochAndBitmap_AreAllOfTheWord(uint256 word) public pure {
        Signers by = Signers.wrap(word);
        assertEq(by.epoch() << 64 | by.bitmap(), word);
    }
}
