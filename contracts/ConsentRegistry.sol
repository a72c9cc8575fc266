// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import { IConsentRegistry } from "./interfaces/IConsentRegistry.sol";
import { Purposes } from "./libraries/Purposes.sol";
import { Signatures } from "./libraries/Signatures.sol";
import { Agreement, AgreementState, AgreementStatus, Agreements, Steps } from "./types/Agreement.sol";
import { AgreementId } from "./types/Ids.sol";

abstract contract ConsentRegistry is IConsentRegistry, EIP712 {
    using Agreements for Agreement;
    using Agreements for AgreementId;

    mapping(AgreementId id => AgreementStatus status) private _agreements;

    // Give and withdraw

    /// @inheritdoc IConsentRegistry
    function give(Agreement calldata agreement) external returns (AgreementId id) {
        _onlySubject(agreement);
        id = agreement.id();
        _give(id, agreement);
    }

    /// @inheritdoc IConsentRegistry
    function giveBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature)
        external
        returns (AgreementId id)
    {
        id = agreement.id();
        Signatures.check(agreement.subject, _hashTypedDataV4(id.hashGiving(deadline)), deadline, signature);
        _give(id, agreement);
    }

    /// @inheritdoc IConsentRegistry
    function withdraw(Agreement calldata agreement) external {
        _onlySubject(agreement);
        _withdraw(agreement.id(), agreement.subject);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature) external {
        AgreementId id = agreement.id();
        Signatures.check(agreement.subject, _hashTypedDataV4(id.hashWithdrawal(deadline)), deadline, signature);
        _withdraw(id, agreement.subject);
    }

    // Views

    /// @inheritdoc IConsentRegistry
    function agreementStatus(AgreementId id) external view returns (AgreementStatus memory) {
        return _agreements[id];
    }

    /// @inheritdoc IConsentRegistry
    function check(Agreement calldata agreement, address controller, uint8 purpose, uint8 step, uint32 use)
        external
        view
        returns (AgreementId id)
    {
        return _check(agreement, controller, purpose, step, use);
    }

    // Internals

    function _check(Agreement calldata agreement, address controller, uint8 purpose, uint8 step, uint32 use)
        internal
        view
        returns (AgreementId id)
    {
        id = agreement.id();
        // The state first: of an agreement that nobody gave, no term means anything.
        if (_agreements[id].state != AgreementState.Given) revert AgreementNotGiven(id);
        if (controller != agreement.controller) revert ControllerMismatch(controller, agreement.controller);
        if (block.timestamp < agreement.validFrom) revert AgreementNotYetValid(agreement.validFrom, block.timestamp);
        if (block.timestamp >= agreement.validUntil) revert AgreementExpired(agreement.validUntil, block.timestamp);
        if (!Purposes.permits(purpose, agreement.purposes, agreement.prohibited)) _revertPurpose(agreement, purpose);
        if ((uint256(agreement.steps) >> step) & 1 == 0) revert StepNotAgreed(step, agreement.steps);
        if (use >= agreement.uses) revert UsesSpent(use, agreement.uses);
    }

    /// @dev Whether an agreement that authorised a request still stands. Its other terms were checked then, and its id fixes them.
    function _stands(AgreementId id) internal view returns (bool) {
        AgreementStatus storage status = _agreements[id];
        return status.state == AgreementState.Given && block.timestamp < status.validUntil;
    }

    function _give(AgreementId id, Agreement calldata agreement) private {
        _wellFormed(agreement);
        if (_agreements[id].state != AgreementState.None) revert AgreementExists(id);
        _agreements[id] = AgreementStatus(AgreementState.Given, uint40(block.timestamp), agreement.validUntil);
        emit AgreementGiven(id, agreement.subject, agreement.controller, agreement);
    }

    function _withdraw(AgreementId id, address subject) private {
        AgreementStatus storage status = _agreements[id];
        // One that was signed but not yet brought on chain can be withdrawn too: else whoever holds the signature could still give it.
        if (status.state == AgreementState.Withdrawn) revert AgreementNotGiven(id);
        status.state = AgreementState.Withdrawn;
        status.since = uint40(block.timestamp);
        emit AgreementWithdrawn(id, subject);
    }

    function _revertPurpose(Agreement calldata agreement, uint8 purpose) private pure {
        if (Purposes.prohibits(purpose, agreement.prohibited)) revert PurposeProhibited(purpose, agreement.prohibited);
        revert PurposeNotAgreed(purpose, agreement.purposes);
    }

    function _onlySubject(Agreement calldata agreement) private view {
        if (msg.sender != agreement.subject) revert NotSubject(msg.sender, agreement.subject);
    }

    function _wellFormed(Agreement calldata agreement) private view {
        if (agreement.purposes == 0 || agreement.purposes > Purposes.ALL) revert AgreementMalformed("purposes");
        if (agreement.prohibited > Purposes.ALL) revert AgreementMalformed("prohibited");
        if (agreement.steps == 0 || agreement.steps > Steps.ALL) revert AgreementMalformed("steps");
        if (agreement.uses == 0) revert AgreementMalformed("uses");
        if (agreement.validUntil <= block.timestamp) revert AgreementMalformed("validUntil");
        if (agreement.validFrom >= agreement.validUntil) revert AgreementMalformed("validFrom");
    }
}
