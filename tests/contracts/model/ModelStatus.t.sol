// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ModelId } from "../../../contracts/types/Ids.sol";
import { ModelState, ModelStatus } from "../../../contracts/types/Model.sol";
import { Quote, Quotes } from "../../../contracts/types/Quote.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract ModelStatusTest is AssentTest {
    function testFuzz_GivenItWasNeverPublished(ModelId id) public view {
        vm.assume(id != modelId);
        ModelStatus memory nothing;
        assertEq(abi.encode(assent.modelStatus(id)), abi.encode(nothing), "nothing");
    }

    function test_GivenItWasPublished() public {
        skip(1 days);
        _assertStatus(ModelState.Published, START);
    }

    function test_GivenItWasDeprecated() public {
        skip(1 days);
        vm.prank(publisher);
        assent.deprecate(model);
        skip(1 days);
        _assertStatus(ModelState.Deprecated, START + 1 days);
    }

    /// @dev A price is the agreement's: it takes the quote's other bits, and never touches the model's.
    function testFuzz_GivenItWasPublished_ThenTheQuoteIsThatWithoutAPrice(uint96 price, uint96 fee) public {
        (model.fee, agreement.terms.price) = (fee, price);
        agreement.terms.model = publishAs(model);
        Quote quote = assent.quote(agreement.terms);
        assertEq(Quote.unwrap(quote), Quote.unwrap(expectedQuote()), "with the price");
        uint256 stored = Quote.unwrap(assent.modelStatus(agreement.terms.model).quote);
        assertEq(stored, Quote.unwrap(quote) & Quotes.MODEL_MASK, "without it");
    }

    function _assertStatus(ModelState state, uint40 since) private view {
        ModelStatus memory wanted = ModelStatus(state, since, expectedQuote());
        assertEq(abi.encode(assent.modelStatus(modelId)), abi.encode(wanted), "status");
    }
}
