// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract AnchorLogTest is AssentTest {
    function testFuzz_WhenAnyoneAnchors(address sender, uint256 number, bytes32 digest) public {
        vm.expectEmit(address(records));
        emit IRecordRegistry.LogAnchored(sender, number, digest);
        vm.prank(sender);
        records.anchorLog(number, digest);
    }
}
