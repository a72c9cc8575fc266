// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Domain } from "./Domain.sol";

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
    Steps,
    Terms
} from "../types/Agreement.sol";
import { AgreementId } from "../types/Ids.sol";
import { State } from "./State.sol";

/// @dev What subjects do.
abstract contract ConsentRegistry is IConsentRegistry, State, Domain {
    using Agreements for Agreement;
    using Agreements for AgreementId;

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
        Signatures.check(agreement.source.subject, _hashTypedData(id.hashGiving(deadline)), deadline, signature);
        _give(id, agreement);
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

    function _give(AgreementId id, Agreement calldata agreement) private {
        _wellFormed(agreement);
        if (!_agreements[id].isNone()) revert AgreementExists(id);
        _agreements[id] = AgreementSlots.given(agreement.terms.validUntil);
        _emitGiven(id, agreement);
    }

    function _withdraw(AgreementId id, address subject) private {
        AgreementSlot slot = _agreements[id];
        // One that was signed but not yet brought on chain can be withdrawn too: else whoever holds the signature could still give it.
        if (slot.state() == AgreementState.Withdrawn) revert AgreementNotGiven(id);
        _agreements[id] = slot.withdrawn();
        emit AgreementWithdrawn(id, subject);
    }

    /// @dev Equals `emit AgreementGiven(id, subject, controller, holder, root, notice, salt, terms)`, which would check and copy field by
    /// field for 1,000 gas more. From the holder on, the agreement's fields are the event's, as wide and in the same order.
    function _emitGiven(AgreementId id, Agreement calldata agreement) private {
        bytes32 topic = AgreementGiven.selector;
        address subject = agreement.source.subject;
        address controller = agreement.controller;
        Source calldata source = agreement.source;
        assembly ("memory-safe") {
            let data := mload(0x40) // free memory, not claimed: the log is all that is kept
            calldatacopy(data, add(source, 0x20), 0x180)
            log4(data, 0x180, topic, id, subject, controller)
        }
    }

    function _onlySubject(Agreement calldata agreement) private view {
        if (msg.sender != agreement.source.subject) revert NotSubject(msg.sender, agreement.source.subject);
    }

    /// @dev Reading a field checks that it is no wider than its type: what the event says, anyone can decode.
    function _wellFormed(Agreement calldata agreement) private view {
        Terms calldata terms = agreement.terms;
        if (terms.purposes == 0 || terms.purposes > Purposes.ALL) revert AgreementMalformed("purposes");
        if (terms.prohibited > Purposes.ALL) revert AgreementMalformed("prohibited");
        uint8 steps = terms.steps;
        if (steps == 0 || steps > Steps.ALL) revert AgreementMalformed("steps");
        if (terms.uses == 0) revert AgreementMalformed("uses");
        uint40 validUntil = terms.validUntil;
        if (validUntil <= block.timestamp) revert AgreementMalformed("validUntil");
        if (terms.validFrom >= validUntil) revert AgreementMalformed("validFrom");
        uint256 tooWide;
        assembly ("memory-safe") {
            tooWide := shr(96, calldataload(add(terms, 0xe0))) // the one field that nothing here reads
        }
        if (tooWide != 0) revert AgreementMalformed("price");
        if (agreement.source.holder == address(0)) revert AgreementMalformed("holder");
    }
}
