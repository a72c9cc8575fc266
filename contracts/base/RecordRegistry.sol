// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRecordRegistry } from "../interfaces/IRecordRegistry.sol";
import { RecordId } from "../types/Ids.sol";
import { RecordIds, RecordState, RecordStatus } from "../types/Record.sol";

/// @dev What holders do.
abstract contract RecordRegistry is IRecordRegistry {
    mapping(RecordId id => RecordStatus status) private _records;

    /// @inheritdoc IRecordRegistry
    function commit(bytes32 root, address subject, string calldata vault) external returns (RecordId id) {
        if (root == 0) revert RecordMalformed("root");
        if (subject == address(0)) revert RecordMalformed("subject");
        id = RecordIds.id(root, subject, msg.sender);
        if (_records[id].state != RecordState.None) revert RecordExists(id);
        _records[id] = RecordStatus(RecordState.Committed, uint40(block.timestamp), subject);
        emit RecordCommitted(id, msg.sender, subject, root, vault);
    }

    /// @inheritdoc IRecordRegistry
    function retire(bytes32 root, address subject) external {
        RecordId id = RecordIds.id(root, subject, msg.sender);
        if (_records[id].state != RecordState.Committed) revert RecordNotCommitted(id);
        _records[id] = RecordStatus(RecordState.Retired, uint40(block.timestamp), subject);
        emit RecordRetired(id, msg.sender);
    }

    /// @inheritdoc IRecordRegistry
    /// @dev Kept in the events only: nothing on chain reads it, and the chain's order shows which came later.
    function anchorLog(uint256 number, bytes32 digest) external {
        emit LogAnchored(msg.sender, number, digest);
    }

    /// @inheritdoc IRecordRegistry
    function recordStatus(RecordId id) external view returns (RecordStatus memory) {
        return _records[id];
    }
}
