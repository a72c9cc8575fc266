// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Attestation } from "../../../contracts/types/Verdict.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract SchedulePolicyTest is OperatorsTest {
    uint256 private constant UNTIL = START + 1 days;

    Policy private policy;

    function setUp() public override {
        super.setUp();
        policy = Policy(2 * STAKE, 3, 21 days, 2 hours, 20 minutes);
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        Attestation memory attestation = _signed(0x7);
        vm.warp(UNTIL + 1);
        bytes4 reason = Signatures.SignatureDeadlinePassed.selector;
        _expectRevert(attestation, abi.encodeWithSelector(reason, UNTIL, UNTIL + 1));
    }

    function test_RevertWhen_ThereAreTooFewSigners() public {
        uint256 wanted = Operators.supermajority(4);
        _expectRevert(_signed(0x5), abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 2, wanted));
    }

    function test_RevertWhen_TheEpochIsStale() public {
        Attestation memory attestation = _signed(0x7);
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
    }

    function test_RevertWhen_AnotherTermWasSigned() public {
        Policy[5] memory others = [policy, policy, policy, policy, policy];
        others[0].minStake += 1;
        others[1].minMembers += 1;
        others[2].unbondingTime += 1;
        others[3].epochLength += 1;
        others[4].epochGrace += 1;
        for (uint256 i = 0; i < others.length; ++i) {
            _expectMismatch(signAmendment(1, others[i], UNTIL, 0x7));
        }
    }

    function test_RevertWhen_AnotherDeadlineOrEpochWasSigned() public {
        _expectMismatch(signAmendment(1, policy, UNTIL + 1, 0x7));
        _expectMismatch(attestReport(1, hasher.amendment(2, policy, UNTIL), 0x7));
    }

    function test_RevertWhen_ThePolicyCannotBeMeant() public {
        (Policy[] memory policies, string[] memory terms) = malformedPolicies();
        for (uint256 i = 0; i < policies.length; ++i) {
            policy = policies[i];
            _expectRevert(_signed(0x7), abi.encodeWithSelector(IOperatorSet.PolicyMalformed.selector, terms[i]));
        }
    }

    function test_WhenASupermajoritySigned() public {
        Attestation memory attestation = _signed(0x7);
        vm.expectEmit(address(assent));
        emit IOperatorSet.PolicyScheduled(policy, START + UNBONDING);
        vm.prank(stranger);
        assent.schedulePolicy(policy, UNTIL, attestation);
        _assertScheduled(START + UNBONDING);
        assertEq(abi.encode(assent.currentPolicy()), abi.encode(defaultPolicy(4)), "in force meanwhile");
    }

    function test_WhenThePolicyIsAtItsBounds() public {
        policy = narrowestPolicy();
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        _assertScheduled(START + UNBONDING);
        policy = widestPolicy();
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        _assertScheduled(START + UNBONDING);
    }

    function test_WhenItIsTheLastSecond() public {
        Attestation memory attestation = _signed(0x7);
        vm.warp(UNTIL);
        assent.schedulePolicy(policy, UNTIL, attestation);
        _assertScheduled(uint40(UNTIL + UNBONDING));
    }

    function test_WhenTheEpochBeforeSigned() public {
        Attestation memory attestation = _signed(0x7);
        rotateToNext();
        skip(EPOCH_GRACE);
        assent.schedulePolicy(policy, UNTIL, attestation);
        _assertScheduled(START + EPOCH_LENGTH + EPOCH_GRACE + UNBONDING);
    }

    function test_GivenAnotherPolicyIsScheduled() public {
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        skip(1 hours);
        policy.minStake = 3 * STAKE;
        assent.schedulePolicy(policy, UNTIL, _signed(0xe));
        _assertScheduled(START + 1 hours + UNBONDING);
    }

    /// @dev Else anyone who saw them could put the policy off until their deadline, again and again.
    function test_RevertGiven_ThePolicyIsScheduled_WhenTheSignaturesAreReplayed() public {
        Attestation memory attestation = _signed(0x7);
        assent.schedulePolicy(policy, UNTIL, attestation);
        skip(1 hours);
        _expectSpent(policy, attestation);
        _assertScheduled(START + UNBONDING);
    }

    /// @dev Else anyone could undo what the committee thought better of.
    function test_RevertGiven_AnotherPolicyReplacedIt_WhenTheSignaturesAreReplayed() public {
        Policy memory first = policy;
        Attestation memory attestation = _signed(0x7);
        assent.schedulePolicy(first, UNTIL, attestation);
        policy.minStake = 3 * STAKE;
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        _expectSpent(first, attestation);
        _assertScheduled(START + UNBONDING);
    }

    /// @dev Another supermajority's signatures, or more of them, are of the same decision.
    function test_RevertGiven_ThePolicyIsScheduled_WhenOthersSignedIt() public {
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        _expectSpent(policy, _signed(0xe));
    }

    /// @dev It was decided anew: with another deadline.
    function test_GivenThePolicyIsScheduled_WhenItIsDecidedAnew() public {
        assent.schedulePolicy(policy, UNTIL, _signed(0x7));
        skip(1 hours);
        assent.schedulePolicy(policy, UNTIL + 1, signAmendment(1, policy, UNTIL + 1, 0x7));
        _assertScheduled(START + 1 hours + UNBONDING);
    }

    function _signed(uint64 signers) private view returns (Attestation memory) {
        return signAmendment(1, policy, UNTIL, signers);
    }

    function _expectSpent(Policy memory again, Attestation memory attestation) private {
        bytes32 decision = hasher.amendment(1, again, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.DecisionSpent.selector, decision));
        assent.schedulePolicy(again, UNTIL, attestation);
    }

    function _assertScheduled(uint40 wanted) private view {
        (Policy memory next, uint40 notBefore) = assent.scheduledPolicy();
        assertEq(abi.encode(next), abi.encode(policy), "scheduled");
        assertEq(notBefore, wanted, "notBefore");
    }

    function _expectRevert(Attestation memory attestation, bytes memory reason) private {
        vm.expectRevert(reason);
        assent.schedulePolicy(policy, UNTIL, attestation);
    }

    /// @dev Whom a signature of something else recovers to depends on what was signed.
    function _expectMismatch(Attestation memory attestation) private {
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        assent.schedulePolicy(policy, UNTIL, attestation);
    }
}
