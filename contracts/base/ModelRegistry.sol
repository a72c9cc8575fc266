// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { ModelId } from "../types/Ids.sol";
import { Model, ModelState, ModelStatus, Models } from "../types/Model.sol";
import { Pools } from "../types/Pool.sol";
import { Quote, Quoted, Quotes } from "../types/Quote.sol";
import { Requests } from "./Requests.sol";

/// @dev What publishers do.
abstract contract ModelRegistry is IModelRegistry, Requests {
    using Models for Model;

    uint8 internal constant MIN_QUORUM = 2;
    uint24 internal constant MAX_TOLERANCE = 1_000_000;
    /// Half of the fee: the operators do the work.
    uint16 internal constant MAX_ROYALTY = 5000;

    /// @inheritdoc IModelRegistry
    function publish(Model calldata model, string calldata uri) external returns (ModelId id) {
        if (msg.sender != model.publisher) revert NotPublisher(msg.sender, model.publisher);
        _wellFormed(model);
        id = model.id();
        if (_models[id].state() != ModelState.None) revert ModelExists(id);
        Quote quote_ = Quotes.pack(
            Quoted({
                outcomeCount: model.outcomeCount,
                quorum: model.quorum,
                royalty: model.royalty,
                currency: _list(model.currency),
                fee: model.fee,
                price: 0
            })
        );
        _models[id] = Models.slotOf(ModelState.Published, block.timestamp, quote_, model.cap != 0);
        if (model.arbiter != address(0)) _arbiters[id] = model.arbiter;
        if (model.cap != 0) _escrows[id].cap = model.cap;
        emit ModelPublished(id, msg.sender, model, uri);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(Model calldata model) external {
        if (msg.sender != model.publisher) revert NotPublisher(msg.sender, model.publisher);
        ModelId id = model.id();
        _models[id] = Models.slotOf(ModelState.Deprecated, block.timestamp, _published(id).quote(0), false);
        emit ModelDeprecated(id, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function modelStatus(ModelId id) external view returns (ModelStatus memory) {
        return _models[id].status();
    }

    /// @inheritdoc IModelRegistry
    function currencyAt(uint32 index) external view returns (address) {
        return _tokens[index];
    }

    /// @dev Reverts with `QuorumUnsafe` unless a committee of the least size can reach it.
    function _mustBeReachable(uint8 quorum) internal virtual;

    function _wellFormed(Model calldata model) private {
        if (model.files == 0) revert ModelMalformed("files");
        if (model.outcomeCount < 2) revert ModelMalformed("outcomeCount");
        if (model.tolerance > MAX_TOLERANCE) revert ModelMalformed("tolerance");
        // Half of it is asked in a week: with less nobody could ask at all.
        if (model.cap != 0 && model.cap < 2 * uint256(model.fee)) revert ModelMalformed("cap");
        if (model.royalty > MAX_ROYALTY) revert ModelMalformed("royalty");
        // A token that isn't there yet could be anything once it is.
        if (model.currency != address(0) && model.currency.code.length == 0) revert ModelMalformed("currency");
        _mustBeReachable(model.quorum);
    }

    function _list(address token) private returns (uint32 index) {
        if (token == address(0)) return 0;
        index = _indexes[token];
        if (index != 0) return index;
        if (_tokenCount == Pools.MAX_CURRENCY) revert CurrenciesFull(Pools.MAX_CURRENCY);
        index = ++_tokenCount;
        (_indexes[token], _tokens[index]) = (index, token);
        emit CurrencyListed(index, token);
    }
}
