// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { Purposes } from "../libraries/Purposes.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Agreement, AgreementSlot, AgreementState, Agreements } from "../types/Agreement.sol";
import { AgreementId } from "../types/Ids.sol";
import { Mandate, Mandates } from "../types/Mandate.sol";
import { Domain } from "./Domain.sol";
import { State } from "./State.sol";

/// @dev What becomes of an agreement after it was given.
abstract contract ConsentDesk is IConsentDesk, State, Domain {
    using Agreements for Agreement;
    using Agreements for AgreementId;
    using Mandates for Mandate;

    /// @inheritdoc IConsentDesk
    function appoint(address representative, Mandate calldata mandate) external {
        if (representative == msg.sender) revert MandateMalformed("representative");
        uint8 rights = mandate.rights;
        if (rights == 0 || rights > Mandates.ALL) revert MandateMalformed("rights");
        if (mandate.from >= mandate.until || mandate.until <= block.timestamp) revert MandateMalformed("until");
        if (rights != Mandates.GIVE && mandate.from < block.timestamp + Mandates.NOTICE) {
            revert MandateMalformed("from");
        }
        bool gives = rights & Mandates.GIVE != 0;
        if (gives != (mandate.purposes != 0) || mandate.purposes > Purposes.ALL) revert MandateMalformed("purposes");
        _mandates[msg.sender][representative] = mandate;
        emit Appointed(msg.sender, representative, mandate);
    }

    /// @inheritdoc IConsentDesk
    function dismiss(address subject, address representative) external {
        if (msg.sender != subject && msg.sender != representative) {
            revert IConsentRegistry.NotSubject(msg.sender, subject);
        }
        delete _mandates[subject][representative];
        emit Dismissed(subject, representative);
    }

    /// @inheritdoc IConsentDesk
    function mandateOf(address subject, address representative) external view returns (Mandate memory) {
        return _mandates[subject][representative];
    }

    /// @inheritdoc IConsentDesk
    function revoke(Agreement calldata agreement) external {
        _onlyRepresentative(agreement, Mandates.REVOKE);
        emit AgreementRevoked(_end(agreement, AgreementState.Revoked), msg.sender);
    }

    /// @inheritdoc IConsentDesk
    function invalidate(Agreement calldata agreement) external {
        address holder = agreement.source.holder;
        if (msg.sender != holder) revert NotHolder(msg.sender, holder);
        emit AgreementInvalidated(_end(agreement, AgreementState.Invalidated), holder);
    }

    /// @inheritdoc IConsentDesk
    function renew(Agreement calldata agreement, uint40 validUntil) external {
        if (msg.sender != agreement.source.subject) _onlyRepresentative(agreement, Mandates.RENEW);
        _renew(agreement.id(), msg.sender, validUntil);
    }

    /// @inheritdoc IConsentDesk
    function renewBySig(Agreement calldata agreement, uint40 validUntil, uint256 deadline, bytes calldata signature)
        external
    {
        AgreementId id = agreement.id();
        address subject = agreement.source.subject;
        Signatures.check(subject, _hashTypedData(id.hashRenewal(validUntil, deadline)), deadline, signature);
        _renew(id, subject, validUntil);
    }

    /// @inheritdoc IConsentDesk
    function attestErasure(AgreementId id, bytes32 evidence) external {
        _attestErasure(id, msg.sender, evidence);
    }

    /// @inheritdoc IConsentDesk
    function attestErasureBySig(
        AgreementId id,
        address by,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Signatures.check(by, _hashTypedData(id.hashErasure(evidence, deadline)), deadline, signature);
        _attestErasure(id, by, evidence);
    }

    function _attestErasure(AgreementId id, address by, bytes32 evidence) private {
        AgreementSlot slot = _agreements[id];
        // What was never given may yet be; what has expired is over, though it may be renewed.
        bool inForce = slot.isNone() || (slot.isGiven() && block.timestamp < slot.validUntil());
        if (inForce) revert AgreementInForce(id);
        emit Erased(id, by, evidence);
    }

    function _renew(AgreementId id, address by, uint40 validUntil) private {
        AgreementSlot slot = _givenSlot(id);
        uint256 before = slot.validUntil() > block.timestamp ? slot.validUntil() : block.timestamp;
        if (validUntil <= before) revert RenewalTooEarly(validUntil, before);
        _agreements[id] = slot.until(validUntil);
        emit AgreementRenewed(id, by, validUntil);
    }

    function _end(Agreement calldata agreement, AgreementState state) private returns (AgreementId id) {
        id = agreement.id();
        _agreements[id] = _givenSlot(id).inState(state);
    }

    function _givenSlot(AgreementId id) private view returns (AgreementSlot slot) {
        slot = _agreements[id];
        if (!slot.isGiven()) revert IConsentRegistry.AgreementNotGiven(id);
    }

    function _onlyRepresentative(Agreement calldata agreement, uint8 right) private view {
        address subject = agreement.source.subject;
        Mandate memory mandate = _mandates[subject][msg.sender];
        if (!mandate.covers(right)) revert IConsentRegistry.NotSubject(msg.sender, subject);
    }
}
