// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Agreement, AgreementState, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { Answer, Wallet } from "../base/Wallets.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract ManyBySigTest is ConsentTest {
    Agreement[] private many;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            agreement.source.salt = keccak256(abi.encode("salt", i));
            agreement.controller = makeAddr(vm.toString(i));
            many.push(agreement);
        }
    }

    // Given

    function test_RevertWhen_ThereAreNone() public {
        delete many;
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "agreements"));
        assent.giveManyBySig(many, deadline(), "");
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "agreements"));
        assent.withdrawManyBySig(many, deadline(), "");
    }

    function test_RevertWhen_OneIsOfAnotherSubject() public {
        many[1].source.subject = stranger;
        bytes memory signature = _signed(subjectKey, true);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, subject, stranger));
        assent.giveManyBySig(many, deadline(), signature);
        signature = _signed(subjectKey, false);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, subject, stranger));
        assent.withdrawManyBySig(many, deadline(), signature);
    }

    function test_RevertWhen_AStrangerSigned() public {
        bytes memory signature = _signed(strangerKey, true);
        _expectInvalid();
        assent.giveManyBySig(many, deadline(), signature);
        signature = _signed(strangerKey, false);
        _expectInvalid();
        assent.withdrawManyBySig(many, deadline(), signature);
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        uint40 until = deadline();
        bytes memory signature = _signed(subjectKey, true);
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, until, until + 1));
        assent.giveManyBySig(many, until, signature);
    }

    /// @dev Neither fewer, nor more, nor in another order, nor altered.
    function test_RevertWhen_OtherAgreementsAreBroughtThanSigned() public {
        bytes memory signature = _signed(subjectKey, true);
        _swapFirstTwo();
        _expectInvalid();
        assent.giveManyBySig(many, deadline(), signature);
        _swapFirstTwo();
        agreement.source.salt = "one more";
        many.push(agreement);
        _expectInvalid();
        assent.giveManyBySig(many, deadline(), signature);
        many.pop();
        many.pop();
        _expectInvalid();
        assent.giveManyBySig(many, deadline(), signature);
    }

    function test_RevertWhen_AWithdrawalWasSigned() public {
        bytes memory signature = _signed(subjectKey, false);
        _expectInvalid();
        assent.giveManyBySig(many, deadline(), signature);
    }

    function test_RevertWhen_OneIsMalformed() public {
        many[2].terms.uses = 0;
        bytes memory signature = _signed(subjectKey, true);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "uses"));
        assent.giveManyBySig(many, deadline(), signature);
        assertUnknown(many[0]);
    }

    function test_RevertWhen_OneIsThereTwice() public {
        many[2] = many[0];
        bytes memory signature = _signed(subjectKey, true);
        AgreementId id = hasher.agreementId(many[0]);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, id));
        assent.giveManyBySig(many, deadline(), signature);
        assertUnknown(many[1]);
    }

    function test_RevertGiven_OneWasRefused() public {
        vm.prank(subject);
        assent.withdraw(many[1]);
        bytes memory signature = _signed(subjectKey, true);
        AgreementId id = hasher.agreementId(many[1]);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, id));
        assent.giveManyBySig(many, deadline(), signature);
        assertUnknown(many[0]);
    }

    function test_WhenTheSubjectSigned() public {
        _giveAll();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, hasher.agreementId(many[0])));
        this.bring(true);
    }

    function test_WhenTheSubjectIsAContract() public {
        Wallet wallet = becomeWallet(Answer.Honest);
        for (uint256 i = 0; i < many.length; ++i) {
            many[i].source.subject = address(wallet);
        }
        _giveAll();
        _withdrawAll();
    }

    // Withdrawn

    function test_GivenAllAreGiven_WhenTheSubjectSigned() public {
        _giveAll();
        skip(1 days);
        _withdrawAll();
    }

    function test_GivenNoneWasGiven_WhenTheSubjectSigned() public {
        for (uint256 i = 0; i < many.length; ++i) {
            expectWithdrawn(many[i]);
        }
        bring(false);
        for (uint256 i = 0; i < many.length; ++i) {
            assertStatus(many[i], AgreementState.Refused, 0);
        }
    }

    /// @dev Nobody keeps the others from being withdrawn by bringing the withdrawal of one before.
    function test_GivenOneWasWithdrawn_WhenTheSubjectSigned() public {
        _giveAll();
        vm.prank(subject);
        assent.withdraw(many[1]);
        skip(1 days);
        bring(false);
        assertWithdrawn(many[0], many[0].terms.validUntil);
        assertWithdrawn(many[2], many[2].terms.validUntil);
        assertEq(statusOf(many[1]).since, START, "left as it was");
    }

    /// @dev External, so that a revert is this call's.
    function bring(bool giving) public {
        bytes memory signature = _signed(subjectKey, giving);
        vm.prank(relayer);
        if (giving) assent.giveManyBySig(many, deadline(), signature);
        else assent.withdrawManyBySig(many, deadline(), signature);
    }

    function _giveAll() private {
        for (uint256 i = 0; i < many.length; ++i) {
            expectGiven(many[i]);
        }
        bring(true);
        for (uint256 i = 0; i < many.length; ++i) {
            assertGiven(many[i]);
        }
    }

    function _withdrawAll() private {
        for (uint256 i = 0; i < many.length; ++i) {
            expectWithdrawn(many[i]);
        }
        bring(false);
        for (uint256 i = 0; i < many.length; ++i) {
            assertWithdrawn(many[i], many[i].terms.validUntil);
        }
    }

    function _signed(uint256 key, bool giving) private view returns (bytes memory) {
        bytes32[] memory ids = new bytes32[](many.length);
        for (uint256 i = 0; i < many.length; ++i) {
            ids[i] = AgreementId.unwrap(hasher.agreementId(many[i]));
        }
        bytes32 giving_ = Agreements.hashGivingMany(ids, deadline());
        bytes memory compact = sign(key, giving ? giving_ : Agreements.hashWithdrawalOfMany(ids, deadline()));
        return many[0].source.subject.code.length == 0 ? compact : expand(compact); // the form that wallets know
    }

    function _swapFirstTwo() private {
        Agreement memory first = many[0];
        many[0] = many[1];
        many[1] = first;
    }

    function _expectInvalid() private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, subject));
    }
}
