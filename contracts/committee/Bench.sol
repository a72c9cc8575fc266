// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";
import { LibBit } from "solady/utils/LibBit.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { ICases } from "../interfaces/ICases.sol";
import { Members } from "../libraries/Members.sol";
import { Case, Cases, Ending, Phase } from "../types/Case.sol";
import { RequestId } from "../types/Ids.sol";
import { Operator, Place, Roll } from "../types/Roll.sol";
import { Signers } from "../types/Signers.sol";
import { Under } from "../types/Standing.sol";
import { Recording, Verdict, Verdicts } from "../types/Verdict.sol";
import { Epochs } from "./Epochs.sol";

/// @dev Who judges a challenged verdict, and what becomes of the bond, of those who signed it, and of those who judged.
abstract contract Bench is ICases, Epochs {
    mapping(RequestId id => Case case_) private _cases;
    /// Of the zero address: what is nobody's. Of this contract: what challengers may have back whose verdict's signers had nothing left.
    mapping(address account => uint256 amount) internal _credits;

    // Cases

    /// @inheritdoc ICases
    function challenge(Recording calldata recording, Under calldata under) external payable {
        if (msg.value != _bond) revert BondMismatch(msg.value, _bond);
        (RequestId id, address arbiter) = core.contest(recording, under);
        if (_rulingTime == 0) arbiter = address(0);
        (uint256 size, uint256 signers) = (_sizeOf(recording.by), LibBit.popCount(recording.by.bitmap()));
        uint256 wanted = _wanted(size);
        bool few = size - signers < wanted;
        if (few && arbiter == address(0)) revert NobodyToJudge(size - signers, wanted);
        // Where too few could judge, the arbiter needn't wait for them.
        uint40 until = few ? uint40(block.timestamp - 1) : uint40(block.timestamp + _judgingTime);
        Case storage case_ = _cases[id];
        (case_.challenger, case_.until, case_.phase, case_.arbiter) = (msg.sender, until, Phase.Open, arbiter);
        emit Challenged(id, msg.sender, arbiter, until);
    }

    /// @inheritdoc ICases
    function judge(
        Recording calldata recording,
        Verdict calldata verdict,
        bool stands,
        uint64 judges,
        bytes calldata signatures
    ) external {
        (RequestId id, Case storage case_) = _contested(recording, verdict, stands);
        if (case_.phase != Phase.Open) revert NotUnderReview(id);
        if (block.timestamp > case_.until) revert JudgingOver(case_.until, block.timestamp);
        _checkJudges(recording.by, judges, Cases.hashRuling(recording.by.epoch(), id, stands, verdict), signatures);
        if (case_.arbiter == address(0)) return _decide(id, case_, recording, verdict, stands, judges, 0);
        uint40 until = uint40(block.timestamp + _rulingTime);
        (case_.phase, case_.until) = (stands ? Phase.Stands : Phase.False, until);
        (case_.judges, case_.found) = (judges, Cases.hash(verdict));
        emit Judged(id, stands, judges, verdict.outcome, verdict.score, verdict.trail, until);
    }

    /// @inheritdoc ICases
    function rule(Recording calldata recording, Verdict calldata verdict, bool stands) external {
        (RequestId id, Case storage case_) = _contested(recording, verdict, stands);
        if (msg.sender != case_.arbiter) revert NotArbiter(msg.sender, case_.arbiter);
        Phase phase = case_.phase;
        uint256 until = case_.until;
        bool judged = phase == Phase.Stands || phase == Phase.False;
        if (phase == Phase.Open && until < block.timestamp) until += _rulingTime; // the bench's time is over
        else if (!judged) revert RulingNotDue(id);
        if (block.timestamp > until) revert JudgingOver(until, block.timestamp);

        uint64 judges = case_.judges;
        uint64 overruled = 0;
        if (judged && (phase == Phase.Stands) != stands) {
            case_.phase = Phase.Overruled;
            overruled = judges;
            _credits[address(0)] += _slash(id, recording.by, overruled, false);
        }
        // What they didn't find isn't theirs.
        if (case_.found != Cases.hash(verdict)) judges = 0;
        _decide(id, case_, recording, verdict, stands, judges, overruled);
    }

    /// @inheritdoc ICases
    function close(Recording calldata recording, Verdict calldata verdict) external {
        RequestId id = Verdicts.id(recording.request);
        Case storage case_ = _cases[id];
        Phase phase = case_.phase;
        uint256 until = case_.until;
        if (phase == Phase.Open) {
            if (case_.arbiter != address(0)) until += _rulingTime;
            if (block.timestamp <= until) revert NotDue(until, block.timestamp);
            case_.phase = Phase.Closed;
            _credits[case_.challenger] += _bond;
            emit CaseUnjudged(id);
            core.settleContest(recording, Ending.Unjudged, recording.verdict, 0);
            return;
        }
        if (phase != Phase.Stands && phase != Phase.False) revert NotUnderReview(id);
        if (block.timestamp <= until) revert NotDue(until, block.timestamp);
        if (Cases.hash(verdict) != case_.found) revert VerdictMismatch(id);
        _decide(id, case_, recording, verdict, phase == Phase.Stands, case_.judges, 0);
    }

    /// @inheritdoc ICases
    function withdraw(address to) external {
        uint256 amount = _credits[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        delete _credits[msg.sender];
        emit CreditWithdrawn(msg.sender, to, amount);
        Address.sendValue(payable(to), amount);
    }

    // Views

    /// @inheritdoc ICases
    function caseOf(RequestId id) external view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc ICases
    function benchOf(Signers by) external view returns (uint64 judges, uint256 wanted) {
        bytes memory members = _membersOf(by);
        uint256 size = members.length / Members.SIZE;
        for (uint256 i = 0; i < size; ++i) {
            bool staked = _operators[_operatorOf[Members.get(members, i)]].stake >= _penalty;
            if (staked && (by.bitmap() >> i) & 1 == 0) judges |= uint64(1 << i);
        }
        return (judges, _wanted(size));
    }

    /// @inheritdoc ICases
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    // Internals

    /// @dev What is ruled on is what was recorded, and the ruling can take effect.
    function _contested(Recording calldata recording, Verdict calldata verdict, bool stands)
        private
        view
        returns (RequestId id, Case storage case_)
    {
        id = Verdicts.id(recording.request);
        case_ = _cases[id];
        if (case_.phase == Phase.None || !core.isContested(recording, verdict)) revert NotUnderReview(id);
        if ((Cases.hash(verdict) == Cases.hash(recording.verdict)) != stands) revert VerdictMismatch(id);
    }

    /// @dev Exactly as many as decide, of those who didn't sign: nobody may add a signature to a ruling that it saw, for a part of the pay.
    function _checkJudges(Signers by, uint64 judges, bytes32 ruling, bytes calldata signatures) private view {
        bytes memory members = _membersOf(by);
        uint256 size = members.length / Members.SIZE;
        uint256 given = LibBit.popCount(judges);
        uint256 wanted = _wanted(size);
        if (given != wanted) revert QuorumMismatch(given, wanted);
        uint256 strangers = (judges & by.bitmap()) | (uint256(judges) >> size << size);
        if (strangers != 0) revert JudgeUnknown(LibBit.ffs(strangers));
        if (signatures.length != given << 6) revert SignaturesMalformed(signatures.length, given << 6);
        (bool valid, uint256 index, address recovered) =
            Members.signed(_hashTypedData(ruling), judges, members, signatures);
        if (!valid) revert SignerMismatch(index, recovered, Members.get(members, index));
        for (uint256 left = judges; left != 0; left &= left - 1) {
            address operator = _operatorOf[Members.get(members, LibBit.ffs(left))];
            if (_operators[operator].stake < _penalty) revert JudgeWithoutStake(operator);
        }
    }

    /// @dev A ruling takes effect: by these judges, or, if there are none, the arbiter. Upholding and correcting pay them the same: the bond.
    function _decide(
        RequestId id,
        Case storage case_,
        Recording calldata recording,
        Verdict calldata verdict,
        bool stands,
        uint64 judges,
        uint64 overruled
    ) private {
        if (case_.phase != Phase.Overruled) case_.phase = Phase.Closed;
        if (!stands) {
            uint256 taken = _slash(id, recording.by, recording.by.bitmap(), true);
            _credits[case_.challenger] += _share(taken);
        }
        _pay(recording.by, judges, case_.arbiter);
        emit CaseClosed(id, stands, judges);
        if (!stands || overruled != 0) _unseat(recording.by, overruled | (stands ? 0 : recording.by.bitmap()));
        core.settleContest(recording, stands ? Ending.Upheld : Ending.Corrected, verdict, judges);
    }

    /// @dev What the challenger of a false verdict has: with its bond, which is the judges', as much again. Of what is taken half is paid
    /// out at most; of that half what is left goes to challengers of whom else the same signers lied to.
    function _share(uint256 taken) private returns (uint256 share) {
        share = 2 * FixedPointMathLib.min(taken / 4, _bond);
        uint256 left = _credits[address(this)] + taken / 2 - share;
        if (share < _bond) {
            uint256 more = FixedPointMathLib.min(_bond - share, left);
            (share, left) = (share + more, left - more);
        }
        _credits[address(this)] = left;
        _credits[address(0)] += taken - taken / 2;
    }

    /// @dev A penalty from each, as far as there is one. From who signed false verdicts once for all that it signed until it was convicted: else
    /// it soon couldn't judge any more, and a corrupt minority might be a majority of those who still can.
    function _slash(RequestId id, Signers by, uint256 which, bool signers) private returns (uint256 taken) {
        bytes memory members = _membersOf(by);
        for (; which != 0; which &= which - 1) {
            address operator = _operatorOf[Members.get(members, LibBit.ffs(which))];
            if (signers) {
                if (by.epoch() <= _operators[operator].convictedIn) continue;
                _operators[operator].convictedIn = _epoch;
            }
            taken += _take(id, operator);
        }
    }

    function _take(RequestId id, address operator) internal returns (uint96 penalty) {
        Operator storage info = _operators[operator];
        penalty = info.stake < _penalty ? info.stake : _penalty;
        info.stake -= penalty;
        emit OperatorSlashed(id, operator, penalty);
    }

    function _pay(Signers by, uint64 judges, address arbiter) private {
        if (judges == 0) {
            _credits[arbiter] += _bond;
            return;
        }
        bytes memory members = _membersOf(by);
        uint256 share = _bond / LibBit.popCount(judges);
        uint256 rest = _bond;
        for (uint256 left = judges; left != 0; left &= left - 1) {
            _credits[_operatorOf[Members.get(members, LibBit.ffs(left))]] += share;
            rest -= share;
        }
        _credits[address(0)] += rest;
    }

    /// @dev The convicted come last, as judges: were they put out, a conviction of the lazy would make a corrupt third a majority. What they
    /// signed and didn't send yet is worth nothing.
    function _unseat(Signers by, uint64 guilty) private {
        bytes memory members = _membersOf(by);
        Draft memory next = _current();
        address[] memory convicted = new address[](next.size);
        uint256 count = 0;
        for (uint256 left = guilty; left != 0; left &= left - 1) {
            address operator = _operatorOf[Members.get(members, LibBit.ffs(left))];
            if (_takeOut(next, operator)) convicted[count++] = operator;
        }
        // An epoch that still signs in its grace ends, too, though none of the guilty is on the roll any more.
        if (count == 0 && by.epoch() + 1 != _epoch) return;
        for (uint256 i = 0; i < count; ++i) {
            if (_operators[convicted[i]].stake >= _penalty) next.operators[next.size++] = convicted[i];
            else _leave(_operators[convicted[i]], Place.Out);
        }
        _form(next, 0);
    }

    function _membersOf(Signers by) private view returns (bytes memory) {
        return SSTORE2.read(_rollOf(by).members);
    }

    function _sizeOf(Signers by) private view returns (uint256) {
        return _rollOf(by).size;
    }

    function _rollOf(Signers by) private view returns (Roll memory roll) {
        uint256 epoch = by.epoch();
        if (epoch > type(uint32).max) revert EpochUnknown(type(uint32).max);
        return _known(uint32(epoch));
    }

    /// @dev More than half of a whole roll: two such sets share a judge, and fewer than half corrupt can't be one.
    function _wanted(uint256 size) private pure returns (uint256) {
        return size / 2 + 1;
    }
}
