// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CommitteeTerms, Operator, Roll } from "../types/Roll.sol";
import { ICore } from "./ICore.sol";

/// @title The committee: staked operators, epochs and seats
/// @notice Anyone (or whom the admission contract admits) joins with a stake and waits. Each rotation, which anyone may start once the epoch
/// is old enough, takes the highest stakes that wait onto the roll, and lets go who resigned or whose lease is over: an eighth of the roll at
/// most, either way. The first of the roll, by seniority, have seats and sign reports. Terms are fixed when the contract is made; nobody
/// votes about operators or terms. It has no owner.
interface ICommittee {
    event OperatorJoined(
        address indexed operator, address indexed attester, bytes32 sealKey, string endpoint, uint256 stake
    );
    /// @notice From the next epoch on, the attester is another; until then both keys are needed.
    event OperatorChanged(address indexed operator, address indexed attester, bytes32 sealKey, string endpoint);
    event StakeAdded(address indexed operator, uint256 amount, uint256 stake);
    event LeaseRenewed(address indexed operator, uint40 until);
    /// @notice Somebody with more at stake took its place among those who wait.
    event OperatorCrowdedOut(address indexed operator);
    event OperatorResigned(address indexed operator);
    event StakeWithdrawn(address indexed operator, uint256 stake);
    /// @param roll Attesters in the order in which bitmaps count them; the first `seats` sign reports.
    event EpochFormed(uint32 indexed epoch, uint8 seats, address[] roll);

    error OperatorExists(address operator);
    error OperatorUnknown(address operator);
    error OperatorHasResigned(address operator);
    error OperatorNotResigned(address operator);
    error OperatorNotAdmitted(address operator);
    /// @notice An attester belongs to one operator for ever, so that old reports stay attributable.
    error AttesterTaken(address attester, address operator);
    error StakeTooLow(uint256 given, uint256 wanted);
    error StakeBonded(uint256 withdrawableAt, uint256 timestamp);
    /// @notice It is on the roll: a rotation has to let it go first.
    error StillOnRoll(address operator);
    /// @notice As many wait as can, with no less at stake.
    error WaitingListFull(uint256 lowestStake);
    /// @notice Too few wait for the first epoch.
    error RollTooSmall(uint256 given, uint256 least);
    error RotationTooSoon(uint256 notBefore, uint256 timestamp);
    error EpochUnknown(uint32 epoch);

    /// @notice Joins as an operator with the ether sent as stake, and waits for a rotation.
    /// @param sealKey X25519 public key to which vaults seal fields.
    /// @param endpoint Base URL of the operator's HTTP interface.
    /// @param deadline Last second at which the attester's signature may be used.
    /// @param attesterSignature The attester's EIP-712 `Joining`, by its key: it keeps anyone else from registering it, and a contract, which
    /// could never sign a report, from being an operator.
    function join(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external payable;

    /// @notice Changes the sender's attester, seal key or endpoint. The epochs that have the old attester on their rolls keep it.
    function changeKeys(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external;

    /// @notice Adds the ether sent to an operator's stake. Anyone may.
    function addStake(address operator) external payable;

    /// @notice Renews the sender's lease from now. An operator that is out waits again, with stake enough.
    function renew() external;

    /// @notice Leaves: the waiting list at once, the roll with a rotation.
    function resign() external;

    /// @notice Pays the stake back, once the unbonding time has passed since the operator's last epoch ended, and its lease is over.
    function withdrawStake() external;

    /// @notice Forms the next epoch. Anyone may, once the last rotation is an epoch's length ago. Whose stake is below a penalty leaves; of
    /// who resigned or whose lease is over, an eighth of the roll; those with the highest stakes who wait enter, as many, or as many as the
    /// least roll lacks of those with a whole stake. On a full roll each takes the place of one without a whole stake, or else of the lowest,
    /// if its own is a quarter higher and fewer than an eighth left. A roll smaller than the least has no seats. The first rotation takes all
    /// who wait, the least roll at least.
    function rotate() external returns (uint32 epoch);

    function operatorInfo(address operator) external view returns (Operator memory);

    /// @notice Whose an attester is, be it a former one; the zero address if nobody's.
    function operatorOf(address attester) external view returns (address);

    /// @notice Those who wait, in no order that counts.
    function waiting() external view returns (address[] memory operators);

    /// @notice An epoch's roll, and its attesters in the order in which bitmaps count them.
    function rollOf(uint32 epoch) external view returns (Roll memory roll, address[] memory attesters);

    /// @notice Number of the current epoch; 0 before the first.
    function currentEpoch() external view returns (uint32);

    /// @notice First second at which `rotate` may be called (Unix time).
    function rotatableAt() external view returns (uint256);

    function terms() external view returns (CommitteeTerms memory);

    /// @notice The contract whose verdicts it signs.
    function core() external view returns (ICore);
}
