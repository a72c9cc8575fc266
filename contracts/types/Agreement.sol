// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { AgreementId, ModelId, RecordId, SourceId, TermsId } from "./Ids.sol";
import { Records } from "./Record.sol";

/// @notice Whose data an agreement is about, and what the subject was shown.
/// @dev The record's id is the hash of root, subject and holder, so an agreement can only be about a record of its own subject.
struct Source {
    /// Whose data it is; may be a contract wallet (ERC-1271).
    address subject;
    /// Who keeps the record and runs the vault.
    address holder;
    /// Salted Merkle root of the record's fields.
    bytes32 root;
    /// Digest of the notice that the subject was shown.
    bytes32 notice;
    /// Random; tells two otherwise equal agreements apart, and hides the source behind its hash.
    bytes32 salt;
}

/// @notice What an agreement allows.
struct Terms {
    ModelId model;
    /// DPV purposes agreed to, one bit each; a purpose agreed to covers its descendants.
    uint256 purposes;
    /// DPV purposes prohibited, one bit each; prohibition wins.
    uint256 prohibited;
    /// Processing steps agreed to, one bit each: see `Steps`.
    uint8 steps;
    /// First and one past the last second of validity (Unix time).
    uint40 validFrom;
    uint40 validUntil;
    /// How many requests may be made under it, numbered from 0.
    uint32 uses;
    /// What the subject earns by each verdict, in the smallest unit of the model's currency.
    uint96 price;
}

/// @notice A data-use agreement: the subject lets the controller put one record to one model, for the purposes named.
/// @dev A request carries only the hash of its source, with controller and terms: what the source says was settled when it was given.
struct Agreement {
    /// Who may ask for verdicts under it.
    address controller;
    Source source;
    Terms terms;
}

enum AgreementState {
    None,
    Given,
    Withdrawn
}

/// @notice What the chain knows of an agreement.
struct AgreementStatus {
    AgreementState state;
    uint40 since;
    uint40 validUntil;
    /// Verdicts recorded for which the subject or the publisher earns, and how many of them are settled.
    uint32 earning;
    uint32 settled;
}

/// @dev An `AgreementStatus` in one storage slot. From the low end: state (8 bits), validUntil (40), since (40), earning (32), settled (32).
/// Packed by hand: as a struct, giving an agreement would write the slot three times.
type AgreementSlot is uint256;

using AgreementSlots for AgreementSlot global;

library AgreementSlots {
    function pack(AgreementStatus memory status_) internal pure returns (AgreementSlot) {
        return AgreementSlot.wrap(
            uint256(status_.state) | uint256(status_.validUntil) << 8 | uint256(status_.since) << 48
                | uint256(status_.earning) << 88 | uint256(status_.settled) << 120
        );
    }

    function status(AgreementSlot slot) internal pure returns (AgreementStatus memory) {
        uint256 word = AgreementSlot.unwrap(slot);
        return AgreementStatus({
            state: slot.state(),
            since: uint40(word >> 48),
            validUntil: slot.validUntil(),
            earning: uint32(word >> 88),
            settled: uint32(word >> 120)
        });
    }

    function state(AgreementSlot slot) internal pure returns (AgreementState) {
        return AgreementState(AgreementSlot.unwrap(slot) & 0xff);
    }

    /// @dev Equals `state() == AgreementState.Given`, less two checks of the enum's range.
    function isGiven(AgreementSlot slot) internal pure returns (bool) {
        return AgreementSlot.unwrap(slot) & 0xff == uint256(AgreementState.Given);
    }

    function isNone(AgreementSlot slot) internal pure returns (bool) {
        return AgreementSlot.unwrap(slot) == 0;
    }

    function validUntil(AgreementSlot slot) internal pure returns (uint40) {
        return uint40(AgreementSlot.unwrap(slot) >> 8);
    }

    /// @notice An agreement given now.
    function given(uint40 validUntil_) internal view returns (AgreementSlot) {
        return AgreementSlot.wrap(uint256(AgreementState.Given) | uint256(validUntil_) << 8 | block.timestamp << 48);
    }

    function withdrawn(AgreementSlot slot) internal view returns (AgreementSlot) {
        uint256 rest = AgreementSlot.unwrap(slot) & ~(uint256(type(uint40).max) << 48 | 0xff);
        return AgreementSlot.wrap(rest | block.timestamp << 48 | uint256(AgreementState.Withdrawn));
    }

    /// @dev There are no more verdicts than uses, which have 32 bits: the count can't run over into `settled`.
    function withOneMoreEarning(AgreementSlot slot) internal pure returns (AgreementSlot) {
        unchecked {
            return AgreementSlot.wrap(AgreementSlot.unwrap(slot) + (1 << 88));
        }
    }
}

