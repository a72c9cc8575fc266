// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { Purposes } from "../libraries/Purposes.sol";
import { Signatures } from "../libraries/Signatures.sol";
import {
    Agreement,
    AgreementSlot,
    AgreementSlots,
    AgreementState,
    Agreements,
    Source,
    Terms
} from "../types/Agreement.sol";
import { AgreementId, ModelId } from "../types/Ids.sol";
import { Mandate, Mandates } from "../types/Mandate.sol";
import { Scope, Scopes, Steps } from "../types/Scope.sol";
import { Adoptions } from "./Adoptions.sol";
import { Domain } from "./Domain.sol";
import { Representatives } from "./Representatives.sol";

/// @dev What subjects do.
abstract contract ConsentRegistry is IConsentRegistry, Adoptions, Representatives, Domain {
    using Agreements for Agreement;
    using Agreements for AgreementId;

    /// @inheritdoc IConsentRegistry
    function give(Agreement calldata agreement) external returns (AgreementId id) {
        id = agreement.id();
        _mayGive(id, agreement);
        _give(id, agreement);
    }

    /// @inheritdoc IConsentRegistry
    function giveBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature)
        external
        returns (AgreementId id)
    {
        id = agreement.id();
        Signatures.check(agreement.source.subject, _hashTypedData(id.hashGiving(deadline)), deadline, signature);
        _give(id, agreement);
    }

    /// @inheritdoc IConsentRegistry
    /// @dev Written first and checked after, in one pass: nothing outside is called in between, and without the signature all of it reverts.
    function giveManyBySig(Agreement[] calldata agreements, uint256 deadline, bytes calldata signature) external {
        (address subject, bytes32[] memory ids) = _listFor(agreements);
        for (uint256 i = 0; i < ids.length; ++i) {
            Agreement calldata agreement = agreements[i];
            AgreementId id = _idFor(subject, agreement);
            _give(id, agreement);
            ids[i] = AgreementId.unwrap(id);
        }
        bytes32 digest = _hashTypedData(Agreements.hashGivingMany(ids, deadline));
        Signatures.check(subject, digest, deadline, signature);
    }

    /// @inheritdoc IConsentRegistry
    function withdraw(Agreement calldata agreement) external {
        _onlySubject(agreement);
        _withdraw(agreement.id(), agreement.source.subject);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature) external {
        AgreementId id = agreement.id();
        Signatures.check(agreement.source.subject, _hashTypedData(id.hashWithdrawal(deadline)), deadline, signature);
        _withdraw(id, agreement.source.subject);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawManyBySig(Agreement[] calldata agreements, uint256 deadline, bytes calldata signature) external {
        (address subject, bytes32[] memory ids) = _listFor(agreements);
        for (uint256 i = 0; i < ids.length; ++i) {
            AgreementId id = _idFor(subject, agreements[i]);
            // What is ended already stays so: one of them withdrawn in between must not keep the others.
            if (_agreements[id].isOpen()) _withdraw(id, subject);
            ids[i] = AgreementId.unwrap(id);
        }
        bytes32 digest = _hashTypedData(Agreements.hashWithdrawalOfMany(ids, deadline));
        Signatures.check(subject, digest, deadline, signature);
    }

    function _give(AgreementId id, Agreement calldata agreement) private {
        _wellFormed(agreement);
        if (!_agreements[id].isNone()) revert AgreementExists(id);
        _agreements[id] = AgreementSlots.given(agreement.terms.validUntil);
        _emitGiven(id, agreement);
    }

    function _withdraw(AgreementId id, address subject) private {
        AgreementSlot slot = _agreements[id];
        if (!slot.isOpen()) revert AgreementNotGiven(id);
        // One that was signed but not yet brought on chain can be ended too: else whoever holds the signature could still give it.
        if (slot.isNone()) {
            _agreements[id] = slot.inState(AgreementState.Refused);
            emit AgreementRefused(id, subject);
        } else {
            _agreements[id] = slot.inState(AgreementState.Withdrawn);
            emit AgreementWithdrawn(id, subject);
            AgreementId[] memory under = _adoptedUnder(id, slot);
            for (uint256 i = 0; i < under.length; ++i) {
                if (_agreements[under[i]].isGiven()) _withdraw(under[i], subject);
            }
        }
    }

    /// @return subject Of the first, and so of all.
    /// @return ids Room for theirs.
    function _listFor(Agreement[] calldata agreements) private pure returns (address subject, bytes32[] memory ids) {
        if (agreements.length == 0) revert AgreementMalformed("agreements");
        return (agreements[0].source.subject, new bytes32[](agreements.length));
    }

    function _idFor(address subject, Agreement calldata agreement) private pure returns (AgreementId) {
        if (agreement.source.subject != subject) revert NotSubject(subject, agreement.source.subject);
        return agreement.id();
    }

    function _mayGive(AgreementId id, Agreement calldata agreement) private {
        address subject = agreement.source.subject;
        if (msg.sender == subject) return;
        Mandate memory mandate = _onlyRepresentative(subject, Mandates.GIVE);
        _mustBeWithin(mandate, agreement.terms.purposes, agreement.terms.validUntil);
        emit AgreementRepresented(id, msg.sender);
    }

    /// @dev Equals `emit AgreementGiven(...)`, which would check and copy field by field for 1,000 gas more. From the holder to the scope the
    /// agreement's fields are the event's, as wide and in the same order.
    function _emitGiven(AgreementId id, Agreement calldata agreement) private {
        bytes32 topic = AgreementGiven.selector;
        address subject = agreement.source.subject;
        address controller = agreement.controller;
        Source calldata source = agreement.source;
        Terms calldata terms = agreement.terms;
        assembly ("memory-safe") {
            let data := mload(0x40) // free memory, not claimed: the log is all that is kept
            calldatacopy(data, add(source, 0x20), 0x100)
            let limits := or(calldataload(add(terms, 0x80)), shl(40, calldataload(add(terms, 0xa0))))
            limits := or(limits, shl(80, calldataload(add(terms, 0xc0))))
            mstore(add(data, 0x100), or(limits, shl(112, calldataload(add(terms, 0xe0)))))
            log4(data, 0x120, topic, id, subject, controller)
        }
    }

    function _onlySubject(Agreement calldata agreement) private view {
        if (msg.sender != agreement.source.subject) revert NotSubject(msg.sender, agreement.source.subject);
    }

    /// @dev One test for all that `_revertMalformed` looks at one by one, and for fields wider than their types: what the event says, anyone
    /// can decode. Subject and controller are read elsewhere, which checks them.
    function _wellFormed(Agreement calldata agreement) private view {
        Terms calldata terms = agreement.terms;
        Source calldata source = agreement.source;
        uint256 known = Purposes.ALL;
        uint256 scopes = Scopes.ALL;
        uint256 flaw;
        assembly ("memory-safe") {
            let purposes := calldataload(add(terms, 0x20))
            let scope := calldataload(add(terms, 0x60))
            let validUntil := calldataload(add(terms, 0xa0))
            let holder := calldataload(add(source, 0x20))
            flaw := or(iszero(purposes), and(or(purposes, calldataload(add(terms, 0x40))), not(known)))
            flaw := or(flaw, or(iszero(and(scope, 0xff)), and(scope, not(scopes))))
            flaw := or(flaw, gt(sub(calldataload(add(terms, 0xc0)), 1), 0xfffffffe)) // uses: 1 to 2^32 - 1
            flaw := or(flaw, or(iszero(gt(validUntil, timestamp())), shr(40, validUntil)))
            flaw := or(flaw, iszero(lt(calldataload(add(terms, 0x80)), validUntil))) // validFrom
            flaw := or(flaw, shr(96, calldataload(add(terms, 0xe0)))) // price
            flaw := or(flaw, or(iszero(holder), shr(160, holder)))
        }
        if (flaw != 0) _revertMalformed(agreement);
        // Of a publisher's models (`Models.by`), a currency that isn't listed yet could become one that is worth nothing.
        uint256 model = uint256(ModelId.unwrap(terms.model));
        if (model >> 192 == 0 && model >> 160 > _tokenCount) revert AgreementMalformed("model");
    }

    function _revertMalformed(Agreement calldata agreement) private view {
        Terms calldata terms = agreement.terms;
        if (terms.purposes == 0 || terms.purposes > Purposes.ALL) revert AgreementMalformed("purposes");
        if (terms.prohibited > Purposes.ALL) revert AgreementMalformed("prohibited");
        uint256 scope = Scope.unwrap(terms.scope);
        if (uint8(scope) == 0 || uint8(scope) > Steps.ALL) revert AgreementMalformed("steps");
        if (scope & ~Scopes.ALL != 0) revert AgreementMalformed("scope");
        if (terms.uses == 0) revert AgreementMalformed("uses");
        if (terms.validUntil <= block.timestamp) revert AgreementMalformed("validUntil");
        if (terms.validFrom >= terms.validUntil) revert AgreementMalformed("validFrom");
        if (agreement.source.holder == address(0)) revert AgreementMalformed("holder");
        revert AgreementMalformed("price");
    }
}
