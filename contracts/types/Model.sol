// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ModelId } from "./Ids.sol";
import { Quote, Quotes } from "./Quote.sol";

/// @notice One immutable version of a model.
struct Model {
    address publisher;
    /// Digest over the digests of all of its files.
    bytes32 files;
    /// Digest of the input schema.
    bytes32 inputs;
    /// Digest of the list of outcome labels, and how many there are.
    bytes32 outcomes;
    uint8 outcomeCount;
    /// Operators whose quorum must sign each verdict.
    uint8 quorum;
    /// Largest difference between two operators' scores, in parts per million.
    uint24 tolerance;
    /// Price of one verdict, in the currency's smallest unit.
    uint96 fee;
    /// ERC-20 token in which fee and the agreements' prices are paid; the zero address for ether.
    address currency;
    /// The publisher's part of the fee, in basis points.
    uint16 royalty;
    /// Who rules on its challenged verdicts where the committee's bench doesn't, and may overrule it for a while; the zero address: nobody.
    address arbiter;
    /// What may be in escrow for requests that can still be answered, in the currency's smallest unit: half of it is asked in a span of eight
    /// days. 0: no bound.
    uint96 cap;
}

/// @notice How much of a model's cap is taken. One storage slot.
struct Escrow {
    uint96 cap;
    /// Spans of eight days since the epoch of Unix time, and what was asked in that one.
    uint32 span;
    uint128 asked;
}

enum ModelState {
    None,
    Published,
    Deprecated
}

/// @notice What the chain knows of a model.
struct ModelStatus {
    ModelState state;
    uint40 since;
    Quote quote;
}

/// @dev What is stored of a model, in one slot: its quote without a price in the low 160 bits, since when (40), its state (8), whether it
/// has a cap (1).
type ModelSlot is uint256;

using Models for ModelSlot global;

library Models {
    uint256 private constant CAPPED = 1 << 208;

    bytes32 internal constant TYPEHASH = keccak256(
        "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,"
        "uint24 tolerance,uint96 fee,address currency,uint16 royalty,address arbiter,uint96 cap)"
    );

    function id(Model calldata model) internal pure returns (ModelId) {
        return ModelId.wrap(keccak256(abi.encode(TYPEHASH, model)));
    }

    /// @notice What an agreement names instead of one model: all that a publisher has, or will have, in one currency. From the low end:
    /// publisher (160 bits), index of the currency (32). The rest is zero, as it is in no model's id: that is a hash.
    /// @dev In one currency, because the agreement's price is an amount of the model's.
    function by(address publisher, uint32 currency) internal pure returns (ModelId) {
        return ModelId.wrap(bytes32(uint256(uint160(publisher)) | uint256(currency) << 160));
    }

    function slotOf(ModelState state_, uint256 since, Quote quote_, bool capped) internal pure returns (ModelSlot) {
        uint256 terms = Quote.unwrap(quote_) & Quotes.MODEL_MASK;
        return ModelSlot.wrap(terms | since << 160 | uint256(state_) << 200 | (capped ? CAPPED : 0));
    }

    function state(ModelSlot slot) internal pure returns (ModelState) {
        return ModelState(uint8(ModelSlot.unwrap(slot) >> 200));
    }

    function isCapped(ModelSlot slot) internal pure returns (bool) {
        return ModelSlot.unwrap(slot) & CAPPED != 0;
    }

    /// @dev Equals `state() == ModelState.Published`, less two checks of the enum's range.
    function isPublished(ModelSlot slot) internal pure returns (bool) {
        return uint8(ModelSlot.unwrap(slot) >> 200) == uint256(ModelState.Published);
    }

    function status(ModelSlot slot) internal pure returns (ModelStatus memory) {
        return ModelStatus(slot.state(), uint40(ModelSlot.unwrap(slot) >> 160), slot.quote(0));
    }

    function quote(ModelSlot slot, uint96 price) internal pure returns (Quote) {
        return Quote.wrap((ModelSlot.unwrap(slot) & Quotes.MODEL_MASK) | uint256(price) << Quotes.PRICE_SHIFT);
    }
}
