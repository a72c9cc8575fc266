// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Attestation, Recording, Request, Verdict } from "../../../contracts/types/Verdict.sol";
import { CoreTest } from "./CoreTest.sol";

/// @dev The contract isn't imported, for what imports it would be compiled as it is.
interface Core {
    error CommitteeOfAnother(address core);
}

/// @notice How core, committee and records find each other.
contract DeploymentTest is CoreTest {
    function test_WhenItIsMade() public view {
        assertEq(ICore(address(assent)).committee(), address(committee), "the core's committee");
        assertEq(address(committee.core()), address(assent), "the committee's core");
        assertEq(assent.records(), address(records), "the core's records");
        assertEq(address(records.core()), address(assent), "the records' core");
        assertEq(assent.currentEpoch().number, 1, "epoch");
        assertEq(assent.currentEpoch().seats, 4, "seats");
        assertEq(assent.currentEpoch().roll, ROLL, "roll");
        assertEq(assent.membersOf(1).length, 4, "who signs");
    }

    /// @dev Whoever makes it in another order would have a core that nobody tells anything.
    function test_RevertWhen_TheCommitteeIsAnothers() public {
        address requests = assent.requests();
        bytes memory code = abi.encodePacked(vm.getCode("Assent.sol:Assent"), abi.encode(requests, committee));
        address made;
        bytes memory reason;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, add(add(reason, 0x20), returndatasize()))
        }
        assertEq(made, address(0), "made");
        assertEq(reason, abi.encodeWithSelector(Core.CommitteeOfAnother.selector, address(assent)), "reason");
    }

    /// @dev More than any epoch has seats could never be reached.
    function test_Publish_RevertWhen_TheQuorumIsAboveTheLeastRoll() public {
        model = defaultModel(5);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.QuorumUnsafe.selector, 5, 2, 4));
        publishAs(model);
        publishAs(defaultModel(4));
    }

    /// @dev A signer collects under its operator's address, which the committee knows.
    function test_Collect_WhenItSigned() public {
        Recording memory recording = recorded(0);
        PoolId pool = assent.poolOf(1, recording.by.bitmap(), address(0));
        assertEq(assent.collect(pool, 2), FEE / 3, "a third");
        assertEq(assent.balanceOf(operatorAt(2), address(0)), FEE / 3, "the operator's");
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NotSigner.selector, pool, 3));
        assent.collect(pool, 3);
    }

    /// @dev The reserve judges; it signs no report.
    function test_Record_RevertWhen_OneOfTheReserveSigned() public {
        (Request memory request,) = ask(0);
        Verdict memory verdict = defaultVerdict();
        (, address[] memory attesters) = committee.rollOf(1);
        uint64 signers = 0x13; // two seats, and the fifth
        Attestation memory attestation = attest(request, verdict, 0);
        attestation.by = judgedBy(Recording(request, verdict, attestation.by), signers);
        attestation.signatures = signAsMembers(
            attesters, signers, domainSeparator(block.chainid, address(assent)), reportOf(request, verdict)
        );
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 4));
        record(request, verdict, attestation);
    }

    /// @dev The epoch before signs for a while after a rotation, as the committee told.
    function test_Record_GivenARotation() public {
        (Request memory request,) = ask(0);
        Attestation memory attestation = attest(request, defaultVerdict(), SIGNERS);
        skip(ROTATION);
        (request,) = ask(1);
        attestation = attest(request, defaultVerdict(), SIGNERS);
        committee.rotate();
        assertEq(assent.currentEpoch().number, 2, "epoch");
        skip(1 hours);
        record(request, defaultVerdict(), attestation);
    }
}
