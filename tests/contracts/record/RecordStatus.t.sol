// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RecordId } from "../../../contracts/types/Ids.sol";
import { RecordState, RecordStatus } from "../../../contracts/types/Record.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RecordStatusTest is AssentTest {
    function testFuzz_GivenItWasNeverCommitted(RecordId id) public view {
        vm.assume(!(id == recordId));
        RecordStatus memory nothing;
        assertEq(abi.encode(records.recordStatus(id)), abi.encode(nothing), "nothing");
    }

    function test_GivenItWasCommitted() public {
        skip(1 days);
        _assertStatus(RecordState.Committed, START);
    }

    function test_GivenItWasRetired() public {
        skip(1 days);
        vm.prank(holder);
        records.retire(ROOT, subject);
        skip(1 days);
        _assertStatus(RecordState.Retired, START + 1 days);
    }

    function _assertStatus(RecordState state, uint40 since) private view {
        RecordStatus memory wanted = RecordStatus(state, since, subject);
        assertEq(abi.encode(records.recordStatus(recordId)), abi.encode(wanted), "status");
    }
}
