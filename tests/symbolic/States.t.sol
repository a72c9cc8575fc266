// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CommonBase } from "forge-std/Base.sol";

import { Contests } from "../../contracts/base/Contests.sol";
import { RequestDesk } from "../../contracts/base/RequestDesk.sol";
import { VerdictOracle } from "../../contracts/base/VerdictOracle.sol";
import { Window } from "../../contracts/base/Window.sol";
import { Slots } from "../../contracts/libraries/Slots.sol";
import { Agreements, Terms } from "../../contracts/types/Agreement.sol";
import { Ending } from "../../contracts/types/Case.sol";
import { AgreementId, RequestId, SourceId } from "../../contracts/types/Ids.sol";
import { Under } from "../../contracts/types/Standing.sol";
import { Recording, Request, RequestState, Verdict, Verdicts } from "../../contracts/types/Verdict.sol";

/// @notice All that changes a request's state, on one storage, which is set at will. Its committee is who made it.
contract Machine is VerdictOracle, RequestDesk, Contests {
    constructor(uint256 window) Window(window) Contests(msg.sender) { }

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
/// are in its way: Requested to Recorded (see `QuorumProof`, and the invariants).
contract StatesProof is CommonBase {
    uint256 private constant WINDOW = 1 days;

    Machine private immutable machine = new Machine(WINDOW);
    Taker private immutable taker = new Taker();

    function check_OnlyARecordedVerdictIsContested(
        Recording calldata recording,
        Under calldata under,
        uint256 word,
        uint40 time
    ) external {
        vm.warp(time);
        (RequestId id, bytes22 mark) = Verdicts.mark(recording);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.contest, (recording, under)));
        if (!success) return;
        assert(Slots.state(word) == RequestState.Recorded && time <= uint256(Slots.since(word)) + WINDOW);
        assert(Slots.mark(word) == mark);
        assert(machine.get(id) == Slots.withState(word, RequestState.Challenged));
    }

    /// @dev Whatever the committee says, unless it corrects it: to that, signatures of nobody are needed here.
    function check_OnlyAContestIsSettled(Recording calldata recording, bool upheld, uint256 word) external {
        (RequestId id, bytes22 mark) = Verdicts.mark(recording);
        machine.set(id, word);
        Ending ending = upheld ? Ending.Upheld : Ending.Unjudged;
        Verdict calldata verdict = recording.verdict;
        (bool success,) =
            address(machine).call(abi.encodeCall(machine.settleContest, (recording, ending, verdict, 0)));
        if (!success) return;
        assert(Slots.state(word) == RequestState.Challenged && Slots.mark(word) == mark);
        RequestState state = upheld ? RequestState.Upheld : RequestState.Unjudged;
        assert(machine.get(id) == Slots.withState(word, state));
    }

    function check_OnlyTheCommitteeContests(Recording calldata recording, Under calldata under, address sender)
        external
    {
        if (sender == address(this)) return;
        vm.prank(sender);
        (bool success,) = address(machine).call(abi.encodeCall(machine.contest, (recording, under)));
        assert(!success);
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

    /// @dev To a receiver that takes anything.
    function check_OnlyAFinalVerdictIsDeliveredFinally(Recording calldata recording, uint256 word, uint40 time)
        external
    {
        if (recording.request.controller != address(taker)) return;
        vm.warp(time);
        (RequestId id, bytes22 mark) = Verdicts.mark(recording);
        machine.set(id, word);
        (bool success,) = address(machine).call(abi.encodeCall(machine.deliverFinal, (recording)));
        if (!success) return;
        RequestState state = Slots.state(word);
        bool late = state == RequestState.Recorded && time > uint256(Slots.since(word)) + WINDOW;
        assert(late || state == RequestState.Upheld || state == RequestState.Corrected);
        assert(Slots.mark(word) == mark && word & Slots.DELIVERED_FINALLY == 0);
        assert(machine.get(id) == word | Slots.DELIVERED_FINALLY);
    }

    function _agreement(SourceId source, Terms calldata terms) private view returns (AgreementId) {
        return Agreements.id(source, address(this), Agreements.termsId(terms));
    }
}
