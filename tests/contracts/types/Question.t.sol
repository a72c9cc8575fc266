// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";

contract QuestionTest is Test {
    /// @dev Each part has a place of its own: a word of all ones in one part reads as zero in each other.
    function test_Pack_GivesEachPartAPlaceOfItsOwn() public pure {
        _assertParts(Asked(type(uint32).max, 0, 0, 0, 0, Delivery.Recorded, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, type(uint40).max, 0, 0, 0, Delivery.Recorded, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, 0, type(uint8).max, 0, 0, Delivery.Recorded, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, 0, 0, type(uint8).max, 0, Delivery.Recorded, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, type(uint16).max, Delivery.Recorded, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Anchored, Disclosure.Sealed, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Recorded, Disclosure.Outcome, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Recorded, Disclosure.OutcomeAndScore, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Recorded, Disclosure.Everything, 0, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Recorded, Disclosure.Sealed, type(uint32).max, 0));
        _assertParts(Asked(0, 0, 0, 0, 0, Delivery.Recorded, Disclosure.Sealed, 0, type(uint16).max));
    }

    function testFuzz_Pack_IsUnpacked(
        uint32 use,
        uint40 deadline,
        uint8 purpose,
        uint8 step,
        uint16 callback,
        bool anchored,
        uint8 disclosed,
        uint32 modifiers,
        uint16 place
    ) public pure {
        Delivery delivery = anchored ? Delivery.Anchored : Delivery.Recorded;
        Disclosure disclosure = Disclosure(disclosed % 4);
        _assertParts(Asked(use, deadline, purpose, step, callback, delivery, disclosure, modifiers, place));
    }

    /// @dev Joined bytes, the highest first.
    function testFuzz_Pack_IsTheJoinedBytes(
        uint32 use,
        uint40 deadline,
        uint8 purpose,
        uint8 step,
        uint16 callback,
        uint8 said,
        uint32 modifiers,
        uint16 place
    ) public pure {
        said &= 7;
        Asked memory parts = Asked(
            use, deadline, purpose, step, callback, Delivery(said & 1), Disclosure(said >> 1), modifiers, place
        );
        bytes memory low = abi.encodePacked(said, callback, step, purpose, deadline, use);
        bytes memory joined = abi.encodePacked(new bytes(12), place, modifiers, low);
        Question question = Questions.pack(parts);
        assertEq(abi.encode(question), joined);
        assertEq(Question.unwrap(question) >> Questions.BITS, 0, "nothing above");
    }

    /// @dev Few random words are well-formed: the second leaves only the bits of the parts.
    function testFuzz_IsWellFormed_TellsSoundOnesFromOthers(uint256 word) public pure {
        _assertTold(Question.wrap(word));
        _assertTold(Question.wrap(word >> 96 & ~(uint256(0xf8) << 104)));
    }

    function test_IsWellFormed_IsFalse_ForEveryBitBeyond() public pure {
        assertTrue(Question.wrap(1 << 104).isWellFormed(), "the last delivery");
        assertTrue(Question.wrap(3 << 105).isWellFormed(), "the last disclosure");
        for (uint256 bit = 105; bit < 256; ++bit) {
            if (bit < 107 || (bit >= 112 && bit < Questions.BITS)) {
                assertTrue(Question.wrap(1 << bit).isWellFormed(), "a part's");
            } else {
                assertFalse(Question.wrap(1 << bit).isWellFormed(), vm.toString(bit));
            }
        }
    }

    function test_IsWellFormed_IsFalse_ForACallbackThatCannotBeMade() public pure {
        assertTrue(
            Questions.pack(Asked(0, 0, 0, 0, Questions.MAX_CALLBACK, Delivery.Recorded, Disclosure.Sealed, 0, 0))
                .isWellFormed()
        );
        assertFalse(
            Questions.pack(Asked(0, 0, 0, 0, Questions.MAX_CALLBACK + 1, Delivery.Recorded, Disclosure.Sealed, 0, 0))
                .isWellFormed()
        );
        assertFalse(
            Questions.pack(Asked(0, 0, 0, 0, type(uint16).max, Delivery.Recorded, Disclosure.Sealed, 0, 0))
                .isWellFormed()
        );
    }

    /// @dev Well-formed is what is packed of parts that exist, and nothing else.
    function _assertTold(Question question) private pure {
        bool sound = question.callback() <= 2000;
        if (sound) {
            Delivery delivery = Delivery(question.delivery());
            Asked memory parts = Asked(
                question.use(),
                question.deadline(),
                question.purpose(),
                question.step(),
                question.callback(),
                delivery,
                Disclosure(question.disclosure()),
                question.modifiers(),
                question.place()
            );
            sound = Question.unwrap(Questions.pack(parts)) == Question.unwrap(question);
        }
        assertEq(question.isWellFormed(), sound);
    }

    function testFuzz_ForRound_ChangesUseAndDeadlineOnly(uint256 word, uint32 use, uint40 deadline) public pure {
        Question question = Question.wrap(word);
        Question round = question.forRound(use, deadline);
        assertEq(round.use(), use, "use");
        assertEq(round.deadline(), deadline, "deadline");
        assertEq(Question.unwrap(round) >> 72, word >> 72, "the rest");
        assertEq(round.isWellFormed(), question.isWellFormed(), "well-formed");
    }

    function _assertParts(Asked memory asked) private pure {
        Question question = Questions.pack(asked);
        assertEq(question.use(), asked.use, "use");
        assertEq(question.deadline(), asked.deadline, "deadline");
        assertEq(question.purpose(), asked.purpose, "purpose");
        assertEq(question.step(), asked.step, "step");
        assertEq(question.callback(), asked.callback, "callback");
        assertEq(question.delivery(), uint8(asked.delivery), "delivery");
        assertEq(question.disclosure(), uint8(asked.disclosure), "disclosure");
        assertEq(question.modifiers(), asked.modifiers, "modifiers");
        assertEq(question.place(), asked.place, "place");
    }
}
