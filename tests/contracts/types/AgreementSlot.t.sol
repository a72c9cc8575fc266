// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { AgreementSlot, AgreementSlots, AgreementState, AgreementStatus } from "../../../contracts/types/Agreement.sol";

contract AgreementSlotTest is Test {
    function test_Pack_GivesEachPartAPlaceOfItsOwn() public pure {
        _assertParts(AgreementStatus(AgreementState.Withdrawn, 0, 0, 0, 0, 0, 0));
        _assertParts(AgreementStatus(AgreementState.None, type(uint40).max, 0, 0, 0, 0, 0));
        _assertParts(AgreementStatus(AgreementState.None, 0, type(uint40).max, 0, 0, 0, 0));
        _assertParts(AgreementStatus(AgreementState.None, 0, 0, type(uint32).max, 0, 0, 0));
        _assertParts(AgreementStatus(AgreementState.None, 0, 0, 0, type(uint32).max, 0, 0));
        _assertParts(AgreementStatus(AgreementState.None, 0, 0, 0, 0, type(uint32).max, 0));
        _assertParts(AgreementStatus(AgreementState.None, 0, 0, 0, 0, 0, type(uint40).max));
    }

    function testFuzz_Pack_IsUnpacked(
        uint8 state,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt
    ) public pure {
        _assertParts(
            AgreementStatus(AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt)
        );
    }

    function test_AnEmptySlot_IsOfAnAgreementThatNobodyGave() public pure {
        AgreementStatus memory nothing;
        assertEq(AgreementSlot.unwrap(_pack(nothing)), 0);
    }

    /// @dev As many verdicts as there are uses, 2^32 - 1, are the most that there can be.
    function testFuzz_WithOneMoreEarning_ChangesNothingElse(
        uint8 state,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt
    ) public pure {
        earning = uint32(bound(earning, 0, type(uint32).max - 1));
        AgreementStatus memory status =
            AgreementStatus(AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt);
        AgreementSlot more = _pack(status).withOneMoreEarning();
        ++status.earning;
        assertEq(abi.encode(more.status()), abi.encode(status));
    }

    function testFuzz_Given_IsGivenNow(uint40 validUntil, uint40 time) public {
        vm.warp(time);
        AgreementSlot slot = AgreementSlots.given(validUntil);
        AgreementStatus memory wanted = AgreementStatus(AgreementState.Given, time, validUntil, 0, 0, 0, 0);
        assertEq(abi.encode(slot.status()), abi.encode(wanted));
    }

    function testFuzz_InState_ChangesStateAndTimeOnly(
        uint8 state,
        uint8 next,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt,
        uint40 time
    ) public {
        AgreementStatus memory status = AgreementStatus(
            AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt
        );
        vm.warp(time);
        AgreementSlot slot = _pack(status).inState(AgreementState(next % 6));
        (status.state, status.since) = (AgreementState(next % 6), time);
        assertEq(abi.encode(slot.status()), abi.encode(status));
    }

    function testFuzz_Until_ChangesTheEndOnly(
        uint8 state,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt,
        uint40 later
    ) public pure {
        AgreementStatus memory status = AgreementStatus(
            AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt
        );
        AgreementSlot slot = _pack(status).until(later);
        status.validUntil = later;
        assertEq(abi.encode(slot.status()), abi.encode(status));
    }

    function testFuzz_AllSettled_ChangesWhatIsSettledOnly(
        uint8 state,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt
    ) public pure {
        settled = uint32(bound(settled, 0, earning));
        AgreementStatus memory status =
            AgreementStatus(AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt);
        assertEq(_pack(status).unsettled(), earning - settled, "unsettled");
        AgreementSlot slot = _pack(status).allSettled();
        status.settled = earning;
        assertEq(abi.encode(slot.status()), abi.encode(status), "status");
        assertEq(slot.unsettled(), 0, "none left");
    }

    function testFuzz_WithAllotted_ChangesTheUsesAllottedAndTheTimeOnly(
        uint8 state,
        uint40 since,
        uint40 validUntil,
        uint32 earning,
        uint32 settled,
        uint32 allotted,
        uint40 adoptedAt,
        uint32 more,
        uint40 time
    ) public {
        AgreementStatus memory status = AgreementStatus(
            AgreementState(state % 6), since, validUntil, earning, settled, allotted, adoptedAt
        );
        vm.warp(time);
        AgreementSlot slot = _pack(status).withAllotted(more);
        (status.allotted, status.adoptedAt) = (more, time);
        assertEq(abi.encode(slot.status()), abi.encode(status));
    }

    function _assertParts(AgreementStatus memory status) private pure {
        AgreementSlot slot = _pack(status);
        assertEq(abi.encode(slot.status()), abi.encode(status), "status");
        assertEq(uint8(slot.state()), uint8(status.state), "state");
        assertEq(slot.validUntil(), status.validUntil, "validUntil");
        assertEq(slot.isGiven(), status.state == AgreementState.Given, "given");
        assertEq(slot.isNone(), AgreementSlot.unwrap(slot) == 0, "none");
        assertEq(slot.isOpen(), uint8(status.state) <= uint8(AgreementState.Given), "open");
        assertEq(slot.earning(), status.earning, "earning");
        assertEq(slot.allotted(), status.allotted, "allotted");
        assertEq(slot.adoptedAt(), status.adoptedAt, "adoptedAt");
    }

    function _pack(AgreementStatus memory status) private pure returns (AgreementSlot) {
        return AgreementSlot.wrap(
            uint256(status.state) | uint256(status.validUntil) << 8 | uint256(status.since) << 48
                | uint256(status.earning) << 88 | uint256(status.settled) << 120 | uint256(status.allotted) << 152
                | uint256(status.adoptedAt) << 184
        );
    }
}
