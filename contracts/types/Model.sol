// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ModelId } from "./Ids.sol";

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
    /// Price of one verdict, in wei.
    uint96 fee;
}

enum ModelState {
    None,
    Published,
    Deprecated
}

/// @dev One storage slot.
struct ModelStatus {
    ModelState state;
    uint40 since;
    uint8 outcomeCount;
    uint8 quorum;
    uint96 fee;
}

library Models {
    bytes32 internal constant TYPEHASH = keccak256(
        "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,uint24 tolerance,uint96 fee)"
    );

    function id(Model calldata model) internal pure returns (ModelId) {
        return ModelId.wrap(keccak256(abi.encode(TYPEHASH, model)));
    }
}
