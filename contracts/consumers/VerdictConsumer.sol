// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../interfaces/IAssent.sol";
import { IVerdictReceiver } from "../interfaces/IVerdictReceiver.sol";
import { Terms } from "../types/Agreement.sol";
import { RequestId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Finality, RequestState, RequestStatus, Verdicts } from "../types/Verdict.sol";

/// @title Base of a contract that asks for verdicts
/// @notice Inherit it, ask with `_ask`, and act in `_onFinal`, or pull with `_finalVerdict`. What comes earlier is for those who say so: it may
/// still be found false. The inheriting contract is the controller of the agreements that it asks under, and decides who may make it ask: each
/// request takes a use and costs money.
abstract contract VerdictConsumer is IVerdictReceiver {
    IAssent public immutable oracle;

    error NotOracle(address sender);
    error NoVerdict(RequestState state, Finality finality);
    /// @notice Its score is sealed, or more: see `IVerdictReceiver.onSealed`.
    error VerdictIsSealed(RequestId id);

    constructor(IAssent oracle_) {
        oracle = oracle_;
    }

    modifier onlyOracle() {
        if (msg.sender != address(oracle)) revert NotOracle(msg.sender);
        _;
    }

    /// @inheritdoc IVerdictReceiver
    function onFinal(RequestId id, RequestState) external onlyOracle {
        (uint8 outcome, uint32 score) = _finalVerdict(id);
        _onFinal(id, outcome, score);
    }

    /// @inheritdoc IVerdictReceiver
    function onVerdict(RequestId id, RequestState state, uint8 outcome, uint32 score) external onlyOracle {
        _onProvisional(id, state, outcome, score);
    }

    /// @inheritdoc IVerdictReceiver
    function onSealed(RequestId id, RequestState state) external onlyOracle {
        _onSealed(id, state);
    }

    /// @notice Fetches what was refunded for questions that ended without a verdict, and what else this contract has at the oracle, in a
    /// currency (the zero address for ether).
    function withdrawBalance(address currency, address to) external returns (uint256 amount) {
        _authoriseWithdrawal(msg.sender);
        return oracle.withdrawBalance(currency, to);
    }

    /// @dev Reverts unless the sender may have this contract's balance at the oracle paid out. Every consumer is asked: one that forgot would
    /// never see a refund again.
    function _authoriseWithdrawal(address sender) internal virtual;

    /// @dev Asks a question, and pays with `value` wei, or with this contract's balance at the oracle if `value` is 0.
    function _ask(SourceId source, Terms calldata terms, Question question, uint256 value)
        internal
        returns (RequestId)
    {
        return oracle.request{ value: value }(source, terms, question);
    }

    /// @dev Called once with each verdict, when it can't change any more: once anyone calls `oracle.deliverFinal`. A revert keeps it to be
    /// delivered again. Who only pulls leaves it empty.
    /// @param score Parts per million.
    function _onFinal(RequestId id, uint8 outcome, uint32 score) internal virtual;

    /// @dev Called with each verdict of a question that named gas for a callback as soon as there is one, and again if it is corrected. It may
    /// be false: for what can be taken back, or can't wait.
    function _onProvisional(RequestId id, RequestState state, uint8 outcome, uint32 score) internal virtual { }

    /// @dev Called as `_onProvisional`, with a verdict whose score, or more, is sealed. Who asks for none has nothing to do.
    function _onSealed(RequestId id, RequestState state) internal virtual { }

    /// @dev A verdict that can't change any more, and that stood: one that was challenged and that nobody judged is none. Who is content with
    /// less reads `oracle.verdictOf` instead.
    function _finalVerdict(RequestId id) internal view returns (uint8 outcome, uint32 score) {
        RequestStatus memory status = oracle.verdictOf(id);
        bool unjudged = status.state == RequestState.Unjudged;
        if (status.finality != Finality.Final || unjudged) revert NoVerdict(status.state, status.finality);
        // No such score, and no such outcome: a comparison would take them for high ones.
        if (status.score > Verdicts.MAX_SCORE) revert VerdictIsSealed(id);
        return (status.outcome, status.score);
    }
}
