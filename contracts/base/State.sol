// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementSlot } from "../types/Agreement.sol";
import { Epoch, EpochEnd } from "../types/Epoch.sol";
import { AgreementId, ModelId, PoolId, RequestId, StandingId } from "../types/Ids.sol";
import { Mandate } from "../types/Mandate.sol";
import { Escrow, ModelSlot } from "../types/Model.sol";
import { PoolSlot } from "../types/Pool.sol";
import { StandingStatus } from "../types/Standing.sol";

/// @notice A request's slot; see `Slots`. A struct, so that its place is computed once where it is read and written.
struct RequestSlot {
    uint256 word;
}

/// @title All of the storage
/// @dev `Assent` and its parts run on one storage: all variables stand here, in one order for all, and nowhere else.
// solhint-disable-next-line max-states-count
abstract contract State {
    // Agreements and models

    mapping(AgreementId id => AgreementSlot slot) internal _agreements;
    mapping(ModelId id => ModelSlot slot) internal _models;
    /// Of models that have one.
    mapping(ModelId id => address arbiter) internal _arbiters;
    mapping(ModelId id => Escrow escrow) internal _escrows;
    /// Tokens by index, from 1; index 0 is ether.
    mapping(uint32 index => address token) internal _tokens;
    mapping(address token => uint32 index) internal _indexes;
    uint32 internal _tokenCount;

    // Requests and money

    mapping(RequestId id => RequestSlot slot) internal _requests;
    /// Fees by the exact set of signers: one write a report, however many sign.
    mapping(PoolId id => PoolSlot slot) internal _pools;
    /// How many times 2^96 a pool earned beside what its slot has: of currencies in very small units.
    mapping(PoolId id => uint256 times) internal _carried;
    mapping(PoolId id => mapping(uint256 index => uint256 amount)) internal _collected;
    mapping(uint32 currency => mapping(address account => uint256 amount)) internal _balances;
    mapping(StandingId id => StandingStatus status) internal _standing;

    // Epochs, as the committee told them

    Epoch internal _epoch;
    mapping(uint32 epoch => Epoch info) internal _epochs;
    mapping(uint32 epoch => EpochEnd end) internal _epochEnds;

    // Representatives

    mapping(address subject => mapping(address representative => Mandate mandate)) internal _mandates;

    // Agreements under others

    /// What was adopted under an agreement to a publisher's models.
    mapping(AgreementId under => AgreementId[] ids) internal _adopted;
    mapping(AgreementId under => mapping(ModelId model => AgreementId id)) internal _adoptedFor;
}
