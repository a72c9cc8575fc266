// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { RecordId } from "../../../contracts/types/Ids.sol";
import { RecordState, RecordStatus } from "../../../contracts/types/Record.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract CommitTest is AssentTest {
    string private constant VAULT = "https://vault.example";

    function test_RevertWhen_TheRootIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordMalformed.selector, "root"));
        commitAs(holder, 0, subject);
    }

    function test_RevertWhen_TheSubjectIsTheZeroAddress() public {
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordMalformed.selector, "subject"));
        commitAs(holder, ROOT, address(0));
    }

    function test_RevertGiven_ItWasCommitted() public {
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordExists.selector, recordId));
        commitAs(holder, ROOT, subject);
        assertEq(records.recordStatus(recordId).since, START, "since");
    }

    function test_RevertGiven_ItWasRetired() public {
        vm.prank(holder);
        records.retire(ROOT, subject);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordExists.selector, recordId));
        commitAs(holder, ROOT, subject);
        assertEq(uint8(records.recordStatus(recordId).state), uint8(RecordState.Retired));
    }

    function test_WhenAnotherHolderCommitsTheSameRoot() public {
        RecordId id = commitAs(stranger, ROOT, subject);
        assertFalse(id == recordId, "another id");
        assertEq(uint8(records.recordStatus(id).state), uint8(RecordState.Committed), "state");
    }

    function test_WhenAnotherSubjectIsNamed() public {
        RecordId id = commitAs(holder, ROOT, stranger);
        assertFalse(id == recordId, "another id");
        assertEq(records.recordStatus(id).subject, stranger, "subject");
    }

    function testFuzz_WhenAnyHolderCommitsAnyRoot(bytes32 root, address of_, address by) public {
        vm.assume(root != 0 && of_ != address(0));
        vm.assume(root != ROOT || of_ != subject || by != holder);
        RecordId wanted = RecordId.wrap(_idOf(root, of_, by));
        vm.expectEmit(address(records));
        emit IRecordRegistry.RecordCommitted(wanted, by, of_, root, VAULT);
        RecordId id = commitAs(by, root, of_);

        assertTrue(id == wanted, "id");
        RecordStatus memory status = records.recordStatus(id);
        assertEq(uint8(status.state), uint8(RecordState.Committed), "state");
        assertEq(status.since, START, "since");
        assertEq(status.subject, of_, "subject");
    }

    function _idOf(bytes32 root, address of_, address by) private pure returns (bytes32) {
        return vm.eip712HashStruct("Record(bytes32 root,address subject,address holder)", abi.encode(root, of_, by));
    }
}
