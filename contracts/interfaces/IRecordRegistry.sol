// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RecordId } from "../types/Ids.sol";
import { RecordStatus } from "../types/Record.sol";

/// @title Commitments to records
/// @notice A holder commits to a record of a subject by the salted Merkle root of its fields. The record itself never comes on chain.
/// @dev The id covers subject and holder: a holder can neither squat nor retire another's record, and an agreement, which names all three,
/// can't be about another subject's. That the holder names the true subject is the holder's word. A request doesn't look here: vault and
/// operators do, and give no verdict on a record that isn't committed (docs/adr/0007).
interface IRecordRegistry {
    /// @param vault Base URL of the holder's vault, where operators ask for fields.
    event RecordCommitted(
        RecordId indexed id, address indexed holder, address indexed subject, bytes32 root, string vault
    );
    event RecordRetired(RecordId indexed id, address indexed holder);

    /// @notice A holder's release log as far as one entry, whose digest fixes it and all before it.
    event LogAnchored(address indexed holder, uint256 indexed number, bytes32 digest);

    error RecordExists(RecordId id);
    /// @notice A root or a subject of zero.
    error RecordMalformed(string term);
    /// @notice Never committed (by this holder), or retired.
    error RecordNotCommitted(RecordId id);

    /// @notice Commits a record; the sender is its holder.
    function commit(bytes32 root, address subject, string calldata vault) external returns (RecordId id);

    /// @notice Retires a record of the sender's: it gets no more verdicts.
    function retire(bytes32 root, address subject) external;

    /// @notice Fixes the sender's release log, up to an entry, for all to see.
    function anchorLog(uint256 number, bytes32 digest) external;

    function recordStatus(RecordId id) external view returns (RecordStatus memory);
}
