// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Disclosure, Question } from "../../../contracts/types/Question.sol";
import { Scope, Scoped, Scopes, Steps } from "../../../contracts/types/Scope.sol";

contract ScopeTest is Test {
    /// @dev Each part has a place of its own: a word of all ones in one part reads as zero in each other.
    function test_Pack_GivesEachPartAPlaceOfItsOwn() public pure {
        _assertParts(Scoped(type(uint8).max, 0, 0, 0, false, Disclosure.Sealed));
        _assertParts(Scoped(0, type(uint32).max, 0, 0, false, Disclosure.Sealed));
        _assertParts(Scoped(0, 0, type(uint16).max, 0, false, Disclosure.Sealed));
        _assertParts(Scoped(0, 0, 0, 0xffff, false, Disclosure.Sealed));
        _assertParts(Scoped(0, 0, 0, 0, true, Disclosure.Sealed));
        _assertParts(Scoped(0, 0, 0, 0, false, Disclosure.Outcome));
        _assertParts(Scoped(0, 0, 0, 0, false, Disclosure.OutcomeAndScore));
        _assertParts(Scoped(0, 0, 0, 0, false, Disclosure.Everything));
    }

    function testFuzz_Pack_IsUnpacked(
        uint8 steps,
        uint32 modifiers,
        uint16 place,
        bytes2 language,
        bool erasure,
        uint8 disclosure
    ) public pure {
        _assertParts(Scoped(steps, modifiers, place, language, erasure, Disclosure(disclosure % 4)));
    }

    /// @dev It is what subjects agreed to before there was anything to be sealed.
    function testFuzz_OfSteps_GivesEverythingInClear(uint8 steps) public pure {
        Scoped memory parts = Scoped(steps, 0, 0, 0, false, Disclosure.Everything);
        assertEq(Scope.unwrap(Scopes.ofSteps(steps)), Scope.unwrap(Scopes.pack(parts)));
    }

    /// @dev Whatever else both say: with any condition, and with none.
    function testFuzz_Admits_NoMoreInClearThanWasAgreed(uint256 scope, uint256 question) public pure {
        scope = scope & Scopes.ALL | Steps.ALL;
        question &= ~(uint256(0xff) << 80); // the first step
        Question one = Question.wrap(question);
        bool more = one.disclosure() > scope >> 73;
        if (more) assertFalse(Scope.wrap(uint192(scope)).admits(one), "more");
        uint256 free = scope & ~(uint256(type(uint48).max) << 8);
        assertEq(Scope.wrap(uint192(free)).admits(one), !more, "of no condition");
        uint256 met = question | uint256(type(uint32).max) << 112;
        met = met & ~(uint256(0xffff) << 144) | ((scope >> 40) & 0xffff) << 144;
        assertEq(Scope.wrap(uint192(scope)).admits(Question.wrap(met)), !more, "of conditions that are met");
    }

    function _assertParts(Scoped memory scoped) private pure {
        Scope scope = Scopes.pack(scoped);
        uint256 word = Scope.unwrap(scope);
        assertEq(scope.steps(), scoped.steps, "steps");
        assertEq(uint32(word >> 8), scoped.modifiers, "modifiers");
        assertEq(scope.place(), scoped.place, "place");
        assertEq(bytes2(uint16(word >> 56)), scoped.language, "language");
        assertEq((word >> 72) & 1, scoped.erasure ? 1 : 0, "erasure");
        assertEq(scope.disclosure(), uint8(scoped.disclosure), "disclosure");
        assertEq(word >> 73, uint8(scoped.disclosure), "above all others");
        assertEq(word >> Scopes.BITS, 0, "nothing above");
    }
}
