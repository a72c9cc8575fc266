// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a request costs and what its verdict needs, in one word. From the low end: outcomes (8 bits), quorum (8), royalty (16),
/// currency (32), fee (96), price (96).
/// @dev The low 160 bits are the model's and stored with it, so a quote is made by one `or`. Immutable, for model and agreement are.
type Quote is uint256;

using Quotes for Quote global;

/// @notice A quote's parts; amounts in the smallest unit of the currency.
struct Quoted {
    uint8 outcomeCount;
    /// Operators whose signatures a verdict needs at least.
    uint8 quorum;
    /// The publisher's part of the fee, in basis points.
    uint16 royalty;
    /// Index of the currency; 0 is ether.
    uint32 currency;
    /// The model's price of a verdict: the operators' and the publisher's.
    uint96 fee;
    /// The subject's price of a verdict.
    uint96 price;
}

library Quotes {
    uint256 internal constant PRICE_SHIFT = 160;
    uint256 internal constant MODEL_MASK = (1 << PRICE_SHIFT) - 1;
    uint256 internal constant BASIS_POINTS = 10_000;
    /// The bits of price and royalty.
    uint256 private constant OTHERS = ~MODEL_MASK | 0xffff << 16;

    function pack(Quoted memory quoted) internal pure returns (Quote) {
        return Quote.wrap(
            uint256(quoted.outcomeCount) | uint256(quoted.quorum) << 8 | uint256(quoted.royalty) << 16
                | uint256(quoted.currency) << 32 | uint256(quoted.fee) << 64 | uint256(quoted.price) << PRICE_SHIFT
        );
    }

    function outcomeCount(Quote quote) internal pure returns (uint8) {
        return uint8(Quote.unwrap(quote));
    }

    function quorum(Quote quote) internal pure returns (uint8) {
        return uint8(Quote.unwrap(quote) >> 8);
    }

    function currency(Quote quote) internal pure returns (uint32) {
        return uint32(Quote.unwrap(quote) >> 32);
    }

    function fee(Quote quote) internal pure returns (uint256) {
        return uint96(Quote.unwrap(quote) >> 64);
    }

    function price(Quote quote) internal pure returns (uint256) {
        return Quote.unwrap(quote) >> PRICE_SHIFT;
    }

    /// @notice What the controller puts in escrow.
    function total(Quote quote) internal pure returns (uint256) {
        unchecked {
            return quote.fee() + quote.price(); // of 96 bits each
        }
    }

    /// @notice The publisher's part of the fee, rounded down: the operators have the odd wei.
    function royalty(Quote quote) internal pure returns (uint256) {
        unchecked {
            return quote.fee() * uint16(Quote.unwrap(quote) >> 16) / BASIS_POINTS; // of 96 and 16 bits
        }
    }

    /// @notice The operators' part of the fee.
    function operatorsPart(Quote quote) internal pure returns (uint256) {
        if (!quote.rewardsOthers()) return quote.fee();
        unchecked {
            return quote.fee() - quote.royalty(); // a royalty is at most half of the fee
        }
    }

    /// @notice Whether subject or publisher may earn by a verdict: there is a price or a royalty.
    function rewardsOthers(Quote quote) internal pure returns (bool) {
        return Quote.unwrap(quote) & OTHERS != 0;
    }
}
