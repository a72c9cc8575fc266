// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
import { AgreementId } from "../types/Ids.sol";
interface IErasures {
    event Erased(AgreementId indexed id, address indexed by, bytes32 evidence);
    error AgreementInForce(AgreementId id);
    function attestErasure(AgreementId id, bytes32 evidence) external;
    function attestErasureBySig(AgreementId id, address by, bytes32 evidence, uint256 deadline, bytes calldata signature) external;
}
