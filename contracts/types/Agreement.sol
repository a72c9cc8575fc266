// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { AgreementId, ModelId, RecordId, SourceId, TermsId } from "./Ids.sol";
import { RecordIds } from "./Record.sol";
import { Limits, Scope } from "./Scope.sol";

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
    /// One model's id; or all models that a publisher has in one currency (`Models.by`), which the controller adopts one by one.
    ModelId model;
    /// DPV purposes agreed to, one bit each; a purpose agreed to covers its descendants.
    uint256 purposes;
    /// DPV purposes prohibited, one bit each; prohibition wins.
    uint256 prohibited;
    /// Steps agreed to, modifiers, place, language of the notice, erasure, disclosure.
    Scope scope;
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

/// @dev In the words of the DPV. Two of its states are not here: an agreement that has expired, or was renewed, is `Given`, and its
/// `validUntil` tells.
enum AgreementState {
    None,
    Given,
    /// By the subject.
    Withdrawn,
    /// By a representative of the subject's.
    Revoked,
    /// By the subject, before it was given.
    Refused,
    /// By the holder: it was never what it seemed to be.
    Invalidated
}

/// @notice What the chain knows of an agreement.
struct AgreementStatus {
    AgreementState state;
    uint40 since;
    /// One past the last second of validity: the terms', or what it was renewed to.
    uint40 validUntil;
    /// Verdicts recorded for which the subject or the publisher earns, and how many of them are settled.
    uint32 earning;
    uint32 settled;
    /// Of an agreement to a publisher's models: how many of its uses are with agreements adopted under it.
    uint32 allotted;
    /// When a model was adopted under it last; 0 for never.
    uint40 adoptedAt;
}

/// @dev An `AgreementStatus` in one storage slot. From the low end: state (8 bits), validUntil (40), since (40), earning (32), settled (32),
/// allotted (32), adoptedAt (40).
/// Packed by hand: as a struct, giving an agreement would write the slot three times.
type AgreementSlot is uint256;

using AgreementSlots for AgreementSlot global;

