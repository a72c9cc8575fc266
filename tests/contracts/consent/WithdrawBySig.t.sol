// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { AgreementStatus, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { Answer } from "../base/Wallets.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract WithdrawBySigTest is ConsentTest {
    uint256 private until;

    function setUp() public override {
        super.setUp();
        until = START + 1 hours;
        give();
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        bytes memory signature = _signed(subjectKey);
        vm.warp(until + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, until, vm.getBlockTimestamp())
        );
        assent.withdrawBySig(agreement, until, signature);
    }

    function test_RevertWhen_AStrangerSigned() public {
        _expectInvalid(_signed(strangerKey));
    }

    function testFuzz_RevertWhen_AnyOtherKeySigned(uint256 key) public {
        key = boundPrivateKey(key);
        vm.assume(key != subjectKey);
        _expectInvalid(_signed(key));
    }

    function test_RevertWhen_AnotherDeadlineWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        until += 1;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherAgreementWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        agreement.source.salt = keccak256("another salt");
        give();
        _expectInvalid(signature);
    }

    function test_RevertWhen_ItWasSignedForAnotherChain() public {
        bytes32 separator = domainSeparator(block.chainid + 1, address(assent));
        _expectInvalid(signFor(separator, subjectKey, Agreements.hashWithdrawal(agreementId, until)));
    }

    function test_RevertWhen_ItWasSignedForAnotherContract() public {
        bytes32 separator = domainSeparator(block.chainid, address(deploy(4)));
        _expectInvalid(signFor(separator, subjectKey, Agreements.hashWithdrawal(agreementId, until)));
    }

    function test_RevertGiven_TheChainHasSplitOffSince() public {
        bytes memory signature = _signed(subjectKey);
        vm.chainId(block.chainid + 1);
        _expectInvalid(signature);
    }

    function test_RevertWhen_AGivingWasSigned() public {
        _expectInvalid(sign(subjectKey, Agreements.hashGiving(agreementId, until)));
    }

    function test_RevertWhen_TheSignatureIsOfAnotherLength() public {
        bytes memory signature = expand(_signed(subjectKey));
        _expectInvalid("");
        _expectInvalid(slice(signature, 0, 63));
        _expectInvalid(bytes.concat(signature, hex"00"));
        _expectInvalid(bytes.concat(_signed(subjectKey), hex"00"));
    }

    function test_RevertWhen_SIsHigh() public {
        _expectInvalid(malleate(_signed(subjectKey)));
    }

    function test_RevertWhen_SIsMirroredInTheCompactForm() public {
        _expectInvalid(malleateCompact(_signed(subjectKey)));
        _expectInvalid(flipV(_signed(subjectKey)));
    }

    /// @dev Of an agreement that nobody can have given; a signature that recovers nobody must not pass for the zero address's.
    function test_RevertWhen_TheSubjectIsTheZeroAddress() public {
        agreement.source.subject = address(0);
        _expectInvalid("");
        _expectInvalid(new bytes(64));
        _expectInvalid(new bytes(65));
    }

    function test_GivenItWasNeverGiven() public {
        agreement.source.salt = keccak256("another salt");
        _assertWithdraws(_signed(subjectKey), 0);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        vm.prank(subject);
        assent.give(agreement);
        assertWithdrawn(agreement, 0);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        bytes memory signature = _signed(subjectKey);
        assent.withdrawBySig(agreement, until, signature);
        _expectNotGiven(signature);
        _expectNotGiven(expand(signature));
    }

    function test_RevertGiven_ItWasWithdrawnByTransaction() public {
        bytes memory signature = _signed(subjectKey);
        withdraw();
        _expectNotGiven(signature);
    }

    function test_WhenTheSubjectIsAKey() public {
        _assertWithdrawsGiven(_signed(subjectKey));
    }

    function test_WhenTheSignatureHas65Bytes() public {
        _assertWithdrawsGiven(expand(_signed(subjectKey)));
    }

    function test_WhenItIsTheLastSecondOfTheDeadline() public {
        bytes memory signature = _signed(subjectKey);
        vm.warp(until);
        _assertWithdrawsGiven(signature);
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode() public {
        delegate(stranger, Answer.Refusal);
        _assertWithdrawsGiven(_signed(subjectKey));
    }

    function test_WhenTheSubjectIsAContract_WhenItsOwnerSigned() public {
        _becomeWallet(Answer.Honest);
        _assertWithdrawsGiven(expand(_signed(subjectKey)));
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_AStrangerSigned() public {
        _becomeWallet(Answer.Honest);
        _expectInvalid(expand(_signed(strangerKey)));
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItRefuses() public {
        _expectInvalidFromWallet(Answer.Refusal);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItAnswersWithAnotherMagicValue() public {
        _expectInvalidFromWallet(Answer.OldMagic);
        _expectInvalidFromWallet(Answer.DirtyMagic);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItAnswersWithTooMuchOrTooLittle() public {
        _expectInvalidFromWallet(Answer.FourBytes);
        _expectInvalidFromWallet(Answer.Flood);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItReverts() public {
        _expectInvalidFromWallet(Answer.Revert);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItBurnsAllGas() public {
        _becomeWallet(Answer.BurnGas);
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.source.subject));
        assent.withdrawBySig{ gas: 1_000_000 }(agreement, until, signature);
        assertGiven(agreement);
    }

    function _signed(uint256 key) private returns (bytes memory) {
        agreementId = hasher.agreementId(agreement);
        return sign(key, Agreements.hashWithdrawal(agreementId, until));
    }

    function _becomeWallet(Answer answer) private {
        becomeWallet(answer);
        give();
    }

    function _expectInvalidFromWallet(Answer answer) private {
        _becomeWallet(answer);
        _expectInvalid(expand(_signed(subjectKey)));
    }

    function _expectInvalid(bytes memory signature) private {
        AgreementStatus memory before = statusOf(agreement);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.source.subject));
        vm.prank(relayer);
        assent.withdrawBySig(agreement, until, signature);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "status");
    }

    function _expectNotGiven(bytes memory signature) private {
        AgreementId id = hasher.agreementId(agreement);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, id));
        assent.withdrawBySig(agreement, until, signature);
        assertWithdrawn(agreement, agreement.terms.validUntil);
    }

    function _assertWithdrawsGiven(bytes memory signature) private {
        _assertWithdraws(signature, agreement.terms.validUntil);
    }

    function _assertWithdraws(bytes memory signature, uint40 validUntil) private {
        expectWithdrawn(agreement);
        vm.prank(relayer);
        assent.withdrawBySig(agreement, until, signature);
        assertWithdrawn(agreement, validUntil);
    }
}
