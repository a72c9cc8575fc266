// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { ModelSlot, ModelState, ModelStatus, Models } from "../../../contracts/types/Model.sol";
import { Quote, Quoted, Quotes } from "../../../contracts/types/Quote.sol";

contract QuoteTest is Test {
    function test_Pack_GivesEachPartAPlaceOfItsOwn() public pure {
        _assertParts(Quoted(type(uint8).max, 0, 0, 0, 0, 0));
        _assertParts(Quoted(0, type(uint8).max, 0, 0, 0, 0));
        _assertParts(Quoted(0, 0, type(uint16).max, 0, 0, 0));
        _assertParts(Quoted(0, 0, 0, type(uint32).max, 0, 0));
        _assertParts(Quoted(0, 0, 0, 0, type(uint96).max, 0));
        _assertParts(Quoted(0, 0, 0, 0, 0, type(uint96).max));
    }

    function testFuzz_Pack_IsUnpacked(Quoted memory quoted) public pure {
        _assertParts(quoted);
    }

    /// @dev Joined bytes, the highest first; they fill the word.
    function testFuzz_Pack_IsTheJoinedBytes(Quoted memory quoted) public pure {
        bytes memory joined = abi.encodePacked(
            quoted.price, quoted.fee, quoted.currency, quoted.royalty, quoted.quorum, quoted.outcomeCount
        );
        assertEq(abi.encode(Quotes.pack(quoted)), joined);
    }

    /// @dev Whatever the royalty, up to all of the fee: the operators have the rest, and no wei is lost or made.
    function testFuzz_Royalty_IsThePartOfTheFee_RoundedDown(uint96 fee, uint16 basisPoints) public pure {
        basisPoints = uint16(bound(basisPoints, 0, Quotes.BASIS_POINTS));
        Quote quote = Quotes.pack(Quoted(2, 2, basisPoints, 0, fee, 0));
        uint256 royalty = quote.royalty();
        assertLe(royalty, fee, "no more than the fee");
        assertLe(royalty * Quotes.BASIS_POINTS, uint256(fee) * basisPoints, "not above");
        assertGt((royalty + 1) * Quotes.BASIS_POINTS, uint256(fee) * basisPoints, "not a wei below");
        assertEq(royalty + quote.operatorsPart(), fee, "the rest");
    }

    /// @dev What decides whether an agreement's verdicts are counted. Whoever earns must be counted; who doesn't, may be.
    function testFuzz_RewardsOthers_IfThereIsAPriceOrARoyalty(Quoted memory quoted) public pure {
        _assertRewards(quoted);
        quoted.price = 0;
        _assertRewards(quoted);
        quoted.royalty = 0;
        assertFalse(Quotes.pack(quoted).rewardsOthers(), "the operators alone");
        quoted.price = 1;
        assertTrue(Quotes.pack(quoted).rewardsOthers(), "a wei");
    }

    function _assertRewards(Quoted memory quoted) private pure {
        Quote quote = Quotes.pack(quoted);
        assertEq(quote.rewardsOthers(), quoted.price != 0 || quoted.royalty != 0);
        if (quote.price() != 0 || quote.royalty() != 0) assertTrue(quote.rewardsOthers(), "whoever earns");
    }

    /// @dev Two amounts of 96 bits need 97.
    function test_Total_DoesNotOverflow() public pure {
        Quote quote = Quote.wrap(type(uint256).max);
        assertEq(quote.total(), 2 * uint256(type(uint96).max));
    }

    function testFuzz_ModelSlot_KeepsTheQuoteWithoutAPrice(
        Quoted memory quoted,
        uint40 since,
        uint96 price,
        bool capped
    ) public pure {
        Quote quote = Quotes.pack(quoted);
        ModelState state = ModelState(since % 3);
        ModelSlot slot = Models.slotOf(state, since, quote, capped);
        assertEq(slot.isCapped(), capped, "capped");
        ModelStatus memory status = slot.status();
        assertEq(uint8(slot.state()), uint8(state), "state");
        assertEq(slot.isPublished(), state == ModelState.Published, "published");
        assertEq(uint8(status.state), uint8(state), "state of the status");
        assertEq(status.since, since, "since");
        quoted.price = 0;
        assertEq(Quote.unwrap(status.quote), Quote.unwrap(Quotes.pack(quoted)), "without a price");
        quoted.price = price;
        assertEq(Quote.unwrap(slot.quote(price)), Quote.unwrap(Quotes.pack(quoted)), "with the agreement's");
    }

    function _assertParts(Quoted memory quoted) private pure {
        Quote quote = Quotes.pack(quoted);
        assertEq(quote.outcomeCount(), quoted.outcomeCount, "outcomeCount");
        assertEq(quote.quorum(), quoted.quorum, "quorum");
        assertEq(quote.currency(), quoted.currency, "currency");
        assertEq(quote.fee(), quoted.fee, "fee");
        assertEq(quote.price(), quoted.price, "price");
        assertEq(quote.total(), uint256(quoted.fee) + quoted.price, "total");
        assertEq(quote.royalty(), uint256(quoted.fee) * quoted.royalty / 10_000, "royalty");
    }
}