/// @notice Processing steps: consent to infer is not consent to train.
library Steps {
    uint8 internal constant INFER = 0;
    uint8 internal constant TRAIN = 1;
    uint8 internal constant EVALUATE = 2;
    uint8 internal constant AGGREGATE = 3;
    uint8 internal constant SHARE = 4;

    uint8 internal constant COUNT = 5;
    uint8 internal constant ALL = 0x1f;
}

/// @dev `Hash.hash` is `keccak256(abi.encode(...))` of whole words, for 300 gas less.
library Agreements {
    bytes32 internal constant SOURCE_TYPEHASH =
        keccak256("Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)");
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,"
        "uint32 uses,uint96 price)"
    );
    bytes32 internal constant TYPEHASH = keccak256(
        "Agreement(address controller,Source source,Terms terms)"
        "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,"
        "uint32 uses,uint96 price)"
    );

    /// What the subject signs to give an agreement through a relayer.
    bytes32 internal constant GIVING_TYPEHASH = keccak256(
        "Giving(Agreement agreement,uint256 deadline)" "Agreement(address controller,Source source,Terms terms)"
        "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,"
        "uint32 uses,uint96 price)"
    );

    /// What the subject signs to withdraw one through a relayer.
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(bytes32 agreement,uint256 deadline)");

    function id(Agreement calldata agreement) internal pure returns (AgreementId) {
        return id(sourceId(agreement.source), agreement.controller, termsId(agreement.terms));
    }

    function id(SourceId source, address controller, TermsId terms) internal pure returns (AgreementId) {
        return AgreementId.wrap(
            Hash.hash(TYPEHASH, bytes32(uint256(uint160(controller))), SourceId.unwrap(source), TermsId.unwrap(terms))
        );
    }

    /// @dev Equals `keccak256(abi.encode(SOURCE_TYPEHASH, source))`, which would check and copy field by field. The fields are as wide in
    /// calldata as in the encoding, so one copy will do; a value too large for its type only hashes to an id that nobody gave.
    function sourceId(Source calldata source) internal pure returns (SourceId hash) {
        bytes32 typehash = SOURCE_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40) // free memory, not claimed: the hash is all that is kept
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), source, 0xa0)
            hash := keccak256(start, 0xc0)
        }
    }

    /// @dev As `sourceId`.
    function termsId(Terms calldata terms) internal pure returns (TermsId hash) {
        bytes32 typehash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), terms, 0x100)
            hash := keccak256(start, 0x120)
        }
    }

    /// @dev The fields as they stand, without the checks of their widths: only for the terms of an agreement that was given, for
    /// `ConsentRegistry` gives none with a field too wide.
    function limits(Terms calldata terms)
        internal
        pure
        returns (uint256 steps, uint256 validFrom, uint256 validUntil, uint256 uses)
    {
        assembly ("memory-safe") {
            steps := calldataload(add(terms, 0x60))
            validFrom := calldataload(add(terms, 0x80))
            validUntil := calldataload(add(terms, 0xa0))
            uses := calldataload(add(terms, 0xc0))
        }
    }

    function recordOf(Source calldata source) internal pure returns (RecordId) {
        return Records.id(source.root, source.subject, source.holder);
    }

    function hashGiving(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(GIVING_TYPEHASH, AgreementId.unwrap(agreement), bytes32(deadline));
    }

    function hashWithdrawal(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(WITHDRAWAL_TYPEHASH, AgreementId.unwrap(agreement), bytes32(deadline));
    }
}
