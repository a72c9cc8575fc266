// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { IStandingRequests } from "../../../contracts/interfaces/IStandingRequests.sol";
import { SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { Schedule, Under } from "../../../contracts/types/Standing.sol";
import { Request, Verdicts } from "../../../contracts/types/Verdict.sol";
import { CoreTest } from "./CoreTest.sol";

/// @notice What may be asked under a model that has a cap of eight fees: four in a span of eight days.
contract CapTest is CoreTest {
    uint256 private constant SPAN = Questions.MAX_CLAIM;

    function setUp() public override {
        super.setUp();
        // The first second of a span, so that spans are easy to count.
        vm.warp((START / SPAN + 1) * SPAN);
        model = defaultModel(modelQuorum());
        model.cap = uint96(8 * FEE);
        modelId = publishAs(model);
        agreement = defaultAgreement();
        agreement.terms.model = modelId;
        give();
    }

    /// @dev Half in the last second of a span and half in the first of the next; then nothing until that one is over, and the first are closed.
    function test_WhenHalfIsAskedAtTheEndOfASpanAndHalfAtTheBeginningOfTheNext() public {
        skip(SPAN - 1);
        for (uint32 use = 0; use < 4; ++use) {
            _ask(use);
        }
        _expectReached(4);
        skip(1);
        for (uint32 use = 4; use < 8; ++use) {
            _ask(use);
        }
        _expectReached(8);
        skip(SPAN - 1);
        _expectReached(8);
        // In this very second the first can't be answered any more, nor claimed.
        skip(1);
        for (uint32 use = 0; use < 4; ++use) {
            assent.expire(_request(use, START - START % SPAN + 2 * SPAN - 1));
        }
        _ask(8);
    }

    /// @dev Prices count, and requests by signature.
    function test_WhenTheSubjectEarns() public {
        agreement.terms.price = uint96(3 * FEE);
        give();
        _ask(0);
        _expectReached(1);
        Question question = defaultQuestion(1);
        SourceId source = hasher.sourceId(agreement.source);
        assent.deposit{ value: 4 * FEE }(subject, address(0), 4 * FEE);
        agreement.controller = subject;
        give();
        bytes memory signature = sign(subjectKey, Verdicts.hashAsking(agreementId, question, 0));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CapReached.selector, 8 * FEE, 4 * FEE));
        assent.requestBySig(source, subject, agreement.terms, question, 0, signature);
        skip(SPAN);
        question = defaultQuestion(1);
        signature = sign(subjectKey, Verdicts.hashAsking(agreementId, question, 0));
        assent.requestBySig(source, subject, agreement.terms, question, 0, signature);
    }

    /// @dev Each model has its own, and most have none.
    function test_WhenTheModelIsAnother() public {
        for (uint32 use = 0; use < 4; ++use) {
            _ask(use);
        }
        model.cap = 0;
        model.files = keccak256("other files");
        agreement.terms.model = publishAs(model);
        give();
        for (uint32 use = 0; use < 10; ++use) {
            _ask(use);
        }
    }

    function test_RevertWhen_ItIsAStandingRequest() public {
        Under[] memory under = new Under[](1);
        under[0] = underNow();
        Asked memory parts = asked(0);
        parts.deadline = 0;
        Question question = Questions.pack(parts);
        Schedule memory schedule = Schedule(uint40(vm.getBlockTimestamp()), 1 days, 2, 1 hours, false, false);
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.ScheduleMalformed.selector, "model"));
        vm.prank(controller);
        assent.stand{ value: 2 * FEE }(under, question, schedule);
    }

    function _question(uint32 use) private view returns (Question) {
        Asked memory parts = asked(use);
        (parts.deadline, parts.delivery) = (uint40(vm.getBlockTimestamp() + Questions.MAX_OPEN), Delivery.Anchored);
        return Questions.pack(parts);
    }

    function _ask(uint32 use) private {
        ask(_question(use));
    }

    function _request(uint32 use, uint256 askedAt) private view returns (Request memory) {
        Asked memory parts = asked(use);
        (parts.deadline, parts.delivery) = (uint40(askedAt + Questions.MAX_OPEN), Delivery.Anchored);
        return expectedRequest(Questions.pack(parts));
    }

    function _expectReached(uint32 use) private {
        Question question = _question(use);
        SourceId source = hasher.sourceId(agreement.source);
        uint256 total = expectedQuote().total();
        uint256 before = total == FEE ? 4 * FEE : total;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CapReached.selector, before + total, 4 * FEE));
        vm.prank(controller);
        assent.request{ value: total }(source, agreement.terms, question);
    }
}
