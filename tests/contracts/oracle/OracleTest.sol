// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Agreements } from "../../../contracts/types/Agreement.sol";
import { PoolId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import {
    Answer,
    Attestation,
    Finality,
    Recording,
    Request,
    RequestState,
    RequestStatus,
    Verdict,
    Verdicts
} from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { outcomeOf, scoreOf, summaryOf, verdictOf } from "../base/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";

/// @notice Reports of many answers, payments from balances and in tokens: what the tests of oracle, treasury and consumers share.
abstract contract OracleTest is AssentTest {
    /// The first three of the four members.
    uint64 internal constant SIGNERS = 0x7;

    /// Index of the model's currency; 0 is ether.
    uint32 internal currencyIndex;

    // Models and money

    /// @dev Publishes `model` as it reads now, as another version, and gives an agreement about it.
    function giveFor(bytes memory version) internal {
        model.files = keccak256(version);
        modelId = publishAs(model);
        agreement.terms.model = modelId;
        give();
    }

    /// @dev From here on fee and price are in this token. It must be the first that a model is paid in.
    function useToken(address token) internal {
        (model.currency, currencyIndex) = (token, 1);
        giveFor("paid in a token");
    }

    /// @dev Puts ether or, if the model is paid in them, tokens into an account's balance.
    function fund(address account, uint256 amount) internal {
        if (currencyIndex == 0) {
            vm.deal(relayer, amount);
            vm.prank(relayer);
            assent.deposit{ value: amount }(account, address(0), amount);
            return;
        }
        Token(model.currency).mint(relayer, amount);
        vm.startPrank(relayer);
        Token(model.currency).approve(address(assent), amount);
        assent.deposit(account, model.currency, amount);
        vm.stopPrank();
    }

    function balanceOf(address account) internal view returns (uint256) {
        return assent.balanceOf(account, model.currency);
    }

    /// @return What a report's signers earned together, in the model's currency.
    function earnedBy(uint32 epoch, uint64 signers) internal view returns (uint256) {
        PoolId pool = assent.poolOf(epoch, signers, model.currency);
        return assent.poolInfo(pool).earned;
    }

    /// @dev Computed here, without a call: `vm.prank` and `vm.expectRevert` may come before it.
    function sourceNow() internal view returns (SourceId) {
        return SourceId.wrap(keccak256(abi.encode(Agreements.SOURCE_TYPEHASH, agreement.source)));
    }

    /// @return The latest deadline that a request made now may have.
    function latestDeadline() internal view returns (uint40) {
        return uint40(vm.getBlockTimestamp() + Questions.MAX_OPEN);
    }

    function quoteNow() internal view returns (Quote) {
        return Quote.wrap(Quote.unwrap(expectedQuote()) | uint256(currencyIndex) << 32);
    }

    function requestNow(Question question) internal view returns (Request memory) {
        return Request(agreementId, agreement.controller, question, quoteNow());
    }

    /// @dev Makes a request that the controller's balance pays, in whatever currency.
    function askFromBalance(Question question) internal returns (Request memory request, RequestId id) {
        request = requestNow(question);
        fund(agreement.controller, request.quote.total());
        vm.prank(agreement.controller);
        id = assent.request(sourceNow(), agreement.terms, question);
    }

    // Reports

    /// @dev Gives up a use as the controller.
    function cancel(uint32 use) internal {
        vm.prank(agreement.controller);
        assent.cancel(sourceNow(), agreement.terms, use);
    }

    /// @dev Requests for the uses from `first` on, and the default answer to each, in the order of the uses.
    function askMany(uint32 first, uint256 count) internal returns (Answer[] memory answers) {
        return askMany(first, count, Delivery.Recorded);
    }

    function askMany(uint32 first, uint256 count, Delivery delivery) internal returns (Answer[] memory answers) {
        answers = new Answer[](count);
        for (uint32 i = 0; i < count; ++i) {
            (Request memory request,) = ask(questionFor(first + i, delivery));
            answers[i] = Answer(request, defaultVerdict());
        }
    }

    function questionFor(uint32 use, Delivery delivery) internal view returns (Question) {
        Asked memory parts = asked(use);
        parts.delivery = delivery;
        return Questions.pack(parts);
    }

    /// @dev Puts a report's answers where a test keeps them, in the order of its tree.
    function store(Answer[] storage kept, Answer[] memory answers) internal {
        sort(answers);
        while (kept.length != 0) {
            kept.pop();
        }
        for (uint256 i = 0; i < answers.length; ++i) {
            kept.push(answers[i]);
        }
    }

    /// @dev In place: by ascending leaf, the order of a report's tree.
    function sort(Answer[] memory answers) internal view returns (Answer[] memory) {
        bytes32[] memory leaves = leavesOf(answers);
        for (uint256 i = 1; i < answers.length; ++i) {
            (Answer memory answer, bytes32 leaf) = (answers[i], leaves[i]);
            uint256 place = i;
            for (; place != 0 && leaves[place - 1] > leaf; --place) {
                (answers[place], leaves[place]) = (answers[place - 1], leaves[place - 1]);
            }
            (answers[place], leaves[place]) = (answer, leaf);
        }
        return answers;
    }

    function leavesOf(Answer[] memory answers) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](answers.length);
        for (uint256 i = 0; i < answers.length; ++i) {
            leaves[i] = leafOf(answers[i].request, answers[i].verdict);
        }
    }

    /// @return nodes The whole tree, root first and the answers' leaves last, in reverse. Told from what OpenZeppelin's JavaScript package
    /// says of itself, not with the contract's library.
    function treeOf(Answer[] memory answers) internal view returns (bytes32[] memory nodes) {
        uint256 last = 2 * answers.length - 2;
        nodes = new bytes32[](last + 1);
        for (uint256 i = 0; i < answers.length; ++i) {
            nodes[last - i] = leafOf(answers[i].request, answers[i].verdict);
        }
        for (uint256 i = answers.length - 1; i != 0; --i) {
            nodes[i - 1] = hashPair(nodes[2 * i - 1], nodes[2 * i]);
        }
    }

    function rootOf(Answer[] memory answers) internal view returns (bytes32) {
        return treeOf(answers)[0];
    }

    /// @return proof From the answer at this place up to the root.
    function proofOf(Answer[] memory answers, uint256 place) internal view returns (bytes32[] memory proof) {
        return proofIn(treeOf(answers), place);
    }

    function proofIn(bytes32[] memory nodes, uint256 place) internal pure returns (bytes32[] memory proof) {
        uint256 index = nodes.length - 1 - place;
        uint256 length = 0;
        for (uint256 node = index; node != 0; node = (node - 1) / 2) {
            ++length;
        }
        proof = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = nodes[index % 2 == 0 ? index - 1 : index + 1];
            index = (index - 1) / 2;
        }
    }

    function hashPair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// @dev A report of these answers, in the order given.
    function attestMany(Answer[] memory answers, uint64 signers) internal view returns (Attestation memory) {
        return attestTree(uint32(answers.length), rootOf(answers), signers);
    }

    function attestTree(uint32 count, bytes32 root, uint64 signers) internal view returns (Attestation memory) {
        uint32 epoch = assent.currentEpoch().number;
        return attestReport(epoch, Verdicts.hashReport(epoch, count, root), signers);
    }

    function recordMany(Answer[] memory answers, Attestation memory attestation) internal {
        vm.prank(relayer);
        assent.recordMany(answers, attestation);
        for (uint256 i = 0; i < answers.length; ++i) {
            keep(answers[i].request, answers[i].verdict, attestation.by);
        }
    }

    /// @dev Anchors a report of these answers, in the model's currency and with its quorum.
    function anchor(Answer[] memory answers, uint64 signers) internal returns (bytes32 root) {
        root = rootOf(answers);
        Attestation memory attestation = attestMany(answers, signers);
        vm.prank(relayer);
        assent.anchor(root, uint32(answers.length), model.currency, model.quorum, attestation);
    }

    function idOf(Request memory request) internal pure returns (RequestId) {
        return Verdicts.id(request.agreement, request.question.use());
    }

    // Challenges

    function challenge(RequestId id) internal {
        challengeOf(recordingOf(id));
    }

    /// @dev The bench finds this about a challenged verdict: that it stands, if it is the same.
    function review(uint32 use, Verdict memory found) internal {
        Recording memory recording = recordingOf(assent.requestId(agreementId, use));
        bool stands = keccak256(abi.encode(found)) == keccak256(abi.encode(recording.verdict));
        judge(recording, found, stands, JUDGES);
        if (!stands) keep(recording.request, found, judgedBy(recording, JUDGES));
    }

    function otherVerdict() internal pure returns (Verdict memory) {
        return verdictOf(0, 123, keccak256("another trail"));
    }

    // Events and state

    /// @dev By epoch 1's `SIGNERS`.
    function expectRecorded(RequestId id, Verdict memory verdict) internal {
        expectRecorded(id, verdict, byEpoch1());
    }

    function expectRecorded(RequestId id, Verdict memory verdict, Signers by) internal {
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Recorded(id, summaryOf(verdict, by), verdict.trail);
    }

    function expectSkipped(RequestId id, IVerdictOracle.Obstacle obstacle) internal {
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Skipped(id, obstacle);
    }

    function byEpoch1() internal pure returns (Signers) {
        return SignersLib.pack(1, SIGNERS);
    }

    /// @dev The verdict stands as if recorded now, by epoch 1's `SIGNERS`.
    function assertRecorded(Request memory request, Verdict memory verdict) internal view {
        assertRecorded(request, verdict, byEpoch1());
    }

    function assertRecorded(Request memory request, Verdict memory verdict, Signers by) internal view {
        assertStatus(
            idOf(request),
            RequestStatus({
                state: RequestState.Recorded,
                finality: Finality.Contestable,
                outcome: outcomeOf(verdict),
                score: scoreOf(verdict),
                since: uint40(vm.getBlockTimestamp()),
                mark: markOf(request, verdict, by),
                undelivered: false
            })
        );
    }

    /// @dev The request ended now, without a verdict.
    function assertEnded(RequestId id, RequestState state) internal view {
        uint40 now_ = uint40(vm.getBlockTimestamp());
        assertStatus(id, RequestStatus(state, Finality.None, 0, 0, now_, 0, false));
    }

    function assertStatus(RequestId id, RequestStatus memory wanted) internal view {
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(wanted.state), "state");
        assertEq(uint8(status.finality), uint8(wanted.finality), "finality");
        assertEq(abi.encode(status), abi.encode(wanted), "status");
    }
}
