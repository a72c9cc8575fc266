// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../interfaces/IConsentDesk.sol";
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
import { AgreementId, ModelId, SourceId } from "../types/Ids.sol";
import { Mandate, Mandates } from "../types/Mandate.sol";
import { Model, Models } from "../types/Model.sol";
import { Adoptions } from "./Adoptions.sol";
import { Domain } from "./Domain.sol";
import { Representatives } from "./Representatives.sol";
import { Requests } from "./Requests.sol";

/// @dev What becomes of an agreement after it was given.
abstract contract ConsentDesk is IConsentDesk, Adoptions, Representatives, Requests, Domain {
    using Agreements for Agreement;
    using Agreements for AgreementId;
    using Models for Model;

    /// Adopted agreements that end with the one they are under: what a withdrawal costs has a bound.
    uint256 internal constant MAX_ADOPTED = 16;
    /// Between two adoptions under one agreement: whoever adopts in front of a withdrawal, so that its gas isn't enough, can't do so when it
    /// is sent again.
    uint256 internal constant ADOPTION_PAUSE = 1 hours;

    /// @inheritdoc IConsentDesk
    function appoint(address representative, Mandate calldata mandate) external {
        if (representative == msg.sender) revert MandateMalformed("representative");
        uint8 rights = mandate.rights;
        if (rights == 0 || rights > Mandates.ALL) revert MandateMalformed("rights");
        if (mandate.from >= mandate.until || mandate.until <= block.timestamp) revert MandateMalformed("until");
        if (rights != Mandates.GIVE && mandate.from < block.timestamp + Mandates.NOTICE) {
            revert MandateMalformed("from");
        }
        bool letsLast = rights & (Mandates.GIVE | Mandates.RENEW) != 0;
        if (letsLast != (mandate.purposes != 0) || mandate.purposes > Purposes.ALL) {
            revert MandateMalformed("purposes");
        }
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
        // slither-disable-next-line unused-return
        _onlyRepresentative(agreement.source.subject, Mandates.REVOKE); // whatever its purposes
        AgreementId[] memory ended = _end(agreement.id(), AgreementState.Revoked);
        for (uint256 i = 0; i < ended.length; ++i) {
            emit AgreementRevoked(ended[i], msg.sender);
        }
    }

    /// @inheritdoc IConsentDesk
    function invalidate(Agreement calldata agreement) external {
        address holder = agreement.source.holder;
        if (msg.sender != holder) revert NotHolder(msg.sender, holder);
        AgreementId[] memory ended = _end(agreement.id(), AgreementState.Invalidated);
        for (uint256 i = 0; i < ended.length; ++i) {
            emit AgreementInvalidated(ended[i], holder);
        }
    }

    /// @inheritdoc IConsentDesk
    function renew(Agreement calldata agreement, uint40 validUntil) external {
        if (msg.sender != agreement.source.subject) {
            Mandate memory mandate = _onlyRepresentative(agreement.source.subject, Mandates.RENEW);
            _mustBeWithin(mandate, agreement.terms.purposes, validUntil);
        }
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
    function adopt(Agreement calldata under, Model calldata model, uint32 uses) external returns (AgreementId id) {
        if (msg.sender != under.controller) revert NotController(msg.sender, under.controller);
        AgreementId underId = under.id();
        AgreementSlot slot = _givenSlot(underId);
        uint40 end = slot.validUntil();
        if (block.timestamp >= end) revert IConsentRegistry.AgreementExpired(end, block.timestamp);
        Terms memory terms = under.terms;
        terms.model = model.id();
        uint32 currency = _published(terms.model).quote(0).currency();
        if (under.terms.model != Models.by(model.publisher, currency)) {
            revert ModelNotAgreed(terms.model, under.terms.model);
        }
        SourceId source = Agreements.sourceId(under.source);
        // Such an agreement the subject can refuse ahead, without knowing how many uses will be allotted, and when.
        _unknown(Agreements.id(source, msg.sender, Agreements.termsIdOf(terms)));
        (terms.uses, terms.validUntil) = (uses, end);
        id = _unknown(Agreements.id(source, msg.sender, Agreements.termsIdOf(terms)));
        _allot(underId, slot, uses, under.terms.uses);
        _note(underId, terms.model, id);
        _agreements[id] = AgreementSlots.given(end);
        _emitGiven(id, under.source, terms);
        emit AgreementAdopted(id, underId);
    }

    /// @inheritdoc IConsentDesk
    function adoptedUnder(AgreementId under) external view returns (AgreementId[] memory) {
        return _adopted[under];
    }

    /// @inheritdoc IConsentDesk
    function vocabulary() external pure returns (string memory name, bytes32 root) {
        return (Purposes.VOCABULARY, Purposes.ROOT);
    }

    function _unknown(AgreementId id) private view returns (AgreementId) {
        if (!_agreements[id].isNone()) revert IConsentRegistry.AgreementExists(id);
        return id;
    }

    function _allot(AgreementId under, AgreementSlot slot, uint32 uses, uint32 most) private {
        if (uses == 0) revert IConsentRegistry.AgreementMalformed("uses");
        uint256 allotted = uint256(slot.allotted()) + uses;
        if (allotted > most) revert AllotmentTooLarge(uses, most - slot.allotted());
        uint256 next = uint256(slot.adoptedAt()) + ADOPTION_PAUSE;
        if (block.timestamp < next) revert AdoptedLately(next, block.timestamp);
        _agreements[under] = slot.withAllotted(uint32(allotted));
    }

    /// @dev Once for each model: what the subject withdrew of it stays withdrawn.
    function _note(AgreementId under, ModelId model, AgreementId id) private {
        AgreementId before = _adoptedFor[under][model];
        if (AgreementId.unwrap(before) != 0) revert IConsentRegistry.AgreementExists(before);
        if (_adopted[under].length == MAX_ADOPTED) revert TooManyAdopted(under, MAX_ADOPTED);
        _adoptedFor[under][model] = id;
        _adopted[under].push(id);
    }

    function _emitGiven(AgreementId id, Source calldata source, Terms memory terms) private {
        emit IConsentRegistry.AgreementGiven(
            id,
            source.subject,
            msg.sender,
            source.holder,
            source.root,
            source.notice,
            source.salt,
            terms.model,
            terms.purposes,
            terms.prohibited,
            terms.scope,
            Agreements.limitsOf(terms)
        );
    }

    function _renew(AgreementId id, address by, uint40 validUntil) private {
        AgreementSlot slot = _givenSlot(id);
        uint256 before = slot.validUntil() > block.timestamp ? slot.validUntil() : block.timestamp;
        if (validUntil <= before) revert RenewalTooEarly(validUntil, before);
        _setEnd(id, slot, by, validUntil);
        AgreementId[] memory under = _adoptedUnder(id, slot);
        for (uint256 i = 0; i < under.length; ++i) {
            AgreementSlot adopted = _agreements[under[i]];
            if (adopted.isGiven() && adopted.validUntil() < validUntil) _setEnd(under[i], adopted, by, validUntil);
        }
    }

    function _setEnd(AgreementId id, AgreementSlot slot, address by, uint40 validUntil) private {
        _agreements[id] = slot.until(validUntil);
        emit AgreementRenewed(id, by, validUntil);
    }

    /// @return ended The agreement, and those under it that stood.
    function _end(AgreementId id, AgreementState state) private returns (AgreementId[] memory ended) {
        AgreementSlot slot = _givenSlot(id);
        AgreementId[] memory under = _adoptedUnder(id, slot);
        ended = new AgreementId[](under.length + 1);
        ended[0] = id;
        uint256 count = 1;
        for (uint256 i = 0; i < under.length; ++i) {
            if (_agreements[under[i]].isGiven()) ended[count++] = under[i];
        }
        assembly ("memory-safe") {
            mstore(ended, count) // no longer than it was made
        }
        for (uint256 i = 0; i < count; ++i) {
            _agreements[ended[i]] = _agreements[ended[i]].inState(state);
        }
    }

    function _givenSlot(AgreementId id) private view returns (AgreementSlot slot) {
        slot = _agreements[id];
        if (!slot.isGiven()) revert IConsentRegistry.AgreementNotGiven(id);
    }
}
