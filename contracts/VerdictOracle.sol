// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { LibBit } from "solady/utils/LibBit.sol";

import { ConsentRegistry } from "./ConsentRegistry.sol";
import { ModelRegistry } from "./ModelRegistry.sol";
import { OperatorSet } from "./OperatorSet.sol";
import { RecordRegistry } from "./RecordRegistry.sol";
import { IVerdictOracle } from "./interfaces/IVerdictOracle.sol";
import { Agreement } from "./types/Agreement.sol";
import { AgreementId, RequestId } from "./types/Ids.sol";
import { ModelStatus } from "./types/Model.sol";
import { Attestation, Request, RequestState, RequestStatus, Verdict, Verdicts } from "./types/Verdict.sol";

abstract contract VerdictOracle is IVerdictOracle, ConsentRegistry, RecordRegistry, ModelRegistry, OperatorSet {
    using Verdicts for Request;
    using Verdicts for AgreementId;

    uint256 private constant STATE_MASK = 0xff;

    /// The state in the low byte; above it 31 bytes of the request's commitment while it is open, the packed verdict once recorded.
    mapping(RequestId id => uint256 slot) private _requests;
    /// Fees by the exact set of signers: one write a report, however many sign.
    mapping(uint32 epoch => mapping(uint256 signers => uint256 wei_)) private _earned;
    mapping(uint32 epoch => mapping(uint256 signers => mapping(uint256 index => uint256 wei_))) private _collected;
    mapping(address account => uint256 wei_) private _credits;

    // Request

    /// @inheritdoc IVerdictOracle
    function request(Agreement calldata agreement, uint8 purpose, uint8 step, uint32 use, uint40 deadline)
        external
        payable
        returns (RequestId id)
    {
        AgreementId agreementId = _check(agreement, msg.sender, purpose, step, use);
        _checkRecord(agreement.record, agreement.subject);
        ModelStatus storage model = _published(agreement.model);
        uint96 fee = model.fee;
        if (msg.value != fee) revert FeeMismatch(msg.value, fee);
        if (deadline < block.timestamp) revert DeadlinePassed(deadline, block.timestamp);
        id = agreementId.id(use);
        if (_requests[id] != 0) revert RequestExists(id);

        // The fields of `Request`, in their order.
        bytes32 committed = keccak256(
            abi.encode(
                Verdicts.REQUEST_TYPEHASH,
                agreementId,
                use,
                msg.sender,
                purpose,
                step,
                deadline,
                fee,
                model.quorum,
                model.outcomeCount
            )
        );
        _requests[id] = _openSlot(committed);
        emit Requested(id, agreementId, use, purpose, step, deadline);
    }

    // Record

    /// @inheritdoc IVerdictOracle
    function record(Request calldata request_, Verdict calldata verdict, Attestation calldata attestation) external {
        (RequestId id, bytes32 committed) = _open(request_);
        if (block.timestamp > request_.deadline) revert DeadlinePassed(request_.deadline, block.timestamp);
        if (!_stands(request_.agreement)) revert AgreementNoLongerValid(request_.agreement);
        if (verdict.score > Verdicts.MAX_SCORE) revert ScoreOutOfRange(verdict.score, Verdicts.MAX_SCORE);
        if (verdict.outcome >= request_.outcomeCount) {
            revert OutcomeUnknown(verdict.outcome, request_.outcomeCount);
        }
        _checkQuorum(attestation, request_.quorum, 1, Verdicts.leaf(id, committed, verdict));

        _requests[id] = _recordedSlot(verdict);
        _earned[attestation.epoch][attestation.signers] += request_.fee;
        emit Recorded(id, verdict.outcome, verdict.score, verdict.trail, attestation.epoch, attestation.signers);
    }

    // Refuse and expire

    /// @inheritdoc IVerdictOracle
    function refuse(Request calldata request_) external {
        (RequestId id,) = _open(request_);
        if (_stands(request_.agreement)) revert AgreementStillValid(request_.agreement);
        _refund(id, RequestState.Refused, request_);
        emit Refused(id);
    }

    /// @inheritdoc IVerdictOracle
    function expire(Request calldata request_) external {
        (RequestId id,) = _open(request_);
        if (block.timestamp <= request_.deadline) revert DeadlineNotPassed(request_.deadline, block.timestamp);
        _refund(id, RequestState.Expired, request_);
        emit Expired(id);
    }

    // Credits

    /// @inheritdoc IVerdictOracle
    function collect(uint32 epoch, uint256 signers, uint256 index) external returns (uint256 amount) {
        if ((signers >> index) & 1 == 0) revert SignerUnknown(index);
        uint256 share = _earned[epoch][signers] / LibBit.popCount(signers);
        amount = share - _collected[epoch][signers][index];
        if (amount == 0) revert NothingToCollect();
        address operator = _operatorAt(epoch, index);
        _collected[epoch][signers][index] = share;
        _credits[operator] += amount;
        emit Collected(operator, epoch, signers, index, amount);
    }

    /// @inheritdoc IVerdictOracle
    function withdrawCredits(address payable to) external returns (uint256 amount) {
        amount = _credits[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        _credits[msg.sender] = 0;
        emit CreditsWithdrawn(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }

    // Views

    /// @inheritdoc IVerdictOracle
    function verdictOf(RequestId id) external view returns (RequestStatus memory status) {
        uint256 slot = _requests[id];
        status.state = RequestState(slot & STATE_MASK);
        if (status.state == RequestState.None || status.state == RequestState.Requested) return status;
        status.outcome = uint8(slot >> 8);
        status.score = uint24(slot >> 16);
        status.since = uint40(slot >> 40);
        status.trail = bytes22(bytes32(slot));
    }

    /// @inheritdoc IVerdictOracle
    function requestId(AgreementId agreement, uint32 use) external pure returns (RequestId) {
        return agreement.id(use);
    }

    /// @inheritdoc IVerdictOracle
    function nextUse(AgreementId agreement, uint32 from) external view returns (uint32 use) {
        use = from;
        while (_requests[agreement.id(use)] != 0) ++use;
    }

    /// @inheritdoc IVerdictOracle
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IVerdictOracle
    function earnedBy(uint32 epoch, uint256 signers) external view returns (uint256) {
        return _earned[epoch][signers];
    }

    // Internals

    function _open(Request calldata request_) private view returns (RequestId id, bytes32 committed) {
        id = request_.agreement.id(request_.use);
        committed = request_.commitment();
        uint256 slot = _requests[id];
        if (slot == _openSlot(committed)) return (id, committed);
        RequestState state = RequestState(slot & STATE_MASK);
        if (state == RequestState.Requested) revert RequestMismatch(id);
        revert RequestNotOpen(id, state);
    }

    function _refund(RequestId id, RequestState state, Request calldata request_) private {
        _requests[id] = (block.timestamp << 40) | uint256(state);
        _credits[request_.controller] += request_.fee;
    }

    function _checkQuorum(Attestation calldata attestation, uint256 quorum, uint32 count, bytes32 root) private view {
        (uint32 current, bytes memory members) = _committee();
        if (attestation.epoch != current) revert EpochStale(attestation.epoch, current);
        uint256 signers = attestation.signers;
        uint256 given = LibBit.popCount(signers);
        if (given < quorum) revert QuorumNotReached(given, quorum);
        if (signers >> (members.length / 20) != 0) revert SignerUnknown(LibBit.fls(signers));
        if (attestation.signatures.length != given * 64) {
            revert SignaturesMalformed(attestation.signatures.length, given * 64);
        }
        bytes32 digest = _hashTypedDataV4(Verdicts.hashReport(current, count, root));
        _checkSignatures(digest, signers, members, attestation.signatures);
    }

    /// @dev A bitmap names each member once, so nobody's signature counts twice. `tryRecover` refuses a high `s`.
    function _checkSignatures(bytes32 digest, uint256 signers, bytes memory members, bytes calldata signatures)
        private
        pure
    {
        uint256 offset = 0;
        while (signers != 0) {
            uint256 index = LibBit.ffs(signers);
            address member = _memberAt(members, index);
            bytes32 r = bytes32(signatures[offset:offset + 32]);
            bytes32 vs = bytes32(signatures[offset + 32:offset + 64]);
            (address recovered,,) = ECDSA.tryRecover(digest, r, vs);
            if (recovered != member) revert SignerMismatch(index, recovered, member);
            signers &= signers - 1;
            offset += 64;
        }
    }

    function _openSlot(bytes32 committed) private pure returns (uint256) {
        return (uint256(committed) & ~STATE_MASK) | uint256(RequestState.Requested);
    }

    function _recordedSlot(Verdict calldata verdict) private view returns (uint256) {
        // From the top: trail 176 bits, time 40, score 24, outcome 8, state 8. Only the head of the trail's digest has room; the quorum
        // signed all of it, and the event carries it.
        return (uint256(verdict.trail) >> 80 << 80) | (block.timestamp << 40) | (uint256(verdict.score) << 16)
            | (uint256(verdict.outcome) << 8) | uint256(RequestState.Recorded);
    }

    function _smallestCommittee() internal view override returns (uint256) {
        return minMembers;
    }
}
