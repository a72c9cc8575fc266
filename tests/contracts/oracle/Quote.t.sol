// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ModelId } from "../../../contracts/types/Ids.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract QuoteTest is OracleTest {
    function test_RevertGiven_TheModelWasNeverPublished() public {
        agreement.terms.model = ModelId.wrap(keccak256("unknown"));
        _expectNotPublished();
    }

    function test_RevertGiven_TheModelWasDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        _expectNotPublished();
    }

    function test_GivenTheModelIsPaidInAToken() public {
        useToken(address(new Token()));
        Quote quote = assent.quote(agreement.terms);
        assertEq(quote.currency(), 1, "index");
        assertEq(assent.currencyAt(quote.currency()), model.currency, "token");
        _assertQuote(quote);
    }

    function test_GivenTheAgreementWasNeverGiven() public view {
        _assertQuote(assent.quote(agreement.terms));
    }

    function testFuzz_WhenModelAndPriceAreAny(uint8 outcomes, uint8 quorum, uint96 fee, uint96 price, uint16 royalty)
        public
    {
        model.files = keccak256("another version's");
        model.outcomeCount = uint8(bound(outcomes, 2, 255));
        model.quorum = uint8(bound(quorum, 2, 4));
        model.royalty = uint16(bound(royalty, 0, 5000));
        model.fee = fee;
        agreement.terms.model = publishAs(model);
        agreement.terms.price = price;
        _assertQuote(assent.quote(agreement.terms));
    }

    function _assertQuote(Quote quote) private view {
        assertEq(quote.outcomeCount(), model.outcomeCount, "outcomes");
        assertEq(quote.quorum(), model.quorum, "quorum");
        assertEq(quote.currency(), currencyIndex, "currency");
        assertEq(quote.fee(), model.fee, "fee");
        assertEq(quote.price(), agreement.terms.price, "price");
        assertEq(quote.royalty(), uint256(model.fee) * model.royalty / 10_000, "royalty");
        assertEq(quote.total(), uint256(model.fee) + agreement.terms.price, "total");
        assertEq(Quote.unwrap(quote), Quote.unwrap(quoteNow()), "word");
    }

    function _expectNotPublished() private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, agreement.terms.model));
        assent.quote(agreement.terms);
    }
}
