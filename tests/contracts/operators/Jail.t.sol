// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Operator, Operators } from "../../../contracts/types/Operator.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Attestation } from "../../../contracts/types/Verdict.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract JailTest is OperatorsTest {
    uint256 private constant UNTIL = START + 5 minutes;

    /// The one that doesn't answer: member 3 of epoch 1.
    address private operator;

    function setUp() public override {
        super.setUp();
        joinAs(4); // so that enough are left
        operator = operatorAt(3);
    }

    function test_RevertGiven_ItIsNoOperator() public {
        operator = stranger;
        _expectRevert(_signed(0x7), abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
    }

    function test_RevertGiven_TheOperatorHasResigned() public {
        resignAs(3);
        _expectRevert(_signed(0x7), abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        Attestation memory attestation = _signed(0x7);
        vm.warp(UNTIL + 1);
        bytes4 reason = Signatures.SignatureDeadlinePassed.selector;
        _expectRevert(attestation, abi.encodeWithSelector(reason, UNTIL, UNTIL + 1));
    }

    function test_RevertWhen_ThereAreTooFewSigners() public {
        uint256 wanted = Operators.supermajority(4);
        _expectRevert(_signed(0x3), abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 2, wanted));
        _expectRevert(_signed(0), abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 0, wanted));
    }

    function test_RevertWhen_ASignerIsBeyondTheMembers() public {
        Attestation memory attestation = _signed(0x7);
        attestation.by = SignersLib.pack(1, 0x13);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 4));
    }

    function test_RevertWhen_AnotherOperatorWasSigned() public {
        Attestation memory attestation = signJailing(1, operatorAt(2), UNTIL, 0x7);
        _expectMismatch(attestation);
    }

    function test_RevertWhen_AnotherDeadlineWasSigned() public {
        _expectMismatch(signJailing(1, operator, UNTIL + 1, 0x7));
    }

    function test_RevertWhen_AnotherEpochWasSigned() public {
        bytes32 structHash = Operators.hashJailing(2, operator, UNTIL);
        _expectMismatch(attestReport(1, structHash, 0x7));
    }

    function test_RevertWhen_TheEpochIsStale() public {
        Attestation memory attestation = _signed(0x7);
        attestation.by = SignersLib.pack(2, 0x7);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 2, 1));
        for (uint256 bit = SignersLib.BITS; bit < 256; ++bit) {
            attestation.by = Signers.wrap(1 << bit | 1 << 64 | 0x7);
            uint256 given = 1 << (bit - 64) | 1;
            _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, given, 1));
        }
    }

    function test_RevertGiven_TheOperatorIsJailed() public {
        _jail(_signed(0x7));
        Attestation memory another = signJailing(1, operator, UNTIL + 1, 0x7);
        bytes4 reason = IOperatorSet.OperatorIsJailed.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, operator, START + EPOCH_LENGTH));
        assent.jail(operator, UNTIL + 1, another);
    }

    function test_RevertGiven_TheOperatorWasSlashedOutOfTheSet() public {
        give();
        slashAs(3, 0);
        _expectRevert(_signed(0x7), abi.encodeWithSelector(IOperatorSet.OperatorIsJailed.selector, operator, 0));
    }

    /// @dev A committee never shrinks below what the quorums need: it must bear one that doesn't answer.
    function test_RevertGiven_TooFewWouldBeLeft() public {
        resignAs(4);
        _expectRevert(_signed(0x7), abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 3, 4));
    }

    function test_WhenASupermajoritySigned() public {
        Attestation memory attestation = _signed(0x7);
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorJailed(operator, START + EPOCH_LENGTH);
        vm.prank(stranger);
        _jail(attestation);

        Operator memory info = assent.operatorInfo(operator);
        assertEq(info.jailedUntil, START + EPOCH_LENGTH, "jailedUntil");
        assertEq(info.stake, STAKE, "stake");
        assertFalse(info.resigned, "resigned");
        assertEq(assent.membersOf(1)[3], info.attester, "a member until the rotation");
        skip(EPOCH_LENGTH);
        assent.rotate();
        address[] memory members = assent.membersOf(2);
        assertEq(members.length, 4, "size");
        for (uint256 i = 0; i < members.length; ++i) {
            assertNotEq(members[i], info.attester, "no member any more");
        }
    }

    function test_WhenTheOperatorSignedToo() public {
        _jail(_signed(0xf));
        assertEq(assent.operatorInfo(operator).jailedUntil, START + EPOCH_LENGTH);
    }

    function test_WhenItIsTheLastSecond() public {
        Attestation memory attestation = _signed(0x7);
        vm.warp(UNTIL);
        _jail(attestation);
        assertEq(assent.operatorInfo(operator).jailedUntil, UNTIL + EPOCH_LENGTH);
    }

    /// @dev A decision that came to nothing can still be carried out.
    function test_GivenItCouldNotBeJailedBefore() public {
        resignAs(4);
        Attestation memory attestation = _signed(0x7);
        _expectRevert(attestation, abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 3, 4));
        joinAs(5);
        _jail(attestation);
        assertEq(assent.operatorInfo(operator).jailedUntil, START + EPOCH_LENGTH);
    }

    function test_WhenTheEpochBeforeSigned() public {
        Attestation memory attestation = signJailing(1, operator, START + EPOCH_LENGTH + EPOCH_GRACE, 0x7);
        skip(EPOCH_LENGTH);
        assent.rotate();
        skip(EPOCH_GRACE);
        assent.jail(operator, START + EPOCH_LENGTH + EPOCH_GRACE, attestation);
        assertEq(assent.operatorInfo(operator).jailedUntil, vm.getBlockTimestamp() + EPOCH_LENGTH);
    }

    function test_GivenTheOperatorIsNotYetAMember() public {
        joinAs(5);
        operator = operatorAt(4);
        _jail(_signed(0x7));
        skip(EPOCH_LENGTH);
        assent.rotate();
        address[] memory members = assent.membersOf(2);
        (address last,) = attesterAt(5);
        assertEq(members.length, 5, "size");
        assertEq(members[4], last, "in its place");
    }

    /// @dev Though neither the deadline has passed nor the epoch: else anyone could keep it out until one of both has.
    function test_RevertGiven_TheOperatorWasReleased_WhenTheSignaturesAreReplayed() public {
        uint256 until = START + 30 days;
        Attestation memory attestation = signJailing(1, operator, until, 0x7);
        assent.jail(operator, until, attestation);
        skip(EPOCH_LENGTH);
        assent.release(operator);
        bytes32 decision = Operators.hashJailing(1, operator, until);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.DecisionSpent.selector, decision));
        assent.jail(operator, until, attestation);
    }

    function test_GivenTheOperatorWasReleased_WhenItIsDecidedAnew() public {
        _jail(_signed(0x7));
        skip(EPOCH_LENGTH);
        assent.release(operator);
        jailAs(3, 0x7);
        assertEq(assent.operatorInfo(operator).jailedUntil, vm.getBlockTimestamp() + EPOCH_LENGTH);
    }

    /// @dev How long the signatures are good says nothing of how long it is jailed.
    function test_WhenTheDeadlineIsBeyondAllTime() public {
        Attestation memory attestation = signJailing(1, operator, type(uint256).max, 0x7);
        assent.jail(operator, type(uint256).max, attestation);
        assertEq(assent.operatorInfo(operator).jailedUntil, START + EPOCH_LENGTH);
    }

    function _signed(uint64 signers) private view returns (Attestation memory) {
        return signJailing(1, operator, UNTIL, signers);
    }

    function _jail(Attestation memory attestation) private {
        assent.jail(operator, UNTIL, attestation);
    }

    function _expectRevert(Attestation memory attestation, bytes memory reason) private {
        vm.expectRevert(reason);
        _jail(attestation);
    }

    /// @dev Whom a signature of something else recovers to depends on what was signed.
    function _expectMismatch(Attestation memory attestation) private {
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        _jail(attestation);
        assertEq(assent.operatorInfo(operator).jailedUntil, 0, "jailedUntil");
    }
}
