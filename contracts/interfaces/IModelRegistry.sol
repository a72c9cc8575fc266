// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ModelId } from "../types/Ids.sol";
import { Model, ModelStatus } from "../types/Model.sol";

/// @title Published models
/// @notice One entry is one immutable version. Its id commits to every file, to the input schema, and to the terms of a verdict.
interface IModelRegistry {
    /// @param uri Where the package can be had; its content is fixed by `model.files`, so the place needs no trust.
    event ModelPublished(ModelId indexed id, address indexed publisher, Model model, string uri);
    event ModelDeprecated(ModelId indexed id, address indexed publisher);
    /// @notice A token has an index from now on; quotes name it by that.
    event CurrencyListed(uint32 indexed index, address indexed currency);

    error NotPublisher(address sender, address publisher);
    error ModelExists(ModelId id);
    error ModelMalformed(string term);
    /// @notice A quorum that one operator alone, or more than the smallest committee, would have to reach.
    error QuorumUnsafe(uint256 given, uint256 least, uint256 most);
    /// @notice Never published, or deprecated.
    error ModelNotPublished(ModelId id);
    /// @notice Half of the model's cap is asked within this span of eight days: ask later.
    error CapReached(uint256 asked, uint256 most);
    /// @notice No model is paid in it.
    error CurrencyUnknown(address currency);
    /// @notice All indices are taken: choose a currency that a model is paid in already.
    error CurrenciesFull(uint256 most);

    /// @notice Publishes a model version; the sender is its publisher.
    function publish(Model calldata model, string calldata uri) external returns (ModelId id);

    /// @notice Deprecates a model version: no new request may name it. Requests already open, standing ones too, are still answered.
    function deprecate(Model calldata model) external;

    function modelStatus(ModelId id) external view returns (ModelStatus memory);

    /// @notice The token with this index; the zero address, for ether, with 0.
    function currencyAt(uint32 index) external view returns (address);
}
