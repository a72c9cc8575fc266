// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RecordId } from "../types/Ids.sol";
import { RecordStatus } from "../types/Record.sol";

/// @title Commitments to records
/// @notice A holder commits to a record of a subject by the salted Merkle root of its fields. The record itself never comes on chain.
/// @dev The id covers the holder, so a holder can neither squat nor retire another's record. That the holder names the true subject is the
/// holder's word; that the subject agrees to a use is the subject's own.
interface IRecordRegistry {
    /// @param vault Base URL of the holder's vault, where operators ask for fields.
    event RecordCommitted(
        RecordId indexed id, address indexed holder, address indexed subject, bytes32 root, string vault
    );
    event RecordRetired(RecordId indexed id, address indexed holder);

    error RecordExists(RecordId id);
    /// @notice A root or a subject of zero.
    error RecordMalformed(string term);
    /// @notice Never committed (by this holder), or retired.
    error RecordNotCommitted(RecordId id);
    /// @notice The agreement's subject isn't the record's.
    error RecordSubjectMismatch(address given, address committed);

    /// @notice Commits a record; the sender is its holder.
    function commit(bytes32 root, address subject, string calldata vault) external returns (RecordId id);

    /// @notice Retires a record of the sender's: no new request may name it.
    function retire(bytes32 root, address subject) external;

    function recordStatus(RecordId id) external view returns (RecordStatus memory);
}
