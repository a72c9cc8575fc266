// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { Purposes } from "../libraries/Purposes.sol";
import { AgreementSlot, Agreements, Terms } from "../types/Agreement.sol";
import { AgreementId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { State } from "./State.sol";

/// @dev Whether an agreement authorises: asked by requests of every kind.
abstract contract Consent is State {
    function _authorise(SourceId source, address controller, Terms calldata terms, Question question)
        internal
        view
        returns (AgreementId id)
    {
        // The controller is part of the id: what was agreed with another isn't given here.
        id = Agreements.id(source, controller, Agreements.termsId(terms));
        // The state first: of an agreement that nobody gave, no term means anything.
        if (!_agreements[id].isGiven()) revert IConsentRegistry.AgreementNotGiven(id);
        (uint256 steps, uint256 validFrom, uint256 validUntil, uint256 uses) = Agreements.limits(terms);
        if (block.timestamp < validFrom) revert IConsentRegistry.AgreementNotYetValid(validFrom, block.timestamp);
        if (block.timestamp >= validUntil) revert IConsentRegistry.AgreementExpired(validUntil, block.timestamp);
        if (!Purposes.permits(question.purpose(), terms.purposes, terms.prohibited)) {
            _revertPurpose(terms, question.purpose());
        }
        if ((steps >> question.step()) & 1 == 0) revert IConsentRegistry.StepNotAgreed(question.step(), uint8(steps));
        if (question.use() >= uses) revert IConsentRegistry.UsesSpent(question.use(), uint32(uses));
    }

    /// @dev Whether an agreement that authorised a request still stands. Its other terms were checked then, and its id fixes them.
    function _stands(AgreementId id) internal view returns (bool) {
        AgreementSlot slot = _agreements[id];
        return slot.isGiven() && block.timestamp < slot.validUntil();
    }

    function _revertPurpose(Terms calldata terms, uint8 purpose) private pure {
        if (Purposes.prohibits(purpose, terms.prohibited)) {
            revert IConsentRegistry.PurposeProhibited(purpose, terms.prohibited);
        }
        revert IConsentRegistry.PurposeNotAgreed(purpose, terms.purposes);
    }
}