library AgreementSlots {
    function status(AgreementSlot slot) internal pure returns (AgreementStatus memory) {
        uint256 word = AgreementSlot.unwrap(slot);
        return AgreementStatus({
            state: slot.state(),
            since: uint40(word >> 48),
            validUntil: slot.validUntil(),
            earning: slot.earning(),
            settled: uint32(word >> 120),
            allotted: slot.allotted(),
            adoptedAt: slot.adoptedAt()
        });
    }

    function allotted(AgreementSlot slot) internal pure returns (uint32) {
        return uint32(AgreementSlot.unwrap(slot) >> 152);
    }

    function earning(AgreementSlot slot) internal pure returns (uint32) {
        return uint32(AgreementSlot.unwrap(slot) >> 88);
    }

    /// @notice How many of the verdicts that earned aren't settled.
    function unsettled(AgreementSlot slot) internal pure returns (uint256) {
        unchecked {
            return uint256(slot.earning()) - uint32(AgreementSlot.unwrap(slot) >> 120); // no more are settled than earned
        }
    }

    function allSettled(AgreementSlot slot) internal pure returns (AgreementSlot) {
        uint256 rest = AgreementSlot.unwrap(slot) & ~(uint256(type(uint32).max) << 120);
        return AgreementSlot.wrap(rest | uint256(slot.earning()) << 120);
    }

    function adoptedAt(AgreementSlot slot) internal pure returns (uint40) {
        return uint40(AgreementSlot.unwrap(slot) >> 184);
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

    /// @notice Whether it is given, or may still be.
    function isOpen(AgreementSlot slot) internal pure returns (bool) {
        return AgreementSlot.unwrap(slot) & 0xff <= uint256(AgreementState.Given);
    }

    function validUntil(AgreementSlot slot) internal pure returns (uint40) {
        return uint40(AgreementSlot.unwrap(slot) >> 8);
    }

    /// @notice An agreement given now.
    function given(uint40 validUntil_) internal view returns (AgreementSlot) {
        return AgreementSlot.wrap(uint256(AgreementState.Given) | uint256(validUntil_) << 8 | block.timestamp << 48);
    }

    /// @notice The agreement in another state, since now.
    function inState(AgreementSlot slot, AgreementState state_) internal view returns (AgreementSlot) {
        uint256 rest = AgreementSlot.unwrap(slot) & ~(uint256(type(uint40).max) << 48 | 0xff);
        return AgreementSlot.wrap(rest | block.timestamp << 48 | uint256(state_));
    }

    /// @notice The agreement with another end.
    function until(AgreementSlot slot, uint40 validUntil_) internal pure returns (AgreementSlot) {
        uint256 rest = AgreementSlot.unwrap(slot) & ~(uint256(type(uint40).max) << 8);
        return AgreementSlot.wrap(rest | uint256(validUntil_) << 8);
    }

    /// @notice The agreement with a model adopted now, and as many uses allotted.
    function withAllotted(AgreementSlot slot, uint32 allotted_) internal view returns (AgreementSlot) {
        uint256 rest = uint152(AgreementSlot.unwrap(slot));
        return AgreementSlot.wrap(rest | uint256(allotted_) << 152 | block.timestamp << 184);
    }

    /// @dev There are no more verdicts than uses, which have 32 bits: the count can't run over into `settled`.
    function withOneMoreEarning(AgreementSlot slot) internal pure returns (AgreementSlot) {
        unchecked {
            return AgreementSlot.wrap(AgreementSlot.unwrap(slot) + (1 << 88));
        }
    }
}

/// @dev `Hash.hash` is `keccak256(abi.encode(...))` of whole words, for 300 gas less.
library Agreements {
    bytes32 internal constant SOURCE_TYPEHASH =
        keccak256("Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)");
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,"
        "bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)"
    );
    bytes32 internal constant TYPEHASH = keccak256(
        "Agreement(address controller,Source source,Terms terms)"
        "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,"
        "bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)"
    );

    /// What the subject signs to give an agreement through a relayer.
    bytes32 internal constant GIVING_TYPEHASH = keccak256(
        "Giving(Agreement agreement,uint256 deadline)" "Agreement(address controller,Source source,Terms terms)"
        "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,"
        "bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)"
    );

    /// What the subject signs to give many at once.
    bytes32 internal constant GIVING_MANY_TYPEHASH = keccak256(
        "GivingMany(Agreement[] agreements,uint256 deadline)" "Agreement(address controller,Source source,Terms terms)"
        "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,"
        "bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)"
    );

    /// What the subject signs to withdraw one, or many, through a relayer.
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(bytes32 agreement,uint256 deadline)");
    bytes32 internal constant WITHDRAWAL_OF_MANY_TYPEHASH =
        keccak256("WithdrawalOfMany(bytes32[] agreements,uint256 deadline)");

    /// What the subject signs to renew one through a relayer.
    bytes32 internal constant RENEWAL_TYPEHASH =
        keccak256("Renewal(bytes32 agreement,uint40 validUntil,uint256 deadline)");

    /// What whoever held data of a record signs to say that it erased them. It names itself: one key may sign for several wallets.
    bytes32 internal constant ERASURE_TYPEHASH =
        keccak256("Erasure(bytes32 agreement,address by,bytes32 evidence,uint256 deadline)");

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

    /// @dev As `sourceId`; the scope's parts are apart, for a wallet to show them. No bit of the word is left out.
    function termsId(Terms calldata terms) internal pure returns (TermsId hash) {
        bytes32 typehash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), terms, 0x60) // model, purposes, prohibited
            let scope := calldataload(add(terms, 0x60))
            mstore(add(start, 0x80), and(scope, 0xff)) // steps
            mstore(add(start, 0xa0), and(shr(8, scope), 0xffffffff)) // modifiers
            mstore(add(start, 0xc0), and(shr(40, scope), 0xffff)) // place
            mstore(add(start, 0xe0), shl(240, shr(56, scope))) // language
            mstore(add(start, 0x100), and(shr(72, scope), 1)) // erasure
            mstore(add(start, 0x120), shr(73, scope)) // disclosure
            calldatacopy(add(start, 0x140), add(terms, 0x80), 0x80) // validity, uses, price
            hash := keccak256(start, 0x1c0)
        }
    }

    /// @dev As `termsId`, of terms that were put together in memory.
    function termsIdOf(Terms memory terms) internal pure returns (TermsId) {
        uint256 scope = Scope.unwrap(terms.scope);
        return TermsId.wrap(
            keccak256(
                abi.encode(
                    TERMS_TYPEHASH,
                    terms.model,
                    terms.purposes,
                    terms.prohibited,
                    uint8(scope),
                    uint32(scope >> 8),
                    uint16(scope >> 40),
                    scope >> 56 << 240,
                    (scope >> 72) & 1,
                    scope >> 73,
                    terms.validFrom,
                    terms.validUntil,
                    terms.uses,
                    terms.price
                )
            )
        );
    }

    /// @notice What the event of the giving tells in one word.
    function limitsOf(Terms memory terms) internal pure returns (Limits) {
        return Limits.wrap(
            uint256(terms.validFrom) | uint256(terms.validUntil) << 40 | uint256(terms.uses) << 80
                | uint256(terms.price) << 112
        );
    }

    /// @dev The fields as they stand, without the checks of their widths: only for the terms of an agreement that was given, for
    /// `ConsentRegistry` gives none with a field too wide.
    function limits(Terms calldata terms) internal pure returns (Scope scope, uint256 validFrom, uint256 uses) {
        assembly ("memory-safe") {
            scope := calldataload(add(terms, 0x60))
            validFrom := calldataload(add(terms, 0x80))
            uses := calldataload(add(terms, 0xc0))
        }
    }

    function recordOf(Source calldata source) internal pure returns (RecordId) {
        return RecordIds.id(source.root, source.subject, source.holder);
    }

    function hashGiving(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(GIVING_TYPEHASH, AgreementId.unwrap(agreement), bytes32(deadline));
    }

    /// @param ids The agreements' ids: an id is its agreement's struct hash.
    function hashGivingMany(bytes32[] memory ids, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(GIVING_MANY_TYPEHASH, Hash.hash(ids), bytes32(deadline));
    }

    function hashWithdrawal(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(WITHDRAWAL_TYPEHASH, AgreementId.unwrap(agreement), bytes32(deadline));
    }

    function hashWithdrawalOfMany(bytes32[] memory ids, uint256 deadline) internal pure returns (bytes32) {
        return Hash.hash(WITHDRAWAL_OF_MANY_TYPEHASH, Hash.hash(ids), bytes32(deadline));
    }

    function hashErasure(AgreementId agreement, address by, bytes32 evidence, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 signer = bytes32(uint256(uint160(by)));
        return Hash.hash(ERASURE_TYPEHASH, AgreementId.unwrap(agreement), signer, evidence, bytes32(deadline));
    }

    function hashRenewal(AgreementId agreement, uint40 validUntil, uint256 deadline) internal pure returns (bytes32) {
        return
            Hash.hash(RENEWAL_TYPEHASH, AgreementId.unwrap(agreement), bytes32(uint256(validUntil)), bytes32(deadline));
    }
}
