// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { AgreementState, AgreementStatus, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { Answer, Wallet } from "../base/Wallets.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract GiveBySigTest is ConsentTest {
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
        assertUnknown(agreement);
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
        agreement.terms.price += 1;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherControllerWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        agreement.controller = stranger;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherSourceWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        agreement.source.holder = stranger;
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

    /// @dev The contract's parts run in its name, never in their own.
    function test_RevertWhen_ItWasSignedForAPartOfTheContract() public {
        bytes32 structHash = Agreements.hashGiving(agreementId, until);
        _expectInvalid(signFor(domainSeparator(block.chainid, assent.requests()), subjectKey, structHash));
        _expectInvalid(signFor(domainSeparator(block.chainid, assent.agreements()), subjectKey, structHash));
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
        agreement.source.subject = address(0);
        _expectInvalid("");
        _expectInvalid(new bytes(64));
        _expectInvalid(new bytes(65));
    }

    function test_RevertWhen_ATermIsMalformed() public {
        agreement.terms.uses = 0;
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "uses"));
        assent.giveBySig(agreement, until, signature);
        assertUnknown(agreement);
    }

    function test_RevertGiven_ItWasGiven() public {
        bytes memory signature = _signed(subjectKey);
        assent.giveBySig(agreement, until, signature);
        _expectExists(signature);
    }

    function test_RevertGiven_ItWasGiven_WhenTheSignatureHasItsOtherForm() public {
        bytes memory signature = _signed(subjectKey);
        assent.giveBySig(agreement, until, signature);
        _expectExists(expand(signature));
    }

    function test_RevertGiven_ItWasGiven_WhenAnotherDeadlineWasSigned() public {
        assent.giveBySig(agreement, until, _signed(subjectKey));
        until += 1;
        _expectExists(_signed(subjectKey));
    }

    function test_RevertGiven_ItWasGivenByTransaction() public {
        give();
        _expectExists(_signed(subjectKey));
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        bytes memory signature = _signed(subjectKey);
        assent.giveBySig(agreement, until, signature);
        withdraw();
        _expectExists(signature);
        assertEq(uint8(statusOf(agreement).state), uint8(AgreementState.Withdrawn));
    }

    function test_RevertGiven_ItWasWithdrawnBeforeItWasGiven() public {
        bytes memory signature = _signed(subjectKey);
        withdraw();
        _expectExists(signature);
    }

    function test_WhenTheSubjectIsAKey_WhenTheSignatureHas64Bytes() public {
        bytes memory signature = _signed(subjectKey);
        assertEq(signature.length, 64);
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
        delegate(stranger, Answer.Refusal);
        _assertGives(_signed(subjectKey));
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode_WhenItsCodeAgrees() public {
        delegate(stranger, Answer.Honest);
        _assertGives(expand(_signed(strangerKey)));
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode_RevertWhen_ItsCodeRefuses() public {
        delegate(stranger, Answer.Refusal);
        _expectInvalid(expand(_signed(strangerKey)));
    }

    function test_WhenTheSubjectIsAContract_WhenItsOwnerSigned() public {
        becomeWallet(Answer.Honest);
        _assertGives(expand(_signed(subjectKey)));
    }

    /// @dev What a wallet takes for a signature is its own affair; it is asked with the digest and the very bytes.
    function test_WhenTheSubjectIsAContract_WhenItAgreesToAnyBytes() public {
        Wallet wallet = becomeWallet(Answer.Refusal);
        bytes32 structHash = Agreements.hashGiving(agreementId, until);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domainSeparator(block.chainid, address(assent)), structHash);
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, hex"c0ffee"));
        vm.mockCall(address(wallet), question, abi.encode(IERC1271.isValidSignature.selector));
        _expectInvalid(hex"c0ffef");
        _assertGives(hex"c0ffee");
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_AStrangerSigned() public {
        becomeWallet(Answer.Honest);
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
        becomeWallet(Answer.BurnGas);
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.source.subject));
        assent.giveBySig{ gas: 1_000_000 }(agreement, until, signature);
        assertUnknown(agreement);
    }

    function test_WhenTheSubjectIsAContract_RevertWhen_ItHasNoSuchFunction() public {
        agreement.source.subject = address(hasher);
        _expectInvalid(_signed(subjectKey));
    }

    function _signed(uint256 key) private returns (bytes memory) {
        agreementId = hasher.agreementId(agreement);
        return sign(key, Agreements.hashGiving(agreementId, until));
    }

    function _expectInvalidFromWallet(Answer answer) private {
        becomeWallet(answer);
        _expectInvalid(expand(_signed(subjectKey)));
    }

    function _expectInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.source.subject));
        vm.prank(relayer);
        assent.giveBySig(agreement, until, signature);
        assertUnknown(agreement);
    }

    function _expectExists(bytes memory signature) private {
        AgreementStatus memory before = statusOf(agreement);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        assent.giveBySig(agreement, until, signature);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "status");
    }

    function _assertGives(bytes memory signature) private {
        expectGiven(agreement);
        vm.prank(relayer);
        AgreementId id = assent.giveBySig(agreement, until, signature);
        assertTrue(id == agreementId, "id");
        assertGiven(agreement);
    }
}
