// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Assent } from "../../../contracts/Assent.sol";
import { OperatorPolicy } from "../../../contracts/OperatorSet.sol";
import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract ConstructorTest is AssentTest {
    function test_RevertWhen_NoMemberIsNeeded() public {
        _expectRevert(0);
    }

    function test_RevertWhen_MoreMembersAreNeededThanThereCanBe() public {
        _expectRevert(65);
    }

    function test_WhenThePolicyCanBeMet() public {
        Assent largest = deploy(64);
        assertEq(largest.minMembers(), 64, "minMembers");
        assertEq(largest.minStake(), STAKE, "minStake");
        assertEq(largest.unbondingTime(), UNBONDING, "unbondingTime");
        assertEq(largest.epochLength(), EPOCH_LENGTH, "epochLength");
        assertEq(largest.currentEpoch().number, 0, "epoch");
    }

    function _expectRevert(uint16 minMembers) private {
        OperatorPolicy memory policy = OperatorPolicy(STAKE, minMembers, UNBONDING, EPOCH_LENGTH);
        bytes memory code = bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(policy));
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, minMembers, 1));
        this.create(code);
    }

    function create(bytes memory code) external {
        assembly ("memory-safe") {
            let deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                let start := mload(0x40)
                returndatacopy(start, 0, returndatasize())
                revert(start, returndatasize())
            }
        }
    }
}
