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
    /// Of the zero address: what is nobody's.
    mapping(address account => uint256 amount) internal _credits;
    /// What was taken at convictions in an epoch, and wasn't paid out yet.
    mapping(uint32 epoch => uint256 amount) internal _kept;

    // Cases

    /// @inheritdoc ICases
    function challenge(Recording calldata recording, Under calldata under) external payable {
        if (msg.value != _bond) revert BondMismatch(msg.value, _bond);
        (RequestId id, address arbiter) = core.contest(recording, under);
        if (_rulingTime == 0) arbiter = address(0);
        (uint256 size, uint256 signers) = (_rollOf(recording.by).size, LibBit.popCount(recording.by.bitmap()));
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
            judges = 0;
            address[] memory each = _of(recording.by, overruled);
            for (uint256 i = 0; i < each.length; ++i) {
                _credits[address(0)] += _take(id, each[i]);
            }
        }
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
            // Else a challenge would cost nothing wherever one judge is silent, and no verdict could be relied on there.
            uint256 half = _bond / 2;
            _credits[case_.challenger] += _bond - half;
            _credits[address(0)] += half;
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
        address[] memory operators = _operatorsOf(by);
        for (uint256 i = 0; i < operators.length; ++i) {
            bool staked = _operators[operators[i]].stake >= _penalty;
            if (staked && (by.bitmap() >> i) & 1 == 0) judges |= uint64(1 << i);
        }
        return (judges, _wanted(operators.length));
    }

    /// @inheritdoc ICases
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc ICases
    function keptOf(uint32 epoch) external view returns (uint256) {
        return _kept[epoch];
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
        Roll storage roll = _rollOf(by);
        uint256 size = roll.size;
        uint256 given = LibBit.popCount(judges);
        uint256 wanted = _wanted(size);
        if (given != wanted) revert QuorumMismatch(given, wanted);
        uint256 strangers = (judges & by.bitmap()) | (uint256(judges) >> size << size);
        if (strangers != 0) revert JudgeUnknown(LibBit.fls(strangers));
        if (signatures.length != given << 6) revert SignaturesMalformed(signatures.length, given << 6);
        bytes memory members = SSTORE2.read(roll.members);
        (bool valid, uint256 index, address recovered) =
            Members.signed(_hashTypedData(ruling), judges, members, signatures);
        if (!valid) revert SignerMismatch(index, recovered, Members.get(members, index));
        address[] memory operators = _of(by, judges);
        for (uint256 i = 0; i < given; ++i) {
            if (_operators[operators[i]].stake < _penalty) revert JudgeWithoutStake(operators[i]);
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
        uint64 guilty
    ) private {
        if (case_.phase != Phase.Overruled) case_.phase = Phase.Closed;
        uint256 pay = _bond;
        if (!stands) {
            (uint64 convicted, uint256 share) = _convict(id, recording.by);
            guilty |= convicted;
            // Who was right has its bond back, whatever is left of the stakes; then those have theirs who said so.
            if (share < pay) (share, pay) = (pay, share);
            _credits[case_.challenger] += share;
        }
        _pay(recording.by, judges, case_.arbiter, pay);
        // An arbiter that agrees with its bench that a verdict is false may name another right one: that one is its own.
        if (case_.arbiter != address(0) && case_.found != Cases.hash(verdict)) judges = 0;
        emit CaseClosed(id, stands, judges);
        _unseat(_of(recording.by, guilty));
        core.settleContest(recording, stands ? Ending.Upheld : Ending.Corrected, verdict, judges);
    }

    /// @dev Takes a penalty from each signer, once for all that it signed until it was convicted: else it soon couldn't judge any more, and a
    /// corrupt minority might be a majority of those who still can.
    /// @return convicted Who wasn't before.
    /// @return share What the challenger has: with its bond, which is the judges', as much again; of a lie whose signers were convicted before,
    /// the bond, from what is left of what was taken from them then. So nobody earns what others lost.
    function _convict(RequestId id, Signers by) private returns (uint64 convicted, uint256 share) {
        address[] memory operators = _operatorsOf(by);
        uint256 taken = 0;
        uint32 key = 0;
        for (uint256 i = 0; i < operators.length; ++i) {
            if ((by.bitmap() >> i) & 1 == 0) continue;
            Operator storage info = _operators[operators[i]];
            uint32 before = info.convictedIn;
            if (by.epoch() <= before) {
                if (before > key) key = before;
                continue;
            }
            convicted |= uint64(1 << i);
            taken += _take(id, operators[i]);
            info.convictedIn = _epoch;
        }
        if (convicted != 0) key = _epoch;
        uint256 kept = _kept[key] + taken;
        share = convicted != 0 ? 2 * FixedPointMathLib.min(taken / 4, _bond) : FixedPointMathLib.min(kept, _bond);
        _kept[key] = kept - share;
    }

    /// @dev A penalty, as far as there is one.
    function _take(RequestId id, address operator) internal returns (uint96 penalty) {
        Operator storage info = _operators[operator];
        penalty = info.stake < _penalty ? info.stake : _penalty;
        info.stake -= penalty;
        emit OperatorSlashed(id, operator, penalty);
    }

    function _pay(Signers by, uint64 judges, address arbiter, uint256 amount) private {
        if (judges == 0) {
            _credits[arbiter] += amount;
            return;
        }
        address[] memory paid = _of(by, judges);
        uint256 share = amount / paid.length;
        for (uint256 i = 0; i < paid.length; ++i) {
            _credits[paid[i]] += share;
        }
        _credits[address(0)] += amount % paid.length;
    }

    /// @dev The convicted come last, as judges: were they put out, a conviction of the lazy would make a corrupt third a majority. What they
    /// signed and didn't send yet is worth nothing. Where none of them is on the roll, nor was on the last, which may be in its grace, nobody
    /// could sign anything, and the epoch goes on: else any stranger with a stake could end it.
    function _unseat(address[] memory guilty) internal {
        Draft memory next = _current();
        bool some = false;
        for (uint256 i = 0; i < guilty.length; ++i) {
            Operator storage info = _operators[guilty[i]];
            if (info.lastEpoch + 1 == _epoch) some = true;
            if (!_takeOut(next, guilty[i])) continue;
            some = true;
            if (info.stake >= _penalty) next.operators[next.size++] = guilty[i];
            else _leave(info, Place.Out);
        }
        if (some) _form(next, 0);
    }

    /// @dev The operators of a bitmap.
    function _of(Signers by, uint64 bitmap) private view returns (address[] memory some) {
        address[] memory operators = _operatorsOf(by);
        some = new address[](LibBit.popCount(bitmap));
        uint256 count = 0;
        for (uint256 i = 0; count < some.length; ++i) {
            if ((bitmap >> i) & 1 == 1) some[count++] = operators[i];
        }
    }

    function _operatorsOf(Signers by) private view returns (address[] memory) {
        return _operatorsOf(_rollOf(by));
    }

    function _rollOf(Signers by) private view returns (Roll storage roll) {
        uint256 epoch = by.epoch();
        if (epoch > type(uint32).max) revert EpochUnknown(type(uint32).max);
        return _known(uint32(epoch));
    }

    /// @dev More than half of a whole roll: two such sets share a judge, and fewer than half corrupt can't be one.
    function _wanted(uint256 size) private pure returns (uint256) {
        return size / 2 + 1;
    }
}
