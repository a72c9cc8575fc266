// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IErasures } from "../interfaces/IErasures.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { AgreementState, AgreementStatus, Agreements } from "../types/Agreement.sol";
import { AgreementId } from "../types/Ids.sol";
import { Domain } from "./Domain.sol";

/// @dev What is said after an agreement is over.
abstract contract Erasures is IErasures, Domain {
    using Agreements for AgreementId;

    /// @inheritdoc IErasures
    function attestErasure(AgreementId id, bytes32 evidence) external {
        _attest(id, msg.sender, evidence);
    }

    /// @inheritdoc IErasures
    function attestErasureBySig(
        AgreementId id,
        address by,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Signatures.check(by, _hashTypedData(id.hashErasure(by, evidence, deadline)), deadline, signature);
        _attest(id, by, evidence);
    }

    function _agreementStatus(AgreementId id) internal view virtual returns (AgreementStatus memory);

    function _attest(AgreementId id, address by, bytes32 evidence) private {
        AgreementStatus memory status = _agreementStatus(id);
        // What was never given may yet be; what has expired is over, though it may be renewed.
        bool inForce = status.state == AgreementState.None
            || (status.state == AgreementState.Given && block.timestamp < status.validUntil);
        if (inForce) revert AgreementInForce(id);
        emit Erased(id, by, evidence);
    }
}
