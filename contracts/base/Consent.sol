// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { Purposes } from "../libraries/Purposes.sol";
import { AgreementSlot, Agreements, Terms } from "../types/Agreement.sol";
import { AgreementId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Scope } from "../types/Scope.sol";
import { State } from "./State.sol";

/// @dev Whether an agreement authorises: asked by requests of every kind.
abstract contract Consent is State {
    /// @return id The agreement's.
    /// @return validUntil One past its last second.
    function _authorise(SourceId source, address controller, Terms calldata terms, Question question)
        internal
        view
        returns (AgreementId id, uint256 validUntil)
    {
        // The controller is part of the id: what was agreed with another isn't given here.
        id = Agreements.id(source, controller, Agreements.termsId(terms));
        // The state first: of an agreement that nobody gave, no term means anything.
        AgreementSlot slot = _agreements[id];
        if (!slot.isGiven()) revert IConsentRegistry.AgreementNotGiven(id);
        (Scope scope, uint256 validFrom, uint256 uses) = Agreements.limits(terms);
        validUntil = slot.validUntil(); // renewed, it is later than the terms say
        if (block.timestamp < validFrom) revert IConsentRegistry.AgreementNotYetValid(validFrom, block.timestamp);
        if (block.timestamp >= validUntil) revert IConsentRegistry.AgreementExpired(validUntil, block.timestamp);
        if (!Purposes.permits(question.purpose(), terms.purposes, terms.prohibited)) {
            _revertPurpose(terms, question.purpose());
        }
        if (!scope.admits(question)) _revertScope(scope, question);
        if (question.use() >= uses) revert IConsentRegistry.UsesSpent(question.use(), uint32(uses));
    }

    /// @dev Whether an agreement that authorised a request still does: nobody has ended it. Its other terms were checked then, and its id fixes
    /// them; its time isn't looked at, for no deadline lies beyond it (`Requests._open`).
    function _isGiven(AgreementId id) internal view returns (bool) {
        return _agreements[id].isGiven();
    }

    function _revertPurpose(Terms calldata terms, uint8 purpose) private pure {
        if (Purposes.prohibits(purpose, terms.prohibited)) {
            revert IConsentRegistry.PurposeProhibited(purpose, terms.prohibited);
        }
        revert IConsentRegistry.PurposeNotAgreed(purpose, terms.purposes);
    }

    function _revertScope(Scope scope, Question question) private pure {
        if ((scope.steps() >> question.step()) & 1 == 0) {
            revert IConsentRegistry.StepNotAgreed(question.step(), scope.steps());
        }
        if (question.disclosure() > scope.disclosure()) {
            revert IConsentRegistry.DisclosureNotAgreed(question.disclosure(), scope.disclosure());
        }
        if (scope.unmet(question) != 0) revert IConsentRegistry.ModifiersUnmet(scope.unmet(question));
        revert IConsentRegistry.PlaceNotAgreed(question.place(), scope.place());
    }
}
