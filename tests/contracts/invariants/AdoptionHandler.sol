// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, AgreementState } from "../../../contracts/types/Agreement.sol";
import { Models } from "../../../contracts/types/Model.sol";
import { ConsentHandler } from "./ConsentHandler.sol";
import { KnownAgreement, KnownModel } from "./Ledger.sol";

/// @notice An agreement to a publisher's models, and which of the known agreements were adopted under it.
struct KnownBroad {
    KnownAgreement it;
    uint32 currency;
    uint256 allotted;
    uint256 adoptedAt;
    uint256[] adopted;
}

/// @notice Subjects agree to all models of a publisher, controllers adopt some, and what is done to the one befalls the others.
abstract contract AdoptionHandler is ConsentHandler {
    KnownBroad[] internal broad;

    function giveBroad(uint256 seed) external counted {
        _giveBroad(seed);
    }

    function _giveBroad(uint256 seed) private {
        (Agreement memory terms, uint256 modelAt) = _terms(seed, 7, 0);
        uint32 currency = models[modelAt].currency;
        terms.terms.model = Models.by(publisher, currency);
        terms.terms.uses += 10;
        if (!_give("giveBroad", terms, seed, true)) return;
        broad.push();
        KnownBroad storage known = broad[broad.length - 1];
        known.currency = currency;
        (known.it.terms, known.it.end, known.it.given) = (terms, terms.terms.validUntil, moment());
        (known.it.id, known.it.source) = (hasher.agreementId(terms), hasher.sourceId(terms.source));
    }

    function adopt(uint256 seed) external counted {
        // Without this a run would rarely come to an adoption.
        if (broad.length == 0 || (_isOver(broad[broad.length - 1]) && chance(seed, "anew", 2))) _giveBroad(seed);
        KnownBroad storage known = _anyBroad(seed);
        uint256 modelAt =
            chance(seed, "any model", 4) ? draw(seed, "model", 0, models.length - 1) : uint256(known.currency);
        uint32 uses = uint32(draw(seed, "uses", 0, 6));
        Agreement memory terms = known.it.terms;
        (terms.terms.model, terms.terms.uses, terms.terms.validUntil) = (models[modelAt].id, uses, uint40(known.it.end));
        address sender = chance(seed, "somebody else", 8) ? relayer : terms.controller;
        bool may = sender == terms.controller && _mayAdopt(known, models[modelAt], uses);
        bytes memory data = abi.encodeCall(assent.adopt, (known.it.terms, models[modelAt].terms, uses));
        if (!attempt("adopt", sender, 0, data, may)) return;
        _know(terms, modelAt, 7, 0).given = moment();
        known.allotted += uses;
        known.adoptedAt = time();
        known.adopted.push(agreements.length - 1);
    }

    function endBroad(uint256 seed) external counted {
        if (broad.length == 0) return;
        KnownBroad storage known = _anyBroad(seed);
        AgreementState state = AgreementState.Withdrawn;
        address sender = known.it.terms.source.subject;
        bytes memory data = abi.encodeCall(assent.withdraw, (known.it.terms));
        bool may = known.it.withdrawn.step == 0;
        uint256 way = draw(seed, "way", 0, 2);
        if (way == 1) {
            (state, sender) = (AgreementState.Invalidated, holder);
            data = abi.encodeCall(assent.invalidate, (known.it.terms));
        } else if (way == 2) {
            may = may && _guarded(sender);
            (state, sender) = (AgreementState.Revoked, guardian);
            data = abi.encodeCall(assent.revoke, (known.it.terms));
        }
        if (!attempt("endBroad", sender, 0, data, may)) return;
        _over(known.it, state);
        for (uint256 i = 0; i < known.adopted.length; ++i) {
            KnownAgreement storage one = agreements[known.adopted[i]];
            if (one.withdrawn.step == 0) _over(one, state);
        }
    }

    function renewBroad(uint256 seed) external counted {
        if (broad.length == 0) return;
        KnownBroad storage known = _anyBroad(seed);
        uint256 end = known.it.end + draw(seed, "later", 0, 4 days) - 1 days;
        bool may = known.it.withdrawn.step == 0 && end > known.it.end && end > time();
        bytes memory data = abi.encodeCall(assent.renew, (known.it.terms, uint40(end)));
        if (!attempt("renewBroad", known.it.terms.source.subject, 0, data, may)) return;
        known.it.end = end;
        for (uint256 i = 0; i < known.adopted.length; ++i) {
            KnownAgreement storage one = agreements[known.adopted[i]];
            if (one.withdrawn.step == 0 && one.end < end) one.end = end;
        }
    }

    function _isOver(KnownBroad storage known) private view returns (bool) {
        return known.it.withdrawn.step != 0 || time() >= known.it.end;
    }

    /// @dev One of the latest three: of one agreement much is adopted.
    function _anyBroad(uint256 seed) private view returns (KnownBroad storage) {
        uint256 last = broad.length - 1;
        return broad[draw(seed, "broad", last < 2 ? 0 : last - 2, last)];
    }

    function _mayAdopt(KnownBroad storage known, KnownModel storage one, uint32 uses) private view returns (bool) {
        if (_isOver(known) || uses == 0) return false;
        if (one.deprecated || one.currency != known.currency) return false;
        if (known.allotted + uses > known.it.terms.terms.uses || known.adopted.length == 16) return false;
        if (time() < known.adoptedAt + 1 hours) return false;
        for (uint256 i = 0; i < known.adopted.length; ++i) {
            if (models[agreements[known.adopted[i]].modelAt].id == one.id) return false;
        }
        return true;
    }
}
