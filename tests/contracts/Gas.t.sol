// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, Agreements } from "../../contracts/types/Agreement.sol";
import { AgreementId, SourceId } from "../../contracts/types/Ids.sol";
import { Models } from "../../contracts/types/Model.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../contracts/types/Question.sol";
import { Answer, Attestation, Request, Verdict, Verdicts } from "../../contracts/types/Verdict.sol";
import { AssentTest } from "./base/AssentTest.sol";

/// @notice Named gas snapshots of whole transactions: each call is isolated, with cold slots and 21,000 gas. Steady state, where no name
/// says otherwise: slots that live on are non-zero already.
/// forge-config: default.isolate = true
contract GasTest is AssentTest {
    /// Stores (outcome << 32) | score of `onVerdict` in slot 0: score, outcome, PUSH1 32, SHL, OR, PUSH0, SSTORE, STOP. Plain code, so that the
    /// settings with which tests are compiled don't count.
    bytes private constant WORD_RECEIVER = hex"60643560443560201b175f5500";

    function setUp() public override {
        super.setUp();
        give();
    }

    // Agreements

    function test_Snapshot_Give() public {
        agreement.source.salt = keccak256("another");
        vm.prank(subject);
        assent.give(agreement);
        vm.snapshotGasLastCall("assent", "give agreement");
    }

    function test_Snapshot_GiveBySignature() public {
        agreement.source.salt = keccak256("another");
        agreementId = hasher.agreementId(agreement);
        bytes memory signature = sign(subjectKey, Agreements.hashGiving(agreementId, deadline()));
        vm.prank(relayer);
        assent.giveBySig(agreement, deadline(), signature);
        vm.snapshotGasLastCall("assent", "give agreement by signature");
    }

    /// @dev All of one subject, about one record, to one controller.
    function test_Snapshot_GiveManyBySignature() public {
        Agreement[] memory many = _many(20);
        bytes memory signature = _signed(many, true);
        vm.prank(relayer);
        assent.giveManyBySig(many, deadline(), signature);
        vm.snapshotValue("assent", "give 20 agreements by one signature, each", vm.lastCallGas().gasTotalUsed / 20);
    }

    function test_Snapshot_WithdrawManyBySignature() public {
        Agreement[] memory many = _many(20);
        assent.giveManyBySig(many, deadline(), _signed(many, true));
        bytes memory signature = _signed(many, false);
        vm.prank(relayer);
        assent.withdrawManyBySig(many, deadline(), signature);
        vm.snapshotValue("assent", "withdraw 20 agreements by one signature, each", vm.lastCallGas().gasTotalUsed / 20);
    }

    function _many(uint256 count) private view returns (Agreement[] memory many) {
        many = new Agreement[](count);
        for (uint256 i = 0; i < count; ++i) {
            many[i] = agreement;
            many[i].source.salt = keccak256(abi.encode("another", i));
        }
    }

    function _signed(Agreement[] memory many, bool giving) private view returns (bytes memory) {
        bytes32[] memory ids = new bytes32[](many.length);
        for (uint256 i = 0; i < many.length; ++i) {
            ids[i] = AgreementId.unwrap(hasher.agreementId(many[i]));
        }
        return sign(
            subjectKey,
            giving ? Agreements.hashGivingMany(ids, deadline()) : Agreements.hashWithdrawalOfMany(ids, deadline())
        );
    }

    function test_Snapshot_Renew() public {
        vm.prank(subject);
        assent.renew(agreement, agreement.terms.validUntil + 365 days);
        vm.snapshotGasLastCall("assent", "renew agreement");
    }

    function test_Snapshot_Adopt() public {
        (agreement.terms.model, agreement.source.salt) = (Models.by(publisher, 0), keccak256("another"));
        give();
        vm.prank(controller);
        assent.adopt(agreement, model, 1);
        vm.snapshotGasLastCall("assent", "adopt a model of the publisher agreed to");
        vm.prank(subject);
        assent.withdraw(agreement);
        vm.snapshotGasLastCall("assent", "withdraw agreement, with one adopted under it");
    }

    function test_Snapshot_AttestErasure() public {
        withdraw();
        vm.prank(holder);
        records.attestErasure(agreementId, keccak256("statement"));
        vm.snapshotGasLastCall("assent", "attest erasure");
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
        agreement.terms.prohibited = 1 << purposeNamed("Marketing") | 1 << purposeNamed("CommercialResearch");
        give();
        ask(0);
        vm.snapshotGasLastCall("assent", "request, with prohibited purposes");
    }

    function test_Snapshot_Record_3of4() public {
        askAndRecord(0, 0x7);
        askAndRecord(1, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4");
    }

    /// @dev All of it: commitments have more bytes that aren't zero.
    function test_Snapshot_Record_3of4_Sealed() public {
        askAndRecordSealed(0);
        askAndRecordSealed(1);
        vm.snapshotGasLastCall("assent", "record, 3 of 4, sealed");
    }

    function test_Snapshot_Record_SubjectAndPublisherEarn() public {
        agreement.terms.price = 1 gwei;
        give();
        askAndRecord(0, 0x7);
        askAndRecord(1, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4, subject earns");
    }

    function test_Snapshot_Record_FirstOfTheseSigners() public {
        askAndRecord(0, 0x7);
        vm.snapshotGasLastCall("assent", "record, 3 of 4, first report of these signers");
    }

    function test_Snapshot_RequestBySignature() public {
        assent.deposit{ value: 1 ether }(controller, address(0), 1 ether);
        (, uint256 key) = makeAddrAndKey("controller");
        Question question = defaultQuestion(0);
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory signature = sign(key, Verdicts.hashAsking(agreementId, question, 0));
        vm.prank(relayer);
        assent.requestBySig(source, controller, agreement.terms, question, 0, signature);
        vm.snapshotGasLastCall("assent", "request by signature");
    }

    function test_Snapshot_RecordMany_10() public {
        recordMany(10, false);
        vm.snapshotValue("assent", "recordMany, 10 uses of an agreement, each", recordMany(10, false) / 10);
    }

    function test_Snapshot_RecordMany_64() public {
        recordMany(10, false);
        vm.snapshotValue("assent", "recordMany, 64 uses of an agreement, each", recordMany(64, false) / 64);
    }

    function test_Snapshot_RecordMany_64Agreements() public {
        recordMany(10, false);
        vm.snapshotValue("assent", "recordMany, 64 agreements, each", recordMany(64, true) / 64);
    }

    function test_Snapshot_Anchor_1024() public {
        bytes32 root = keccak256("root of 1,024");
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(1, 1024, root), 0x7);
        vm.prank(relayer);
        assent.anchor(root, 1024, address(0), 3, attestation);
        vm.snapshotValue("assent", "anchor 1,024, each, rounded up", (vm.lastCallGas().gasTotalUsed + 1023) / 1024);
    }

    function test_Snapshot_Claim_Depth10() public {
        claimAtDepth10(0);
        vm.snapshotGasLastCall("assent", "claim at depth 10, fee credited");
    }

    function test_Snapshot_Claim_Depth10_FreeModel() public {
        model.fee = 0;
        agreement.terms.model = publishAs(model);
        give();
        claimAtDepth10(0);
        vm.snapshotGasLastCall("assent", "claim at depth 10, free model");
    }

    // Callbacks

    function test_Snapshot_Callback() public {
        (uint256 requested, uint256 recorded) = askWithCallback(0);
        vm.snapshotValue("assent", "request + record + callback that stores a word", requested + recorded);
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

    function askAndRecordSealed(uint32 use) private {
        Asked memory parts = asked(use);
        parts.disclosure = Disclosure.Sealed;
        (Request memory request,) = ask(Questions.pack(parts));
        Verdict memory verdict = Verdict(keccak256("outcome"), keccak256("score"), keccak256("trail"));
        record(request, verdict, attest(request, verdict, 0x7));
    }

    /// @dev Asks and records `count` verdicts under one quorum check; the slots of those who sign exist already the second time.
    function recordMany(uint256 count, bool severalAgreements) private returns (uint256 gas) {
        Answer[] memory answers = new Answer[](count);
        bytes32[] memory leaves = new bytes32[](count);
        for (uint32 i = 0; i < count; ++i) {
            if (severalAgreements) anotherAgreement();
            uint32 use = assent.nextUse(agreementId, 0);
            (answers[i].request,) = ask(use);
            answers[i].verdict = defaultVerdict();
            leaves[i] = leafOf(answers[i].request, answers[i].verdict);
        }
        sortByLeaf(answers, leaves);
        bytes32 root = hasher.root(leaves);
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(1, uint32(count), root), 0x7);
        vm.prank(relayer);
        assent.recordMany(answers, attestation);
        return vm.lastCallGas().gasTotalUsed;
    }

    function anotherAgreement() private {
        agreement.source.salt = keccak256(abi.encode(agreement.source.salt));
        give();
    }

    function sortByLeaf(Answer[] memory answers, bytes32[] memory leaves) private pure {
        for (uint256 i = 1; i < leaves.length; ++i) {
            for (uint256 j = i; j != 0 && leaves[j] < leaves[j - 1]; --j) {
                (leaves[j], leaves[j - 1]) = (leaves[j - 1], leaves[j]);
                (answers[j], answers[j - 1]) = (answers[j - 1], answers[j]);
            }
        }
    }

    function claimAtDepth10(uint32 use) private {
        Asked memory parts = asked(use);
        parts.delivery = Delivery.Anchored;
        (Request memory request,) = ask(Questions.pack(parts));
        bytes32 root = hasher.climb(leafOf(request, defaultVerdict()), proofOf10());
        assent.anchor(root, 1024, address(0), 3, attestReport(1, Verdicts.hashReport(1, 1024, root), 0x7));
        vm.prank(relayer);
        assent.claim(request, defaultVerdict(), proofOf10());
    }

    function proofOf10() private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](10);
        for (uint256 i = 0; i < 10; ++i) {
            proof[i] = keccak256(abi.encode("sibling", i));
        }
    }

    /// @dev The controller is the contract that is called back. Its first verdict makes its slot, each later one another.
    function askWithCallback(uint32 use) private returns (uint256 requested, uint256 recorded) {
        agreement.controller = makeAddr("receiver");
        vm.etch(agreement.controller, WORD_RECEIVER);
        vm.deal(agreement.controller, 1 ether);
        give();
        askAndRecord(99, 0x7);
        Asked memory parts = asked(use);
        parts.callback = 50;
        (Request memory request,) = ask(Questions.pack(parts));
        requested = vm.lastCallGas().gasTotalUsed;
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        recorded = vm.lastCallGas().gasTotalUsed;
    }

    // Money

    function test_Snapshot_Collect() public {
        askAndRecord(0, 0x7);
        assent.collect(assent.poolOf(1, 0x7, address(0)), 1);
        askAndRecord(1, 0x7);
        vm.prank(relayer);
        assent.collect(assent.poolOf(1, 0x7, address(0)), 1);
        vm.snapshotGasLastCall("assent", "collect");
    }

    function test_Snapshot_WithdrawCredits() public {
        askAndRecord(0, 0x7);
        assent.collect(assent.poolOf(1, 0x7, address(0)), 1);
        address operator = operatorAt(1);
        vm.deal(operator, 1 ether);
        vm.prank(operator);
        assent.withdrawBalance(address(0), operator);
        vm.snapshotGasLastCall("assent", "withdraw balance");
    }

    // Records and models

    function test_Snapshot_CommitRecord() public {
        vm.prank(holder);
        records.commit(keccak256("another root"), subject, "https://vault.example");
        vm.snapshotGasLastCall("assent", "commit record");
    }

    function test_Snapshot_Publish() public {
        model.files = keccak256("another version's");
        publishAs(model);
        vm.snapshotGasLastCall("assent", "publish model");
    }

    function test_CodeSize_FitsEip170() public {
        checkSize("Assent", address(assent));
        checkSize("AssentRequests", assent.requests());
        checkSize("AssentAgreements", assent.agreements());
        checkSize("Committee", address(committee));
        checkSize("Records", address(records));
    }

    function checkSize(string memory name, address code) private {
        vm.snapshotValue("assent", string.concat("runtime bytecode of ", name, ", bytes"), code.code.length);
        assertLe(code.code.length, 24_576 - 1500); // room for a mistake
    }
}

/// forge-config: default.isolate = true
contract GasOfThirteenTest is AssentTest {
    function committeeSize() internal pure override returns (uint8) {
        return 13;
    }

    function modelQuorum() internal pure override returns (uint8) {
        return 9;
    }

    function reserveSize() internal pure override returns (uint8) {
        return 12;
    }

    function test_Snapshot_Record_9of13() public {
        give();
        askAndRecord(0, 0x1ff);
        askAndRecord(1, 0x1ff);
        vm.snapshotGasLastCall("assent", "record, 9 of 13");
    }
}
