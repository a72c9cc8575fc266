// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { ITreasury } from "../interfaces/ITreasury.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { Slots } from "../libraries/Slots.sol";
import { Terms } from "../types/Agreement.sol";
import { AgreementId, ModelId, RequestId } from "../types/Ids.sol";
import { Escrow, ModelSlot } from "../types/Model.sol";
import { Question, Questions } from "../types/Question.sol";
import { Quote } from "../types/Quote.sol";
import { Verdicts } from "../types/Verdict.sol";
import { RequestSlot, State } from "./State.sol";

/// @dev How a request comes to be, whoever asks: quoted, paid, opened.
abstract contract Requests is State {
    function _quote(Terms calldata terms) internal view returns (Quote) {
        return _published(terms.model).quote(terms.price);
    }

    /// @dev As `_quote`, for one request that is made now: it counts towards its model's cap.
    function _quoteNow(Terms calldata terms) internal returns (Quote quote_) {
        ModelSlot model = _published(terms.model);
        quote_ = model.quote(terms.price);
        if (model.isCapped()) _count(terms.model, quote_.total());
    }

    /// @dev No request can be answered for longer than a span, so those of two adjacent spans are all that there are: the cap at most.
    function _count(ModelId id, uint256 amount) private {
        Escrow memory escrow = _escrows[id];
        uint32 span = uint32(block.timestamp / Questions.MAX_CLAIM);
        uint256 asked = (escrow.span == span ? escrow.asked : 0) + amount;
        uint256 most = escrow.cap / 2;
        if (asked > most) revert IModelRegistry.CapReached(asked, most);
        _escrows[id] = Escrow(escrow.cap, span, uint128(asked)); // a cap has 96 bits
    }

    function _published(ModelId id) internal view returns (ModelSlot slot) {
        slot = _models[id];
        if (!slot.isPublished()) revert IModelRegistry.ModelNotPublished(id);
    }

    /// @dev Takes the ether sent, which must be just the total, or the payer's balance, so that asking calls no token.
    function _pay(address payer, uint32 currency, uint256 total) internal {
        if (msg.value == total && currency == 0) return;
        if (msg.value != 0) revert IVerdictOracle.FeeMismatch(msg.value, currency == 0 ? total : 0);
        _debit(payer, currency, total);
    }

    function _debit(address payer, uint32 currency, uint256 amount) internal {
        uint256 balance = _balances[currency][payer];
        if (balance < amount) revert ITreasury.BalanceTooLow(payer, balance, amount);
        unchecked {
            _balances[currency][payer] = balance - amount; // just compared
        }
    }

    /// @param end One past the agreement's last second. No deadline lies beyond it, and no renewal brings it nearer: so a request whose
    /// agreement still stands ends by its deadline, never by the agreement's.
    function _open(AgreementId agreement, uint256 end, address controller, Question question, Quote quote)
        internal
        returns (RequestId id)
    {
        uint40 deadline = question.deadline();
        unchecked {
            uint256 earliest = block.timestamp + Questions.MIN_OPEN;
            if (deadline < earliest) revert IVerdictOracle.DeadlineTooNear(deadline, earliest);
            uint256 latest = block.timestamp + Questions.MAX_OPEN;
            if (latest >= end) latest = end - 1; // an agreement that ever stood doesn't end at 0
            if (deadline > latest) revert IVerdictOracle.DeadlineTooFar(deadline, latest);
        }
        if (!question.isWellFormed()) revert IVerdictOracle.QuestionMalformed(question);
        id = Verdicts.id(agreement, question.use());
        RequestSlot storage slot = _requests[id];
        if (slot.word != 0) revert IVerdictOracle.RequestExists(id);
        slot.word = Slots.open(Verdicts.commitment(agreement, controller, question, quote));
        emit IVerdictOracle.Requested(id, agreement, question);
    }
}
