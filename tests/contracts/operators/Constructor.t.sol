// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policy } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract ConstructorTest is OperatorsTest {
    function test_RevertWhen_OneMemberWouldBeEnough() public {
        _expectMalformed(0);
        Policy memory policy = defaultPolicy(0);
        _expectRevert(policy, "minMembers");
    }

    function test_RevertWhen_MoreMembersAreNeededThanThereCanBe() public {
        _expectMalformed(1);
    }

    function test_RevertWhen_AnEpochHasNoLength() public {
        _expectMalformed(2);
    }

    function test_RevertWhen_NoStakeIsNeeded() public {
        _expectMalformed(3);
    }

    function test_RevertWhen_TheStakeIsBelowThePenalty() public {
        _expectMalformed(4);
    }

    function test_RevertWhen_TheStakeIsFreeBeforeTheLastReviewIsOver() public {
        _expectMalformed(5);
    }

    function test_RevertWhen_ATimeIsBeyondTenYears() public {
        _expectMalformed(6);
        _expectMalformed(7);
    }

    function test_WhenThePolicyCanBeMet() public {
        Policy memory policy = defaultPolicy(64);
        IAssent largest = deploy(64);
        assertEq(abi.encode(largest.currentPolicy()), abi.encode(policy), "policy");
        assertEq(largest.currentEpoch().number, 0, "epoch");
        (Policy memory next, uint40 notBefore) = largest.scheduledPolicy();
        assertEq(next.minMembers, 0, "nothing scheduled");
        assertEq(notBefore, 0, "nothing due");
    }

    function test_WhenThePolicyIsAtItsBounds() public {
        Policy[2] memory policies = [narrowestPolicy(), widestPolicy()];
        for (uint256 i = 0; i < policies.length; ++i) {
            IAssent deployed = IAssent(this.create(_code(policies[i])));
            assertEq(abi.encode(deployed.currentPolicy()), abi.encode(policies[i]), "policy");
        }
    }

    function _expectMalformed(uint256 which) private {
        (Policy[] memory policies, string[] memory terms) = malformedPolicies();
        _expectRevert(policies[which], terms[which]);
    }

    function _expectRevert(Policy memory policy, string memory term) private {
        bytes memory code = _code(policy);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.PolicyMalformed.selector, term));
        this.create(code);
    }

    function _code(Policy memory policy) private view returns (bytes memory) {
        return bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(assent.registries(), policy));
    }

    /// @dev `vm.deployCode` would swallow the reason of a revert.
    function create(bytes memory code) external returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                let start := mload(0x40)
                returndatacopy(start, 0, returndatasize())
                revert(start, returndatasize())
            }
        }
    }
}
