// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { AgreementState, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Answer, Wallet } from "../base/Wallets.sol";

contract GiveBySigTest is AssentTest {
    uint256 private until;

    function setUp() public override {
        super.setUp();
        until = START + 1 hours;
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        bytes memory signature = _signed(subjectKey);
        vm.warp(until + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, until, vm.getBlockTimestamp())
        );
        assent.giveBySig(agreement, until, signature);
    }

    function test_RevertWhen_AStrangerSigned() public {
        _expectInvalid(_signed(strangerKey));
    }

    function testFuzz_RevertWhen_AnyOtherKeySigned(uint256 key) public {
        key = boundPrivateKey(key);
        vm.assume(key != subjectKey);
        _expectInvalid(_signed(key));
    }

    function test_RevertWhen_OtherTermsWereSigned() public {
        bytes memory signature = _signed(subjectKey);
        agreement.uses += 1;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherDeadlineWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        until += 1;
        _expectInvalid(signature);
    }

    function test_RevertWhen_ItWasSignedForAnotherChain() public {
        bytes32 separator = domainSeparator(block.chainid + 1, address(assent));
        _expectInvalid(signFor(separator, subjectKey, Agreements.hashGiving(agreementId, until)));
    }

    function test_RevertWhen_ItWasSignedForAnotherContract() public {
        bytes32 separator = domainSeparator(block.chainid, address(deploy(4)));
        _expectInvalid(signFor(separator, subjectKey, Agreements.hashGiving(agreementId, until)));
    }

    function test_RevertGiven_TheChainHasSplitOffSince() public {
        bytes memory signature = _signed(subjectKey);
        vm.chainId(block.chainid + 1);
        _expectInvalid(signature);
    }

    function test_RevertWhen_AWithdrawalWasSigned() public {
        _expectInvalid(sign(subjectKey, Agreements.hashWithdrawal(agreementId, until)));
    }

    function test_RevertWhen_TheSignatureIsOfAnotherLength() public {
        bytes memory signature = expand(_signed(subjectKey));
        _expectInvalid("");
        _expectInvalid(slice(signature, 0, 32));
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

    function test_RevertWhen_VIsZeroOrOne() public {
        bytes memory signature = expand(_signed(subjectKey));
        signature[64] = bytes1(uint8(signature[64]) - 27);
        _expectInvalid(signature);
    }

    /// @dev A signature that recovers nobody must not pass for the zero address's.
    function test_RevertWhen_TheSubjectIsTheZeroAddress() public {
        agreement.subject = address(0);
        _expectInvalid("");
        _expectInvalid(new bytes(64));
        _expectInvalid(new bytes(65));
    }

    function test_RevertWhen_ATermIsMalformed() public {
        agreement.uses = 0;
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "uses"));
        assent.giveBySig(agreement, until, signature);
    }

    function test_RevertGiven_ItWasGiven() public {
        assent.giveBySig(agreement, until, _signed(subjectKey));
        _expectExists();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        assent.giveBySig(agreement, until, _signed(subjectKey));
        withdraw();
        _expectExists();
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(AgreementState.Withdrawn));
    }

    function test_WhenTheSubjectIsAKey_WhenTheSignatureHas64Bytes() public {
        bytes memory signature = _signed(subjectKey);
        assertEq(signature.length, 64);
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementGiven(agreementId, subject, controller, agreement);
        _assertGives(signature);
    }

    function test_WhenTheSubjectIsAKey_WhenTheSignatureHas65Bytes() public {
        _assertGives(expand(_signed(subjectKey)));
    }

    function test_WhenTheSubjectIsAKey_WhenItIsTheLastSecondOfTheDeadline() public {
        bytes memory signature = _signed(subjectKey);
        vm.warp(until);
        _assertGives(signature);
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode_WhenTheKeySigned() public {
        _delegate();
        _assertGives(_signed(subjectKey));
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode_RevertWhen_AStrangerSigned() public {
        _delegate();
        _expectInvalid(_signed(strangerKey));
    }

    function test_WhenTheSubjectIsAContract_WhenItsOwnerSigned() public {
        _becomeWallet(Answer.Honest);
        _assertGives(expand(_signed(subjectKey)));
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
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.subject));
        assent.giveBySig{ gas: 1_000_000 }(agreement, until, signature);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItHasNoSuchFunction() public {
        agreement.subject = address(hasher);
        _expectInvalid(_signed(subjectKey));
    }

    function _signed(uint256 key) private returns (bytes memory) {
        agreementId = hasher.agreementId(agreement);
        return sign(key, Agreements.hashGiving(agreementId, until));
    }

    /// @dev EIP-7702: the account's code is a pointer to that of a wallet which says no to everything.
    function _delegate() private {
        Wallet wallet = new Wallet(stranger);
        vm.etch(subject, abi.encodePacked(hex"ef0100", address(wallet)));
        vm.store(subject, 0, bytes32(uint256(uint8(Answer.Refusal))));
        assertEq(Wallet(subject).isValidSignature(0, ""), bytes4(0xffffffff), "delegated");
    }

    function _becomeWallet(Answer answer) private {
        Wallet wallet = new Wallet(subject);
        wallet.set(answer);
        agreement.subject = address(wallet);
    }

    function _expectInvalidFromWallet(Answer answer) private {
        _becomeWallet(answer);
        _expectInvalid(expand(_signed(subjectKey)));
    }

    function _expectInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.subject));
        vm.prank(relayer);
        assent.giveBySig(agreement, until, signature);
    }

    function _expectExists() private {
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        assent.giveBySig(agreement, until, signature);
    }

    function _assertGives(bytes memory signature) private {
        vm.prank(relayer);
        AgreementId id = assent.giveBySig(agreement, until, signature);
        assertTrue(id == agreementId, "id");
        assertEq(uint8(assent.agreementStatus(id).state), uint8(AgreementState.Given), "state");
        assertEq(assent.agreementStatus(id).since, vm.getBlockTimestamp(), "since");
        assertEq(assent.agreementStatus(id).validUntil, agreement.validUntil, "validUntil");
    }
}
