// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { PoolId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { CommitteeTerms } from "../../../contracts/types/Roll.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { summaryOf, verdictOf } from "../base/Verdict.sol";

/// @notice Which epochs may sign a report, while one follows another.
contract EpochGraceTest is AssentTest {
    Request private request;
    RequestId private id;
    bool private longGrace;

    function setUp() public override {
        super.setUp();
        give();
        _askForDays(0);
    }

    function test_GivenTheGraceOfTheEpochBeforeHasNotPassed() public {
        Attestation memory attestation = _attest();
        rotateToNext();
        skip(EPOCH_GRACE);
        Verdict memory verdict = defaultVerdict();
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Recorded(id, summaryOf(verdict, attestation.by), verdict.trail);
        record(request, verdict, attestation);
        PoolId pool = assent.poolOf(1, 0x7, address(0));
        assertEq(assent.poolInfo(pool).earned, FEE, "earned by the epoch that signed");
    }

    function test_RevertGiven_TheGraceOfTheEpochBeforeHasPassed() public {
        Attestation memory attestation = _attest();
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        _expectStale(attestation, 1, 2);
    }

    /// @dev Where the grace is longer than an epoch: the time alone would still allow it.
    function test_RevertGiven_TheEpochIsTheOneBeforeTheLast() public {
        longGrace = true;
        assent = deploy(4);
        formCommittee(4);
        publishAs(model);
        give();
        _askForDays(1);
        Attestation memory first = _attest();
        rotateToNext();
        Attestation memory second = attestRoot(2, leafOf(request, defaultVerdict()), 0x7);
        skip(EPOCH_LENGTH);
        committee.rotate();
        _expectStale(first, 1, 3);
        record(request, defaultVerdict(), second);
        assertState(id, RequestState.Recorded);
    }

    /// @dev What the guilty signed and didn't send yet is worth nothing, whoever signed along.
    function test_RevertGiven_AConvictionEndedTheEpoch() public {
        Attestation memory attestation = _attest();
        (, RequestId other) = askAndRecord(1, 0x7);
        challengeOf(recordingOf(other));
        judge(recordingOf(other), verdictOf(0, 1, keccak256("right")), false, JUDGES);
        assertEq(assent.epochEnd(1).signsUntil, 0, "no grace");
        _expectStale(attestation, 1, 2);
    }

    /// @dev Epoch 0 is before the first, and has no members whose signatures could be missed.
    function test_RevertWhen_TheEpochIsZero() public {
        _expectStale(Attestation(SignersLib.pack(0, 0), ""), 0, 1);
    }

    function test_RevertGiven_NobodyHasRotatedYet() public {
        assent = deploy(4);
        modelId = publishAs(model);
        give();
        (request, id) = ask(0);
        _expectStale(Attestation(SignersLib.pack(0, 0), ""), 0, 0);
    }

    function test_RevertWhen_TheEpochIsTheLastNumberThereIs() public {
        _expectStale(Attestation(SignersLib.pack(type(uint32).max, 0x7), new bytes(192)), type(uint32).max, 1);
    }

    /// @dev The number has 32 bits: what stands above it doesn't vanish.
    function testFuzz_RevertWhen_ABitIsBeyondTheEpochsNumber(uint8 bit) public {
        Attestation memory attestation = _attest();
        uint256 beyond = 1 << bound(bit, SignersLib.BITS, 255);
        attestation.by = Signers.wrap(Signers.unwrap(attestation.by) | beyond);
        _expectStale(attestation, 1 | beyond >> 64, 1);
        rotateToNext();
        _expectStale(attestation, 1 | beyond >> 64, 2);
    }

    function test_RevertWhen_PresentMembersSignForTheEpochBefore() public {
        resignAs(1);
        rotateToNext();
        // At place 1 now stands another, who signs as if it had stood there before.
        bytes32 report = Verdicts.hashReport(1, 1, leafOf(request, defaultVerdict()));
        Attestation memory attestation = attestReport(2, report, 0x7);
        attestation.by = SignersLib.pack(1, 0x7);
        (address former,) = attesterAt(1);
        (address present,) = attesterAt(2);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 1, present, former));
        record(request, defaultVerdict(), attestation);
    }

    function test_GivenAMemberChangedItsKey_WhenTheOldOneSignedForTheEpochBefore() public {
        Attestation memory attestation = _attest();
        _changeKeysAndRotate();
        record(request, defaultVerdict(), attestation);
        assertState(id, RequestState.Recorded);
    }

    function test_GivenAMemberChangedItsKey_WhenTheNewOneSignsForTheNewEpoch() public {
        _changeKeysAndRotate();
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        assertState(id, RequestState.Recorded);
    }

    /// @dev Its fees in both epochs are its own.
    function test_GivenAMemberChangedItsKey_ThatItCollectsForBoth() public {
        record(request, defaultVerdict(), _attest());
        _changeKeysAndRotate();
        askAndRecord(1, 0x7);
        for (uint32 epoch = 1; epoch <= 2; ++epoch) {
            assent.collect(assent.poolOf(epoch, 0x7, address(0)), 0);
        }
        assertEq(assent.balanceOf(operatorAt(0), address(0)), 2 * (FEE / 3), "balance");
    }

    function test_RevertGiven_AMemberChangedItsKey_WhenTheOldOneSignsForTheNewEpoch() public {
        _changeKeysAndRotate();
        address[] memory members = assent.membersOf(1);
        bytes32 report = Verdicts.hashReport(2, 1, leafOf(request, defaultVerdict()));
        Attestation memory attestation = attestReport(1, report, 0x7);
        attestation.by = SignersLib.pack(2, 0x7);
        (address present,) = attesterAt(9);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 0, members[0], present));
        record(request, defaultVerdict(), attestation);
    }

    function _askForDays(uint32 use) private {
        Asked memory question = asked(use);
        question.deadline += 6 days;
        (request, id) = ask(Questions.pack(question));
    }

    function _attest() private view returns (Attestation memory) {
        return attestRoot(1, leafOf(request, defaultVerdict()), 0x7);
    }

    function _changeKeysAndRotate() private {
        (address attester, uint256 key) = attesterAt(9);
        _changeKeys(attester, key);
        skip(EPOCH_LENGTH);
        committee.rotate();
    }

    function _changeKeys(address attester, uint256 key) private {
        keyOf[attester] = key;
        uint256 until = vm.getBlockTimestamp();
        bytes32 structHash = hasher.joining(operatorAt(0), "seal", "https://operator.example", until);
        bytes memory signature = signFor(domainSeparator(block.chainid, address(committee)), key, structHash);
        vm.prank(operatorAt(0));
        committee.changeKeys(attester, "seal", "https://operator.example", until, signature);
    }

    function committeeTerms(uint8 seats) internal view override returns (CommitteeTerms memory terms) {
        terms = super.committeeTerms(seats);
        if (longGrace) terms.grace = 3 * EPOCH_LENGTH;
    }

    function _expectStale(Attestation memory attestation, uint256 given, uint256 current) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, given, current));
        record(request, defaultVerdict(), attestation);
        assertState(id, RequestState.Requested);
    }
}
