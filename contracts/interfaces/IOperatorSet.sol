// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Operator, Policy } from "../types/Operator.sol";
import { Attestation } from "../types/Verdict.sol";

/// @title Staked operators and the committee's epochs
/// @notice Anyone may join with a stake. `rotate`, which anyone may call once membership changed and the epoch is old enough, makes the
/// operators that have joined, not resigned, and aren't jailed the next epoch's members. No epoch is smaller than the policy's `minMembers`,
/// and that is never below a published model's quorum.
interface IOperatorSet {
    event OperatorJoined(
        address indexed operator, address indexed attester, bytes32 sealKey, string endpoint, uint256 stake
    );
    /// @notice From the next rotation on, the attester is another; until then both keys are needed.
    event OperatorChanged(address indexed operator, address indexed attester, bytes32 sealKey, string endpoint);
    event StakeAdded(address indexed operator, uint256 amount, uint256 stake);
    event OperatorResigned(address indexed operator, uint32 lastEpoch);
    event OperatorJailed(address indexed operator, uint40 until);
    event OperatorReleased(address indexed operator);
    event StakeWithdrawn(address indexed operator, uint256 stake);
    /// @param members Attesters in the order in which `Attestation.signers` counts them.
    event EpochRotated(uint32 indexed epoch, address[] members);
    event PolicyScheduled(Policy policy, uint40 notBefore);
    event PolicyChanged(Policy policy);

    error OperatorExists(address operator);
    error OperatorUnknown(address operator);
    error OperatorHasResigned(address operator);
    error OperatorNotResigned(address operator);
    error OperatorIsJailed(address operator, uint256 until);
    error OperatorNotOut(address operator);
    /// @notice An attester belongs to one operator for ever, so that old reports stay attributable.
    error AttesterTaken(address attester, address operator);
    error StakeTooLow(uint256 given, uint256 wanted);
    error StakeBonded(uint256 withdrawableAt, uint256 timestamp);
    /// @notice Its last epoch isn't over: call `rotate` first.
    error StillMember(address operator, uint32 epoch);
    error CommitteeFull(uint256 most);
    error CommitteeTooSmall(uint256 given, uint256 least);
    error MembershipUnchanged();
    error RotationTooSoon(uint256 notBefore, uint256 timestamp);
    error PolicyMalformed(string term);
    /// @notice What the committee decided with these signatures was carried out before.
    error DecisionSpent(bytes32 decision);
    error NoPolicyScheduled();
    error PolicyNotDue(uint256 notBefore, uint256 timestamp);

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

    /// @notice Changes the sender's attester, seal key or endpoint. The epochs that have the old attester as a member keep it.
    function changeKeys(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external;

    /// @notice Adds the ether sent to an operator's stake. Anyone may.
    function addStake(address operator) external payable;

    /// @notice Leaves the set: not a member from the next rotation on. While too few others are left for a rotation, the operator stays a
    /// member, and its stake bonded, until another joins.
    function resign() external;

    /// @notice Pays the stake back, once the unbonding time has passed since the operator's last epoch ended: that of the policy under which
    /// it ended (`epochEnd`).
    function withdrawStake() external;

    /// @notice Puts a member that doesn't answer out of the set. A supermajority of the epoch signed so (EIP-712 `Jailing`). Anyone may send it.
    function jail(address operator, uint256 deadline, Attestation calldata attestation) external;

    /// @notice Puts an operator that was jailed, or whose stake was too low, back into the set. Its jail time must be over and its stake enough.
    function release(address operator) external;

    /// @notice Starts a new epoch.
    function rotate() external returns (uint32 epoch);

    /// @notice Schedules another policy. A supermajority of the epoch signed so (EIP-712 `Amendment`). It can be applied after the unbonding
    /// time.
    function schedulePolicy(Policy calldata policy, uint256 deadline, Attestation calldata attestation) external;

    /// @notice Applies the scheduled policy. Anyone may, once it is due. What an epoch that is over had by the policy before, it keeps.
    function applyPolicy() external;

    function operatorOf(address attester) external view returns (address);

    function operatorInfo(address operator) external view returns (Operator memory);

    function currentPolicy() external view returns (Policy memory);

    function scheduledPolicy() external view returns (Policy memory policy, uint40 notBefore);
}
