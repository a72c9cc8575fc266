// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "./interfaces/IModelRegistry.sol";
import { ModelId } from "./types/Ids.sol";
import { Model, ModelState, ModelStatus, Models } from "./types/Model.sol";

abstract contract ModelRegistry is IModelRegistry {
    using Models for Model;

    uint8 internal constant MIN_QUORUM = 2;
    uint24 internal constant MAX_TOLERANCE = 1_000_000;

    mapping(ModelId id => ModelStatus status) private _models;

    /// @inheritdoc IModelRegistry
    function publish(Model calldata model, string calldata uri) external returns (ModelId id) {
        if (msg.sender != model.publisher) revert NotPublisher(msg.sender, model.publisher);
        if (model.files == 0) revert ModelMalformed("files");
        if (model.outcomeCount < 2) revert ModelMalformed("outcomeCount");
        if (model.tolerance > MAX_TOLERANCE) revert ModelMalformed("tolerance");
        uint256 most = _smallestCommittee();
        if (model.quorum < MIN_QUORUM || model.quorum > most) revert QuorumUnsafe(model.quorum, MIN_QUORUM, most);
        id = model.id();
        if (_models[id].state != ModelState.None) revert ModelExists(id);
        _models[id] =
            ModelStatus(ModelState.Published, uint40(block.timestamp), model.outcomeCount, model.quorum, model.fee);
        emit ModelPublished(id, msg.sender, model, uri);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(Model calldata model) external {
        if (msg.sender != model.publisher) revert NotPublisher(msg.sender, model.publisher);
        ModelId id = model.id();
        _published(id);
        _models[id].state = ModelState.Deprecated;
        _models[id].since = uint40(block.timestamp);
        emit ModelDeprecated(id, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function modelStatus(ModelId id) external view returns (ModelStatus memory) {
        return _models[id];
    }

    function _published(ModelId id) internal view returns (ModelStatus storage status) {
        status = _models[id];
        if (status.state != ModelState.Published) revert ModelNotPublished(id);
    }

    /// @dev No epoch has fewer members, so a quorum up to this is always reachable.
    function _smallestCommittee() internal view virtual returns (uint256);
}
