// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IVerdictReceiver } from "../../../contracts/interfaces/IVerdictReceiver.sol";
import { Challenges, Reference } from "../../../contracts/types/Challenge.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import {
    Attestation,
    Recording,
    Request,
    RequestState,
    RequestStatus,
    Verdict
} from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf, verdictOf } from "../base/Verdict.sol";
import { OperatorsTest } from "../operators/OperatorsTest.sol";

/// @notice Exposes the hash of a review, which takes calldata.
contract ReviewHasher {
    function review(uint32 epoch, RequestId id, Verdict calldata verdict) external pure returns (bytes32) {
        return Challenges.hashReview(epoch, id, verdict);
    }
}

/// @notice A controller that is called with its verdicts, and does with them what the test wants.
contract Receiver is IVerdictReceiver {
    IAssent private immutable oracle;
    bool private closed;
    uint256 private bond;

    uint256 public calls;
    RequestState public lastState;
    uint8 public lastOutcome;
    uint32 public lastScore;

    constructor(IAssent oracle_) {
        oracle = oracle_;
    }

    function close(bool closed_) external {
        closed = closed_;
    }

    /// @notice Makes it challenge the verdicts that it is called with.
    function distrust(uint256 bond_) external {
        bond = bond_;
    }

    function onVerdict(RequestId id, RequestState state, uint8 outcome, uint32 score) external {
        require(!closed, "closed");
        ++calls;
        (lastState, lastOutcome, lastScore) = (state, outcome, score);
        if (bond != 0) oracle.challenge{ value: bond }(id);
    }

    function onSealed(RequestId, RequestState) external pure {
        revert("nothing sealed was asked for");
    }
}

/// @notice The world of the arbiter's tests: a request with a verdict, recorded by the first members, as many as the quorum, and a challenger.
abstract contract ArbiterTest is OperatorsTest {
    ReviewHasher internal reviewHasher = new ReviewHasher();
    address internal challenger = makeAddr("challenger");
    Request internal request;
    RequestId internal id;
    /// @dev Names the request. Kept, as what is below, for the helper that makes it calls a contract, which `vm.prank` would take for the call
    /// meant.
    Reference internal about;
    /// @dev How it was recorded or corrected, and under which agreement.
    Recording internal recorded;
    Under internal under;

    function setUp() public virtual override {
        super.setUp();
        vm.deal(challenger, 10 ether);
        give();
        (request, id) = askAndRecord(0, uint64((1 << modelQuorum()) - 1));
        nameIt();
    }

    /// @dev Another outcome, by another score: what the committee finds when the first verdict was wrong.
    function otherVerdict() internal pure returns (Verdict memory) {
        return verdictOf(0, 12_345, keccak256("another trail"));
    }

    function challenge() internal {
        vm.prank(challenger);
        assent.challenge{ value: BOND }(id);
    }

    function signReview(Verdict memory verdict, uint64 signers) internal view returns (Attestation memory) {
        return signReviewIn(assent.currentEpoch().number, verdict, signers);
    }

    function signReviewIn(uint32 epoch, Verdict memory verdict, uint64 signers)
        internal
        view
        returns (Attestation memory)
    {
        return attestReport(epoch, reviewHasher.review(epoch, id, verdict), signers);
    }

    function review(Verdict memory verdict, uint64 signers) internal {
        Attestation memory attestation = signReview(verdict, signers);
        nameIt();
        vm.prank(relayer);
        assent.review(recorded, under, model, verdict, attestation);
        if (assent.verdictOf(id).state == RequestState.Corrected) keep(request, verdict, attestation.by);
        recorded = recordingOf(id);
    }

    function nameIt() internal {
        (about, recorded, under) = (named(request.question.use()), recordingOf(id), underNow());
    }

    function challengeAndUphold() internal {
        challenge();
        review(defaultVerdict(), 0x7);
    }

    function challengeAndCorrect() internal {
        challenge();
        review(otherVerdict(), 0xe);
    }

    /// @dev Another request, made by a receiver that names gas for its callback, and recorded.
    function askAndRecordBy(Receiver receiver, uint16 callback) internal {
        vm.deal(address(receiver), 10 ether);
        agreement.controller = address(receiver);
        give();
        Asked memory question = asked(0);
        question.callback = callback;
        (request, id) = ask(Questions.pack(question));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0x7));
        nameIt();
    }

    function balanceOf(address account) internal view returns (uint256) {
        return assent.balanceOf(account, address(0));
    }

    function assertVerdict(Verdict memory verdict) internal view {
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(status.outcome, outcomeOf(verdict), "outcome");
        assertEq(status.score, scoreOf(verdict), "score");
        assertEq(status.mark, markOf(request, verdict, recordingOf(id).by), "mark");
    }
}
