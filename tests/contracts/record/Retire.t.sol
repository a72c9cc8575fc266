// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { RecordId } from "../../../contracts/types/Ids.sol";
import { RecordState, RecordStatus, Records } from "../../../contracts/types/Record.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RetireTest is AssentTest {
    function test_RevertGiven_ItWasNeverCommitted() public {
        bytes32 root = keccak256("another root");
        _expectNotCommitted(holder, root);
    }

    function test_RevertGiven_ItWasRetired() public {
        vm.prank(holder);
        assent.retire(ROOT, subject);
        _expectNotCommitted(holder, ROOT);
    }

    function test_RevertWhen_TheSenderIsNotItsHolder() public {
        _expectNotCommitted(stranger, ROOT);
        assertEq(uint8(assent.recordStatus(recordId).state), uint8(RecordState.Committed), "state");
    }

    function test_RevertWhen_TheSenderIsItsSubject() public {
        _expectNotCommitted(subject, ROOT);
    }

    function test_RevertWhen_AnotherSubjectIsNamed() public {
        RecordId id = Records.id(ROOT, stranger, holder);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordNotCommitted.selector, id));
        vm.prank(holder);
        assent.retire(ROOT, stranger);
        assertEq(uint8(assent.recordStatus(recordId).state), uint8(RecordState.Committed), "state");
    }

    function test_GivenItWasCommitted() public {
        RecordId other = commitAs(stranger, ROOT, subject);
        skip(1 days);
        vm.expectEmit(address(assent));
        emit IRecordRegistry.RecordRetired(recordId, holder);
        vm.prank(holder);
        assent.retire(ROOT, subject);

        RecordStatus memory status = assent.recordStatus(recordId);
        assertEq(uint8(status.state), uint8(RecordState.Retired), "state");
        assertEq(status.since, START + 1 days, "since");
        assertEq(status.subject, subject, "subject");
        assertEq(uint8(assent.recordStatus(other).state), uint8(RecordState.Committed), "the other holder's");
    }

    function _expectNotCommitted(address by, bytes32 root) private {
        RecordId id = Records.id(root, subject, by);
        vm.expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordNotCommitted.selector, id));
        vm.prank(by);
        assent.retire(root, subject);
    }
}
