// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreements } from "../../contracts/types/Agreement.sol";
import { Request } from "../../contracts/types/Verdict.sol";
import { AssentTest } from "./base/AssentTest.sol";

/// @notice Named gas snapshots of whole transactions: each call is isolated, with cold slots and 21,000 gas. Steady state, where no name
/// says otherwise: slots that live on are non-zero already.
/// forge-config: default.isolate = true
contract GasTest is AssentTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    // Agreements

    function test_Snapshot_Give() public {
        agreement.salt = keccak256("another");
        vm.prank(subject);
        assent.give(agreement);
        vm.snapshotGasLastCall("assent", "give agreement");
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

    function test_Snapshot_WithdrawBySignature() public {
        bytes memory signature = sign(subjectKey, Agreements.hashWithdrawal(agreementId, deadline()));
        vm.prank(relayer);
        assent.withdrawBySig(agreement, deadline(), signature);
        vm.snapshotGasLastCall("assent", "withdraw agreement by signature");
    }

    // Requests and verdicts

    function test_Snapshot_Request() public {
        ask(0);
        vm.snapshotGasLastCall("assent", "request");
    }

    function test_Snapshot_Request_WithProhibitions() public {
        agreement.prohibited = 1 << purposeNamed("Marketing") | 1 << purposeNamed("CommercialResearch");
        give();
        ask(0);
        vm.snapshotGasLastCall("assent", "request, with prohibited purposes");
    }

    function test_Snapshot_Record_3of4() public {
        askAndRecord(0, 0x7);
        askAndRecord(1, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4");
    }

    function test_Snapshot_Record_4of4() public {
        askAndRecord(0, 0xf);
        askAndRecord(1, 0xf);
        vm.snapshotGasLastCall("assent", "record, 4 of 4");
    }

    function test_Snapshot_Record_FirstOfTheseSigners() public {
        askAndRecord(0, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4, first report of these signers");
    }

    function test_Snapshot_Refuse() public {
        (Request memory request,) = ask(0);
        withdraw();
        vm.prank(relayer);
        assent.refuse(request);
        vm.snapshotGasLastCall("assent", "refuse, controller's first credit");
    }

    function test_Snapshot_Expire() public {
        (Request memory first,) = ask(0);
        (Request memory second,) = ask(1);
        skip(2 hours);
        vm.startPrank(relayer);
        assent.expire(first);
        assent.expire(second);
        vm.snapshotGasLastCall("assent", "expire");
    }

    // Money

    function test_Snapshot_Collect() public {
        askAndRecord(0, 0x7);
        assent.collect(1, 0x7, 1);
        askAndRecord(1, 0x7);
        vm.prank(relayer);
        assent.collect(1, 0x7, 1);
        vm.snapshotGasLastCall("assent", "collect");
    }

    function test_Snapshot_WithdrawCredits() public {
        askAndRecord(0, 0x7);
        assent.collect(1, 0x7, 1);
        address operator = operatorAt(1);
        vm.deal(operator, 1 ether);
        vm.prank(operator);
        assent.withdrawCredits(payable(operator));
        vm.snapshotGasLastCall("assent", "withdraw credits");
    }

    // Records, models, operators

    function test_Snapshot_CommitRecord() public {
        vm.prank(holder);
        assent.commit(keccak256("another root"), subject, "https://vault.example");
        vm.snapshotGasLastCall("assent", "commit record");
    }

    function test_Snapshot_Publish() public {
        model.files = keccak256("another version's");
        publishAs(model);
        vm.snapshotGasLastCall("assent", "publish model");
    }

    function test_Snapshot_Join() public {
        joinAs(4);
        vm.snapshotGasLastCall("assent", "join");
    }

    function test_Snapshot_Rotate_4() public {
        joinAs(4);
        resignAs(0);
        skip(EPOCH_LENGTH);
        vm.prank(relayer);
        assent.rotate();
        vm.snapshotGasLastCall("assent", "rotate, 4 members");
    }

    function test_CodeSize_FitsEip170() public {
        vm.snapshotValue("assent", "runtime bytecode, bytes", address(assent).code.length);
        assertLe(address(assent).code.length, 24_576);
    }
}

/// forge-config: default.isolate = true
contract GasOfThirteenTest is AssentTest {
    function committeeSize() internal pure override returns (uint16) {
        return 13;
    }

    function modelQuorum() internal pure override returns (uint8) {
        return 9;
    }

    function test_Snapshot_Record_9of13() public {
        give();
        askAndRecord(0, 0x1ff);
        askAndRecord(1, 0x1ff);
        vm.snapshotGasLastCall("assent", "record, 9 of 13");
    }

    function test_Snapshot_Rotate_13() public {
        joinAs(13);
        resignAs(0);
        skip(EPOCH_LENGTH);
        vm.prank(relayer);
        assent.rotate();
        vm.snapshotGasLastCall("assent", "rotate, 13 members");
    }
}
