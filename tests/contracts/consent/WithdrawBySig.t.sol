// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { AgreementState, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Answer, Wallet } from "../base/Wallets.sol";

contract WithdrawBySigTest is AssentTest {
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

    function test_RevertWhen_AnotherDeadlineWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        until += 1;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherAgreementWasSigned() public {
        bytes memory signature = _signed(subjectKey);
        agreement.salt = keccak256("another salt");
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

    function test_RevertWhen_AGivingWasSigned() public {
        _expectInvalid(sign(subjectKey, Agreements.hashGiving(agreementId, until)));
    }

    function test_RevertWhen_SIsHigh() public {
        _expectInvalid(malleate(_signed(subjectKey)));
        _expectInvalid(malleateCompact(_signed(subjectKey)));
    }

    function test_GivenItWasNeverGiven() public {
        agreement.salt = keccak256("another salt");
        agreementId = hasher.agreementId(agreement);
        _assertWithdraws(_signed(subjectKey));
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        vm.prank(subject);
        assent.give(agreement);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        assent.withdrawBySig(agreement, until, _signed(subjectKey));
        _expectNotGiven();
    }

    function test_WhenTheSubjectIsAKey() public {
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementWithdrawn(agreementId, subject);
        _assertWithdraws(_signed(subjectKey));
    }

    function test_WhenTheSignatureHas65Bytes() public {
        _assertWithdraws(expand(_signed(subjectKey)));
    }

    function test_WhenTheSubjectIsAKeyWithDelegatedCode() public {
        Wallet wallet = new Wallet(stranger);
        vm.etch(subject, abi.encodePacked(hex"ef0100", address(wallet)));
        _assertWithdraws(_signed(subjectKey));
    }

    function test_WhenTheSubjectIsAContractThatAgrees() public {
        _becomeWallet();
        _assertWithdraws(expand(_signed(subjectKey)));
    }

    function test_RevertWhen_TheSubjectIsAContractThatRefuses() public {
        Wallet wallet = _becomeWallet();
        wallet.set(Answer.Refusal);
        _expectInvalid(expand(_signed(subjectKey)));
    }

    function _signed(uint256 key) private view returns (bytes memory) {
        return sign(key, Agreements.hashWithdrawal(agreementId, until));
    }

    function _becomeWallet() private returns (Wallet wallet) {
        wallet = new Wallet(subject);
        agreement.subject = address(wallet);
        give();
    }

    function _expectInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.subject));
        vm.prank(relayer);
        assent.withdrawBySig(agreement, until, signature);
        assertEq(uint8(_state()), uint8(AgreementState.Given), "state");
    }

    function _expectNotGiven() private {
        bytes memory signature = _signed(subjectKey);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        assent.withdrawBySig(agreement, until, signature);
    }

    function _assertWithdraws(bytes memory signature) private {
        vm.prank(relayer);
        assent.withdrawBySig(agreement, until, signature);
        assertEq(uint8(_state()), uint8(AgreementState.Withdrawn), "state");
    }

    function _state() private view returns (AgreementState) {
        AgreementId id = hasher.agreementId(agreement);
        return assent.agreementStatus(id).state;
    }
}
