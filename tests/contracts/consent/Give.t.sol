// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { AgreementStatus, Source, Terms } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId } from "../../../contracts/types/Ids.sol";
import { Disclosure } from "../../../contracts/types/Question.sol";
import { Modifiers, Scope, Scoped, Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract GiveTest is ConsentTest {
    function test_RevertWhen_TheSenderIsNotTheSubject() public {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, controller, subject));
        vm.prank(controller);
        assent.give(agreement);
        assertUnknown(agreement);
    }

    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != subject);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.give(agreement);
    }

    function test_RevertWhen_NoPurposeIsAgreedTo() public {
        agreement.terms.purposes = 0;
        _expectMalformed("purposes");
    }

    function test_RevertWhen_APurposeIsUnknown() public {
        agreement.terms.purposes |= 1 << Purposes.COUNT;
        _expectMalformed("purposes");
        agreement.terms.purposes = 1 << 255;
        _expectMalformed("purposes");
    }

    function test_RevertWhen_AProhibitedPurposeIsUnknown() public {
        agreement.terms.prohibited = 1 << Purposes.COUNT;
        _expectMalformed("prohibited");
        agreement.terms.prohibited = 1 << 255;
        _expectMalformed("prohibited");
    }

    function test_RevertWhen_NoStepIsAgreedTo() public {
        agreement.terms.scope = Scopes.ofSteps(0);
        _expectMalformed("steps");
        agreement.terms.scope = Scopes.pack(Scoped(0, 1, 276, "en", true, Disclosure.Everything));
        _expectMalformed("steps");
    }

    function test_RevertWhen_AStepIsUnknown() public {
        agreement.terms.scope = Scopes.ofSteps(Steps.ALL | 1 << Steps.COUNT);
        _expectMalformed("steps");
        agreement.terms.scope = Scopes.ofSteps(0x80);
        _expectMalformed("steps");
    }

    function test_RevertWhen_AModifierIsUnknown() public {
        for (uint256 bit = Modifiers.COUNT; bit < 32; ++bit) {
            agreement.terms.scope = Scopes.pack(Scoped(1, uint32(1 << bit), 0, 0, false, Disclosure.Sealed));
            _expectMalformed("scope");
        }
    }

    function test_RevertWhen_TheScopeHasABitBeyond() public {
        for (uint256 bit = Scopes.BITS; bit < 192; ++bit) {
            agreement.terms.scope = Scope.wrap(uint192(1 | 1 << bit));
            _expectMalformed("scope");
        }
    }

    function test_RevertWhen_ThereIsNoUse() public {
        agreement.terms.uses = 0;
        _expectMalformed("uses");
    }

    function test_RevertWhen_TheValidityIsOver() public {
        agreement.terms.validUntil = START;
        _expectMalformed("validUntil");
    }

    function test_RevertWhen_TheValidityIsEmpty() public {
        agreement.terms.validFrom = agreement.terms.validUntil;
        _expectMalformed("validFrom");
    }

    function test_RevertWhen_ThereIsNoHolder() public {
        agreement.source.holder = address(0);
        _expectMalformed("holder");
    }

    function test_RevertGiven_ItWasGiven() public {
        give();
        _expectExists();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectExists();
    }

    function test_RevertGiven_ItWasWithdrawnBeforeItWasGiven() public {
        withdraw();
        _expectExists();
    }

    function test_RevertGiven_ItHasExpired() public {
        give();
        vm.warp(agreement.terms.validUntil);
        AgreementStatus memory before = statusOf(agreement);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "validUntil"));
        vm.prank(subject);
        assent.give(agreement);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "status");
    }

    function test_WhenEveryTermIsMeant() public {
        _assertGives();
    }

    function test_WhenEveryTermIsAtItsUpperLimit() public {
        agreement.terms = Terms({
            model: ModelId.wrap(bytes32(type(uint256).max)),
            purposes: Purposes.ALL,
            prohibited: Purposes.ALL,
            scope: Scopes.pack(Scoped(Steps.ALL, Modifiers.ALL, type(uint16).max, 0xffff, true, Disclosure.Everything)),
            validFrom: type(uint40).max - 1,
            validUntil: type(uint40).max,
            uses: type(uint32).max,
            price: type(uint96).max
        });
        _assertGives();
    }

    function test_WhenEveryTermIsAtItsLowerLimit() public {
        agreement.terms = Terms({
            model: ModelId.wrap(0),
            purposes: 1,
            prohibited: 0,
            scope: Scopes.ofSteps(1),
            validFrom: 0,
            validUntil: START + 1,
            uses: 1,
            price: 0
        });
        _assertGives();
    }

    function test_WhenOnlyTheSaltDiffersFromOneWithdrawn() public {
        give();
        withdraw();
        agreement.source.salt = keccak256("another salt");
        _assertGives();
    }

    function testFuzz_WhenSourceAndControllerAreAny(Source memory source, address anyController) public {
        vm.assume(source.holder != address(0));
        (agreement.source, agreement.controller) = (source, anyController);
        _assertGives();
    }

    /// @dev Each term is drawn from a little more than its limits, so that all meant is common.
    function testFuzz_WhenTheTermsAreAny(Terms memory terms) public {
        terms.purposes = bound(terms.purposes, 0, Purposes.ALL + (Purposes.ALL >> 3));
        terms.prohibited = bound(terms.prohibited, 0, Purposes.ALL + (Purposes.ALL >> 3));
        terms.scope = _anyScope(Scope.unwrap(terms.scope));
        terms.uses = uint32(bound(terms.uses, 0, 8));
        terms.validFrom = uint40(bound(terms.validFrom, START - 10, START + 10));
        terms.validUntil = uint40(bound(terms.validUntil, START - 3, START + 20));
        agreement.terms = terms;
        string memory flaw = _flawOf(terms);
        if (bytes(flaw).length == 0) _assertGives();
        else _expectMalformed(flaw);
    }

    /// @return The first term that can't be meant; nothing if there is none.
    function _flawOf(Terms memory terms) private pure returns (string memory) {
        if (terms.purposes == 0 || terms.purposes > Purposes.ALL) return "purposes";
        if (terms.prohibited > Purposes.ALL) return "prohibited";
        if (terms.scope.steps() == 0 || terms.scope.steps() > Steps.ALL) return "steps";
        if (terms.scope.modifiers() > Modifiers.ALL || Scope.unwrap(terms.scope) >> Scopes.BITS != 0) return "scope";
        if (terms.uses == 0) return "uses";
        if (terms.validUntil <= START) return "validUntil";
        return terms.validFrom >= terms.validUntil ? "validFrom" : "";
    }

    /// @dev Mostly sound; now and then a step, a modifier or a bit that doesn't exist.
    function _anyScope(uint256 seed) private pure returns (Scope) {
        uint256 word = seed & (Scopes.ALL & ~uint256(0xff)) | bound(seed & 0xff, 0, Steps.ALL + 4);
        if (seed >> 240 < 0x2000) word |= 1 << (8 + 16 + (seed >> 232) % 16);
        if (seed >> 240 > 0xe000) word |= 1 << (Scopes.BITS + (seed >> 224) % (192 - Scopes.BITS));
        return Scope.wrap(uint192(word));
    }

    function _expectMalformed(string memory term) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, term));
        vm.prank(subject);
        assent.give(agreement);
        assertUnknown(agreement);
    }

    function _expectExists() private {
        AgreementStatus memory before = statusOf(agreement);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        vm.prank(subject);
        assent.give(agreement);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "status");
    }

    function _assertGives() private {
        AgreementId wanted = hasher.agreementId(agreement);
        expectGiven(agreement);
        vm.prank(agreement.source.subject);
        AgreementId id = assent.give(agreement);
        assertTrue(id == wanted, "id");
        assertGiven(agreement);
    }
}
