// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { RecordId } from "../../../contracts/types/Ids.sol";
import { RecordIds, RecordState, RecordStatus } from "../../../contracts/types/Record.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RetireTest is AssentTest {
    function test_RevertGiven_ItWasNeverCommitted() public {
        bytes32 root = keccak256("another root");
        _expectNotCommitted(holder, root);
    }

    function test_RevertGiven_ItWasRetired() public {
        vm.prank(holder);
        records.retire(ROOT, subject);
        _expectNotCommitted(holder, ROOT);
    }

    function test_RevertWhen_TheSenderIsNotItsHolder() public {
        _expectNotCommitted(stranger, ROOT);
        assertEq(uint8(records.recordStatus(recordId).state), uint8(RecordState.Committed), "state");
    }

    function test_RevertWhen_TheSenderIsItsSubject() public {
        _expectNotCommitted(subject, ROOT);
    }

    function test_RevertWhen_AnotherSubjectIsNamed() public {
        RecordId id = RecordIds.id(ROOT, stranger, holder);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordNotCommitted.selector, id));
        vm.prank(holder);
        records.retire(ROOT, stranger);
        assertEq(uint8(records.recordStatus(recordId).state), uint8(RecordState.Committed), "state");
    }

    function test_GivenItWasCommitted() public {
        RecordId other = commitAs(stranger, ROOT, subject);
        skip(1 days);
        vm.expectEmit(address(records));
        emit IRecordRegistry.RecordRetired(recordId, holder);
        vm.prank(holder);
        records.retire(ROOT, subject);

        RecordStatus memory status = records.recordStatus(recordId);
        assertEq(uint8(status.state), uint8(RecordState.Retired), "state");
        assertEq(status.since, START + 1 days, "since");
        assertEq(status.subject, subject, "subject");
        assertEq(uint8(records.recordStatus(other).state), uint8(RecordState.Committed), "the other holder's");
    }

    function _expectNotCommitted(address by, bytes32 root) private {
        RecordId id = RecordIds.id(root, subject, by);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordNotCommitted.selector, id));
        vm.prank(by);
        records.retire(root, subject);
    }
}
