// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreements } from "../../contracts/types/Agreement.sol";
import { Attestation, Request, Verdict } from "../../contracts/types/Verdict.sol";
import { AssentTest } from "./base/AssentTest.sol";

/// @notice Named gas snapshots, whole transactions (`forge test --isolate`). Steady state: slots that live on are non-zero already.
contract GasTest is AssentTest {
    function setUp() public override {
        super.setUp();
        giveDefault();
    }

    function test_Snapshot_GiveBySignature() public {
        agreement.salt = keccak256("another");
        agreementId = hasher.agreementId(agreement);
        bytes memory signature = sign(subjectKey, Agreements.hashGiving(agreementId, deadline()));
        vm.prank(relayer);
        assent.giveBySig(agreement, deadline(), signature);
        vm.snapshotGasLastCall("assent", "give agreement by signature");
    }

    function test_Snapshot_Withdraw() public {
        vm.prank(subject);
        assent.withdraw(agreement);
        vm.snapshotGasLastCall("assent", "withdraw agreement");
    }

    function test_Snapshot_Request() public {
        ask(0);
        vm.snapshotGasLastCall("assent", "request");
    }

    function test_Snapshot_Record_3of4() public {
        _recordOne(0, 0x7);
        _recordOne(1, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4");
    }

    function test_Snapshot_Record_FirstOfTheseSigners() public {
        _recordOne(0, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4, first report of these signers");
    }

    function test_Snapshot_Refuse() public {
        (Request memory request,) = ask(0);
        vm.prank(subject);
        assent.withdraw(agreement);
        vm.prank(relayer);
        assent.refuse(request);
        vm.snapshotGasLastCall("assent", "refuse");
    }

    function test_Snapshot_CommitRecord() public {
        vm.prank(holder);
        assent.commit(keccak256("another root"), subject, "https://vault.example");
        vm.snapshotGasLastCall("assent", "commit record");
    }

    function test_CodeSize_FitsEip170() public {
        vm.snapshotValue("assent", "runtime bytecode, bytes", address(assent).code.length);
        assertLe(address(assent).code.length, 24_576);
    }

    function _recordOne(uint32 use, uint256 signers) private {
        (Request memory request,) = ask(use);
        Verdict memory verdict = defaultVerdict();
        Attestation memory attestation = attest(request, verdict, signers);
        vm.prank(relayer);
        assent.record(request, verdict, attestation);
    }
}
