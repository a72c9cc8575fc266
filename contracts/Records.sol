// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
import { RecordRegistry } from "./base/RecordRegistry.sol";
import { Domain } from "./base/Domain.sol";
import { IErasures } from "./interfaces/IErasures.sol";
import { IRequestDesk } from "./interfaces/IRequestDesk.sol";
import { Signatures } from "./libraries/Signatures.sol";
import { Agreements, AgreementState, AgreementStatus } from "./types/Agreement.sol";
import { AgreementId } from "./types/Ids.sol";
contract Records is RecordRegistry, IErasures, Domain {
    using Agreements for AgreementId;
    IRequestDesk public immutable core;
    constructor(IRequestDesk core_) { core = core_; }
    function attestErasure(AgreementId id, bytes32 evidence) external { _attestErasure(id, msg.sender, evidence); }
    function attestErasureBySig(AgreementId id, address by, bytes32 evidence, uint256 deadline, bytes calldata signature) external {
        Signatures.check(by, _hashTypedData(id.hashErasure(by, evidence, deadline)), deadline, signature);
        _attestErasure(id, by, evidence);
    }
    function _attestErasure(AgreementId id, address by, bytes32 evidence) private {
        AgreementStatus memory status = core.agreementStatus(id);
        bool inForce = status.state == AgreementState.None || (status.state == AgreementState.Given && block.timestamp < status.validUntil);
        if (inForce) revert AgreementInForce(id);
        emit Erased(id, by, evidence);
    }
}
