// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId } from "../types/Ids.sol";

/// @title Who says that it has erased
interface IErasures {
    /// @notice Somebody says that it has erased what it had of an agreement's record.
    /// @param evidence Digest of its statement.
    event Erased(AgreementId indexed id, address indexed by, bytes32 evidence);

    /// @notice Nothing is erased while the agreement stands, or was never given.
    error AgreementInForce(AgreementId id);

    /// @notice Says that the sender has erased what it had of the agreement's record: a vault its keys, an operator what it was given. The
    /// chain can't see whether it did; it keeps who said so, and when.
    /// @param evidence Digest of the sender's statement.
    function attestErasure(AgreementId id, bytes32 evidence) external;

    /// @notice Says it for somebody who signed it (EIP-712 `Erasure`), as an operator's attester does. Brought again, it is said again.
    function attestErasureBySig(
        AgreementId id,
        address by,
        bytes32 evidence,
        uint256 deadline,
        bytes calldata signature
    ) external;
}
