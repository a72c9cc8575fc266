// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Epoch, Operator } from "../types/Operator.sol";

/// @title Staked operators and the committee's epochs
/// @notice Anyone may join with a stake. `rotate`, which anyone may call once membership changed and the epoch is old enough, makes the
/// operators that have joined and not left the next epoch's members. No epoch is smaller than `minMembers`.
interface IOperatorSet {
    event OperatorJoined(
        address indexed operator, address indexed attester, bytes32 sealKey, string endpoint, uint256 stake
    );
    event OperatorLeft(address indexed operator, uint256 withdrawableAt);
    event StakeWithdrawn(address indexed operator, uint256 stake);
    /// @param members Attesters in the order in which `Attestation.signers` counts them.
    event EpochRotated(uint32 indexed epoch, address[] members);

    error OperatorExists(address operator);
    error OperatorUnknown(address operator);
    error OperatorHasLeft(address operator);
    error OperatorNotLeft(address operator);
    /// @notice An attester belongs to one operator for ever, so that old reports stay attributable.
    error AttesterTaken(address attester, address operator);
    error StakeTooLow(uint256 given, uint256 wanted);
    error StakeBonded(uint256 withdrawableAt, uint256 timestamp);
    /// @notice Still a member of the current epoch: call `rotate` first.
    error StillMember(address operator, uint32 epoch);
    error CommitteeFull(uint256 most);
    error CommitteeTooSmall(uint256 given, uint256 least);
    error MembershipUnchanged();
    error RotationTooSoon(uint256 notBefore, uint256 timestamp);
    error EpochUnknown(uint32 epoch);

    /// @notice Joins as an operator with the ether sent as stake; membership starts with the next rotation.
    /// @param sealKey X25519 public key to which vaults seal fields.
    /// @param endpoint Base URL of the operator's HTTP interface.
    /// @param deadline Last second at which the attester's signature may be used.
    /// @param attesterSignature The attester's EIP-712 `Joining`, by its key: it keeps anyone else from registering it, and a contract, which
    /// could never sign a report, from being a member.
    function join(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external payable;

    /// @notice Leaves the set: not a member from the next rotation on. The stake unbonds from now. While too few others are left for a
    /// rotation, the operator stays a member, and its stake bonded, until another joins.
    function resign() external;

    /// @notice Pays the stake back, once unbonded and no longer a member of the current epoch.
    function withdrawStake() external;

    /// @notice Starts a new epoch.
    function rotate() external returns (uint32 epoch);

    function currentEpoch() external view returns (Epoch memory);

    /// @notice Attesters of an epoch, in the order of the signers' bitmap.
    function membersOf(uint32 epoch) external view returns (address[] memory);

    function operatorOf(address attester) external view returns (address);

    function operatorInfo(address operator) external view returns (Operator memory);

    function minStake() external view returns (uint256);
    function minMembers() external view returns (uint256);
    function unbondingTime() external view returns (uint256);
    function epochLength() external view returns (uint256);
}
