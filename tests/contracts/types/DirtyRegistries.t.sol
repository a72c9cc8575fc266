// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Challenges, Testimony } from "../../../contracts/types/Challenge.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { ModelState } from "../../../contracts/types/Model.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Attestation, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { DirtyTest } from "./DirtyTest.sol";

contract ReviewHasher {
    function review(uint32 epoch, RequestId id, Verdict calldata verdict) external pure returns (bytes32) {
        return Challenges.hashReview(epoch, id, verdict);
    }
}

/// @notice What the other parts do, by way of the fallback.
/// forge-config: default.fuzz.runs = 32
contract DirtyRegistriesTest is DirtyTest {
    ReviewHasher private reviews;

    function setUp() public override {
        super.setUp();
        reviews = new ReviewHasher();
    }

    function testFuzz_RevertWhen_TheModelIsDirty(uint256 dirt) public {
        model.fee += 1;
        narrowModel(0);
        expectRefused(publisher, abi.encodeCall(assent.publish, (model, "")), 0, dirt);
        narrowModel(0);
        expectRefused(publisher, abi.encodeCall(assent.deprecate, (model)), 0, dirt);
        assertEq(uint8(assent.modelStatus(hasher.modelId(model)).state), uint8(ModelState.Deprecated));
    }

    function testFuzz_RevertWhen_SettleIsDirty(uint256 dirt) public {
        agreement.terms.price = 1;
        give();
        askAndRecord(0, 7);
        narrowAgreement(0);
        narrowModel(14);
        expectRefused(relayer, abi.encodeCall(assent.settle, (agreement, model)), 0, dirt);
        assertEq(assent.balanceOf(subject, address(0)), 1, "once");
    }

    function testFuzz_RevertWhen_JailIsDirty(uint256 dirt) public {
        rotateToNext();
        address operator = operatorAt(0);
        uint256 until = vm.getBlockTimestamp();
        Attestation memory attestation = _supermajority(Operators.hashJailing(2, operator, until));
        narrow(0, 160);
        narrowAttestation(3);
        expectRefused(relayer, abi.encodeCall(assent.jail, (operator, until, attestation)), 0, dirt);
    }

    function testFuzz_RevertWhen_SchedulePolicyIsDirty(uint256 dirt) public {
        Policy memory policy = defaultPolicy(4);
        uint256 until = vm.getBlockTimestamp();
        Attestation memory attestation = _supermajority(hasher.amendment(1, policy, until));
        narrow(0, 96);
        narrow(1, 16);
        narrow(2, 40);
        narrow(3, 40);
        narrow(4, 32);
        narrowAttestation(7);
        expectRefused(relayer, abi.encodeCall(assent.schedulePolicy, (policy, until, attestation)), 0, dirt);
    }

    function testFuzz_RevertWhen_ReviewOrTestimonyIsDirty(uint256 dirt) public {
        (Request memory request, RequestId id) = _challenged();
        Verdict memory other = verdictOf(0, 0, 0);
        Attestation memory attestation = _supermajority(reviews.review(1, id, other));
        narrowRecording(0);
        narrowTerms(9);
        narrowModel(17);
        narrowVerdict(29);
        narrowAttestation(33);
        bytes memory clean = abi.encodeCall(assent.review, (recordingOf(id), underNow(), model, other, attestation));
        expectRefused(relayer, clean, 0, dirt);
        assertState(id, RequestState.Corrected);

        narrowTestimony(1);
        expectRefused(relayer, abi.encodeCall(assent.punish, (_testimony(request, defaultVerdict()))), 0, dirt);
    }

    function testFuzz_RevertWhen_PunishConflictIsDirty(uint256 dirt) public {
        give();
        (Request memory request,) = ask(0);
        Testimony memory first = _testimony(request, defaultVerdict());
        Testimony memory second = _testimony(request, verdictOf(1, 0, 0));
        narrowReference(0);
        narrowModel(11);
        narrowTestimony(25);
        narrowTestimony(40);
        expectRefused(relayer, abi.encodeCall(assent.punishConflict, (named(0), model, first, second)), 0, dirt);
    }

    function narrowTestimony(uint256 first) internal {
        narrowRequest(first);
        narrowVerdict(first + 4);
        narrow(first + 8, 32);
        narrow(first + 9, 32);
    }

    function _challenged() private returns (Request memory request, RequestId id) {
        give();
        (request, id) = askAndRecord(0, 7);
        vm.deal(stranger, BOND);
        vm.prank(stranger);
        assent.challenge{ value: BOND }(id);
    }

    /// @dev As many members of the current epoch as a decision of the committee needs.
    function _supermajority(bytes32 structHash) private view returns (Attestation memory) {
        uint256 needed = Operators.supermajority(assent.currentEpoch().seats);
        return attestReport(assent.currentEpoch().number, structHash, uint64((1 << needed) - 1));
    }

    /// @dev Of the epoch's first member.
    function _testimony(Request memory request, Verdict memory verdict) private view returns (Testimony memory) {
        bytes memory signature = attest(request, verdict, 1).signatures;
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }
}
