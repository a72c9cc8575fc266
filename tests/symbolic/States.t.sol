// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CommonBase } from "forge-std/Base.sol";

import { Arbiter } from "../../contracts/base/Arbiter.sol";
import { RequestDesk } from "../../contracts/base/RequestDesk.sol";
import { VerdictOracle } from "../../contracts/base/VerdictOracle.sol";
import { Slots } from "../../contracts/libraries/Slots.sol";
import { Agreements, Terms } from "../../contracts/types/Agreement.sol";
import { Challenge, ChallengeTerms } from "../../contracts/types/Challenge.sol";
import { AgreementId, RequestId, SourceId } from "../../contracts/types/Ids.sol";
import { Recording, Request, RequestState, Verdicts } from "../../contracts/types/Verdict.sol";

/// @notice All that changes a request's state, on one storage, which is set at will.
contract Machine is VerdictOracle, RequestDesk, Arbiter {
    constructor(ChallengeTerms memory terms) VerdictOracle(terms.window) Arbiter(terms) { }

    function set(RequestId id, uint256 word) external {
        _requests[id].word = word;
    }

    function get(RequestId id) external view returns (uint256) {
        return _requests[id].word;
    }
}

contract Taker {
    fallback() external { }
}

/// @notice The ways from state to state, from any word that a slot can hold: whatever succeeds went one of them. Not proven here, for signatures
/// are in their way: Requested to Recorded, and Challenged to Upheld or Corrected (see `QuorumProof`, and the invariants).
contract StatesProof is CommonBase {
    uint256 private constant BOND = 0.1 ether;
    uint256 private constant TIME = uint256(type(uint40).max) << 40;

    Machine private immutable machine = new Machine(ChallengeTerms(1 days, 6 hours, uint96(BOND), 0.5 ether));
    Taker private immutable taker = new Taker();

    function check_OnlyARecordedVerdictIsChallenged(RequestId id, uint256 word, uint40 time) external {
        vm.warp(time);
        machine.set(id, word);
        (bool success,) = address(machine).call{ value: BOND }(abi.encodeCall(machine.challenge, (id)));
        if (!success) return;
        assert(Slots.state(word) == RequestState.Recorded && time <= uint256(Slots.since(word)) + 1 days);
        assert(machine.get(id) == Slots.withState(word, RequestState.Challenged));
        Challenge memory challenged = machine.challengeOf(id);
        assert(challenged.challenger == address(this) && challenged.bond == BOND);
        assert(challenged.outcome == Slots.outcome(word) && challenged.score == Slots.score(word));
    }

    function check_OnlyAChallengeLapses(RequestId id, uint256 word, uint40 time) external {
        vm.warp(time);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.lapse, (id)));
        if (!success) return;
        assert(Slots.state(word) == RequestState.Challenged);
        assert((machine.get(id) ^ word) & ~(Slots.STATE_MASK | TIME) == 0);
        assert(Slots.state(machine.get(id)) == RequestState.Recorded);
    }

    function check_OnlyAFreeUseIsCancelled(SourceId source, Terms calldata terms, uint32 use, uint256 word) external {
        RequestId id = machine.requestId(_agreement(source, terms), use);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.cancel, (source, terms, use)));
        if (!success) return;
        assert(word == 0 && Slots.state(machine.get(id)) == RequestState.Cancelled);
    }

    function check_OnlyAnOpenRequestExpires(Request calldata request, uint256 word, uint40 time) external {
        vm.warp(time);
        RequestId id = Verdicts.id(request);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.expire, (request)));
        if (!success) return;
        assert(word == Slots.open(Verdicts.commitment(request)) && time > request.question.lastSecond());
        assert(Slots.state(machine.get(id)) == RequestState.Expired);
    }

    /// @dev No agreement was given here: that it stands is what forbids it.
    function check_OnlyAnOpenRequestIsRefused(Request calldata request, uint256 word) external {
        RequestId id = Verdicts.id(request);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.refuse, (request)));
        if (!success) return;
        assert(word == Slots.open(Verdicts.commitment(request)));
        assert(Slots.state(machine.get(id)) == RequestState.Refused);
    }

    /// @dev To a receiver that takes anything.
    function check_ARetryChangesThatItFailedAlone(Recording calldata recording, uint256 word) external {
        if (recording.request.controller != address(taker)) return;
        (RequestId id, bytes22 mark) = Verdicts.mark(recording);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.retryCallback, (recording)));
        if (!success) return;
        assert(Slots.hasVerdict(word) && Slots.mark(word) == mark);
        assert(word & Slots.UNDELIVERED != 0 && machine.get(id) == word & ~Slots.UNDELIVERED);
    }

    function _agreement(SourceId source, Terms calldata terms) private view returns (AgreementId) {
        return Agreements.id(source, address(this), Agreements.termsId(terms));
    }
}
