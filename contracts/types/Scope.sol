// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Disclosure, Question } from "./Question.sol";

/// @notice What of an agreement isn't a purpose, in one word. From the low end: steps (8 bits), modifiers (32), place (16), language (16),
/// erasure (1), disclosure (2); the rest is zero.
/// @dev A word of calldata and of event data instead of five. What a subject signs has the parts apart. It is wider than its parts: no
/// function's selector may change when there is one more.
type Scope is uint192;

using Scopes for Scope global;

/// @notice From when, till when, how often and for how much, in one word. From the low end: validFrom (40 bits), validUntil (40), uses (32),
/// price (96).
/// @dev For the event that an agreement was given: a word of its data instead of four.
type Limits is uint256;

/// @notice A scope's parts.
struct Scoped {
    /// Processing steps agreed to, one bit each: see `Steps`.
    uint8 steps;
    /// What the controller must undertake for each use, one bit each: see `Modifiers`.
    uint32 modifiers;
    /// Where alone it may be used: an ISO 3166-1 numeric code; 0 for anywhere.
    uint16 place;
    /// Language of the notice that the subject was shown: an ISO 639-1 code; 0 if it isn't said.
    bytes2 language;
    /// Whether the record must be erased when the agreement ends, by the vault and by whoever was given fields of it.
    bool erasure;
    /// The most that a question may ask to have in clear.
    Disclosure disclosure;
}

library Scopes {
    uint256 internal constant BITS = 75;
    /// The bits that a scope may have.
    uint256 internal constant ALL =
        Steps.ALL | uint256(Modifiers.ALL) << 8 | uint256(type(uint32).max) << 40 | uint256(7) << 72;
    uint256 private constant CONDITIONS = uint256(type(uint48).max) << 8;

    function pack(Scoped memory scoped) internal pure returns (Scope) {
        return Scope.wrap(
            uint192(scoped.steps) | uint192(scoped.modifiers) << 8 | uint192(scoped.place) << 40
                | uint192(uint16(scoped.language)) << 56 | uint192(scoped.erasure ? 1 : 0) << 72
                | uint192(scoped.disclosure) << 73
        );
    }

    /// @notice A scope of these steps, no condition, and everything in clear.
    function ofSteps(uint256 steps_) internal pure returns (Scope) {
        return Scope.wrap(uint192(steps_) | uint192(Disclosure.Everything) << 73);
    }

    function steps(Scope scope) internal pure returns (uint8) {
        return uint8(Scope.unwrap(scope));
    }

    function modifiers(Scope scope) internal pure returns (uint32) {
        return uint32(Scope.unwrap(scope) >> 8);
    }

    function place(Scope scope) internal pure returns (uint16) {
        return uint16(Scope.unwrap(scope) >> 40);
    }

    /// @return A `Disclosure`.
    function disclosure(Scope scope) internal pure returns (uint256) {
        return (Scope.unwrap(scope) >> 73) & 3;
    }

    /// @notice Whether the question's step is agreed to, it has no more in clear, and its controller undertakes what the agreement asks for.
    function admits(Scope scope, Question question) internal pure returns (bool) {
        if ((scope.steps() >> question.step()) & 1 == 0) return false;
        if (question.disclosure() > scope.disclosure()) return false;
        // The common case: no condition.
        if (Scope.unwrap(scope) & CONDITIONS == 0) return true;
        return scope.unmet(question) == 0 && scope.isAt(question);
    }

    /// @notice The modifiers that the question leaves out.
    function unmet(Scope scope, Question question) internal pure returns (uint32) {
        return scope.modifiers() & ~question.modifiers();
    }

    /// @notice Whether the question's place is one where the record may be used.
    function isAt(Scope scope, Question question) internal pure returns (bool) {
        return scope.place() == 0 || scope.place() == question.place();
    }
}

/// @notice Processing steps: consent to infer is not consent to train.
library Steps {
    uint8 internal constant INFER = 0;
    uint8 internal constant TRAIN = 1;
    uint8 internal constant EVALUATE = 2;
    uint8 internal constant AGGREGATE = 3;
    uint8 internal constant SHARE = 4;

    uint8 internal constant COUNT = 5;
    uint8 internal constant ALL = 0x1f;
}

/// @notice The modifiers of the GA4GH Data Use Ontology (DUO) as bits: what a controller undertakes, by setting the bit in its question,
/// wherever the agreement has it. Places in the mask are never used again for another.
library Modifiers {
    /// DUO:0000012, research of a certain type.
    uint8 internal constant RS = 0;
    /// DUO:0000015, no general methods research.
    uint8 internal constant NMDS = 1;
    /// DUO:0000016, genetic studies only.
    uint8 internal constant GSO = 2;
    /// DUO:0000018, not for profit, non commercial use only.
    uint8 internal constant NPUNCU = 3;
    /// DUO:0000019, publication required.
    uint8 internal constant PUB = 4;
    /// DUO:0000020, collaboration required.
    uint8 internal constant COL = 5;
    /// DUO:0000021, ethics approval required.
    uint8 internal constant IRB = 6;
    /// DUO:0000024, publication moratorium.
    uint8 internal constant MOR = 7;
    /// DUO:0000026, user specific.
    uint8 internal constant US = 8;
    /// DUO:0000027, project specific.
    uint8 internal constant PS = 9;
    /// DUO:0000028, institution specific.
    uint8 internal constant IS = 10;
    /// DUO:0000029, return to the database.
    uint8 internal constant RTN = 11;
    /// DUO:0000043, clinical care.
    uint8 internal constant CC = 12;
    /// DUO:0000044, no population origins or ancestry research.
    uint8 internal constant NPOA = 13;
    /// DUO:0000045, not for profit organisations only.
    uint8 internal constant NPU = 14;
    /// DUO:0000046, non commercial use only.
    uint8 internal constant NCU = 15;

    /// @dev Two of DUO's modifiers are terms of their own: time limit (`validUntil`) and geographical restriction (`place`).
    uint8 internal constant COUNT = 16;
    uint32 internal constant ALL = 0xffff;
}
