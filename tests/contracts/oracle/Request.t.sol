// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Agreement, Source } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Scoped, Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract RequestTest is OracleTest {
    uint256 private value = FEE;
    Asked private parts;

    function setUp() public override {
        super.setUp();
        parts = asked(0);
        vm.deal(stranger, 1 ether);
    }

    // The agreement

    function test_RevertGiven_TheAgreementWasNeverGiven() public {
        _expectNotGiven();
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven();
    }

    function test_RevertWhen_TheSenderIsNotTheController() public {
        give();
        agreement.controller = stranger;
        _expectNotGiven();
    }

    function test_RevertWhen_ATermIsAltered() public {
        give();
        Agreement memory given = agreement;
        agreement.terms.purposes |= 1 << purposeNamed("Marketing");
        _expectNotGiven();
        agreement = given;
        agreement.terms.scope = Scopes.ofSteps(Steps.ALL);
        _expectNotGiven();
        agreement = given;
        agreement.terms.validFrom -= 1;
        _expectNotGiven();
        agreement = given;
        agreement.terms.validUntil += 1;
        _expectNotGiven();
        agreement = given;
        agreement.terms.uses += 1;
        _expectNotGiven();
        agreement = given;
        agreement.terms.price += 1;
        _expectNotGiven();
        agreement = given;
        model.files = keccak256("another version's");
        agreement.terms.model = publishAs(model);
        _expectNotGiven();
    }

    function test_RevertWhen_TheSourceIsAltered() public {
        give();
        Source memory given = agreement.source;
        agreement.source.subject = stranger;
        _expectNotGiven();
        agreement.source = given;
        agreement.source.holder = stranger;
        _expectNotGiven();
        agreement.source = given;
        agreement.source.root = keccak256("another root");
        _expectNotGiven();
        agreement.source = given;
        agreement.source.notice = keccak256("another notice");
        _expectNotGiven();
        agreement.source = given;
        agreement.source.salt = keccak256("another salt");
        _expectNotGiven();
    }

    function test_RevertWhen_TheAgreementIsNotYetValid() public {
        agreement.terms.validFrom = START + 1;
        give();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotYetValid.selector, START + 1, START));
    }

    function test_RevertWhen_TheAgreementHasExpired() public {
        give();
        uint40 until = agreement.terms.validUntil;
        vm.warp(until);
        parts.deadline = until + 1;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExpired.selector, until, until));
    }

    function test_RevertWhen_ThePurposeIsAnother() public {
        give();
        parts.purpose = purposeNamed("Marketing");
        _expectNotAgreed();
    }

    function test_RevertWhen_ThePurposeIsBroaderThanAgreed() public {
        give();
        parts.purpose = purposeNamed("PublicBenefit");
        _expectNotAgreed();
    }

    function test_RevertWhen_ThePurposeIsProhibited() public {
        _agree("ResearchAndDevelopment", "CommercialResearch");
        _expectProhibited("CommercialResearch");
    }

    function test_RevertWhen_ThePurposeLiesBelowAProhibitedOne() public {
        _agree("ResearchAndDevelopment", "CommercialPurpose");
        _expectProhibited("CommercialResearch");
    }

    function test_RevertWhen_ThePurposeContainsAProhibitedOne() public {
        _agree("ResearchAndDevelopment", "CommercialResearch");
        _expectProhibited("ResearchAndDevelopment");
    }

    function test_RevertWhen_TheStepIsAnother() public {
        give();
        parts.step = Steps.TRAIN;
        _expectStepNotAgreed();
        parts.step = 255;
        _expectStepNotAgreed();
    }

    function test_RevertWhen_MoreIsAskedForInClearThanTheAgreementAllows() public {
        for (uint256 agreed = 0; agreed < 3; ++agreed) {
            agreement.terms.scope = Scopes.pack(Scoped(uint8(1 << Steps.INFER), 0, 0, 0, false, Disclosure(agreed)));
            give();
            for (uint256 wanted = agreed + 1; wanted < 4; ++wanted) {
                parts.disclosure = Disclosure(wanted);
                _expectRevert(abi.encodeWithSelector(IConsentRegistry.DisclosureNotAgreed.selector, wanted, agreed));
            }
        }
    }

    /// @dev What is agreed to be told needn't be asked for.
    function test_WhenLessIsAskedForInClearThanTheAgreementAllows() public {
        give();
        for (uint32 use = 0; use < 4; ++use) {
            (parts.use, parts.disclosure) = (use, Disclosure(use));
            _request();
            _assertOpen();
        }
    }

    function test_RevertWhen_TheUsesAreSpent() public {
        give();
        parts.use = agreement.terms.uses;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, parts.use, agreement.terms.uses));
    }

    // The model

    function test_RevertWhen_TheModelIsUnknown() public {
        agreement.terms.model = ModelId.wrap(keccak256("unknown"));
        give();
        _expectModelNotPublished();
    }

    function test_RevertWhen_TheModelIsDeprecated() public {
        give();
        vm.prank(publisher);
        assent.deprecate(model);
        _expectModelNotPublished();
    }

    // Payment

    function test_RevertWhen_TheEtherIsTooLittle() public {
        _givePriced();
        value = FEE; // without the price
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, FEE, FEE + 7));
        value = 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, 1, FEE + 7));
    }

    function test_RevertWhen_TheEtherIsTooMuch() public {
        _givePriced();
        value = FEE + 8;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, FEE + 8, FEE + 7));
    }

    function test_RevertWhen_EtherAndBalanceMakeTheTotalTogether() public {
        give();
        fund(controller, FEE / 2);
        value = FEE - FEE / 2;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, value, FEE));
        assertEq(balanceOf(controller), FEE / 2, "balance");
    }

    function test_RevertWhen_EtherComesForAFreeVerdict() public {
        model.fee = 0;
        giveFor("free");
        value = 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, 1, 0));
    }

    function test_RevertWhen_EtherComesForAVerdictPaidInAToken() public {
        useToken(address(new Token()));
        fund(controller, FEE);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, FEE, 0));
    }

    function test_WhenNoEtherComes_RevertGiven_TheBalanceIsTooLow() public {
        give();
        value = 0;
        _expectRevert(abi.encodeWithSelector(ITreasury.BalanceTooLow.selector, controller, 0, FEE));
        fund(controller, FEE - 1);
        _expectRevert(abi.encodeWithSelector(ITreasury.BalanceTooLow.selector, controller, FEE - 1, FEE));
    }

    function test_WhenNoEtherComes_RevertGiven_TheBalanceIsAnothersOrInAnotherCurrency() public {
        give();
        fund(controller, 1 ether);
        fund(stranger, 1 ether);
        useToken(address(new Token()));
        fund(stranger, 1 ether);
        value = 0;
        _expectRevert(abi.encodeWithSelector(ITreasury.BalanceTooLow.selector, controller, 0, FEE));
    }

    // Deadline, question, use

    function test_RevertWhen_TheDeadlineHasPassed() public {
        give();
        parts.deadline = START - 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, START - 1, START + 60));
        parts.deadline = 0;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, 0, START + 60));
    }

    function test_RevertWhen_TheDeadlineIsTooNear() public {
        give();
        parts.deadline = START;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, START, START + 60));
        parts.deadline = START + 59;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, START + 59, START + 60));
    }

    function test_RevertWhen_TheDeadlineIsBeyondTheAgreement() public {
        agreement.terms.validUntil = START + 1 days;
        give();
        parts.deadline = START + 1 days;
        _expectRevert(
            abi.encodeWithSelector(IVerdictOracle.DeadlineTooFar.selector, START + 1 days, START + 1 days - 1)
        );
        parts.deadline -= 1;
        _request();
        _assertOpen();
    }

    /// @dev No deadline is far enough and near enough.
    function test_RevertWhen_TheAgreementIsOverInAMinute() public {
        agreement.terms.validUntil = START + 60;
        give();
        parts.deadline = START + 60;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooFar.selector, START + 60, START + 59));
        parts.deadline = START + 59;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooNear.selector, START + 59, START + 60));
    }

    function test_RevertWhen_TheDeadlineIsTooFar() public {
        give();
        uint40 latest = latestDeadline();
        parts.deadline = latest + 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooFar.selector, latest + 1, latest));
        parts.deadline = type(uint40).max;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlineTooFar.selector, type(uint40).max, latest));
    }

    function testFuzz_RevertWhen_TheCallbackIsTooLarge(uint16 callback) public {
        give();
        parts.callback = uint16(bound(callback, Questions.MAX_CALLBACK + 1, type(uint16).max));
        _expectMalformed(Question.unwrap(Questions.pack(parts)));
    }

    function testFuzz_RevertWhen_ABitIsSetBeyondTheQuestionsParts(uint256 bit) public {
        give();
        bit = bound(bit, Questions.BITS, 255);
        _expectMalformed(Question.unwrap(Questions.pack(parts)) | 1 << bit);
    }

    /// @dev Between disclosure and modifiers. Any of them together: what stands there could be taken for another delivery.
    function testFuzz_RevertWhen_ABitIsSetBetweenTheQuestionsParts(uint256 bits) public {
        give();
        bits = bound(bits, 1, 31);
        _expectMalformed(Question.unwrap(Questions.pack(parts)) | bits << 107);
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItIsOpen() public {
        give();
        _expectExists(_request());
        parts.deadline += 1; // nor with other terms
        _expectExists(assent.requestId(agreementId, 0));
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasRecorded() public {
        give();
        (, RequestId id) = askAndRecord(0, SIGNERS);
        _expectExists(id);
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasRefused() public {
        give();
        (Request memory request, RequestId id) = ask(0);
        withdraw();
        assent.refuse(request);
        assertState(id, RequestState.Refused);
        _expectNotGiven();
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItExpired() public {
        give();
        (Request memory request, RequestId id) = ask(0);
        skip(2 hours);
        assent.expire(request);
        parts.deadline = deadline();
        _expectExists(id);
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasCancelled() public {
        give();
        cancel(0);
        _expectExists(assent.requestId(agreementId, 0));
    }

    // Success

    function test_WhenAllTermsAreAgreedTo() public {
        _givePriced();
        bytes28 tag = bytes28(keccak256("Use(bytes32 agreement,uint32 use)"));
        RequestId wanted = RequestId.wrap(keccak256(abi.encodePacked(agreementId, tag, uint32(0))));
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Requested(wanted, agreementId, Questions.pack(parts));
        assertTrue(_request() == wanted, "id");
        assertEq(address(assent).balance, balance + FEE + 7, "escrow");
        assertEq(balanceOf(controller), 0, "balance");
        _assertOpen();
    }

    function test_WhenNoEtherComesAndTheBalanceSuffices() public {
        _givePriced();
        fund(controller, 2 * FEE);
        uint256 held = address(assent).balance;
        value = 0;
        _request();
        assertEq(balanceOf(controller), 2 * FEE - (FEE + 7), "balance");
        assertEq(address(assent).balance, held, "ether held");
        _assertOpen();
    }

    function test_WhenTheVerdictIsPaidInAToken() public {
        agreement.terms.price = 7;
        useToken(address(new Token()));
        fund(controller, FEE + 9);
        value = 0;
        _request();
        assertEq(balanceOf(controller), 2, "balance");
        assertEq(Token(model.currency).balanceOf(address(assent)), FEE + 9, "tokens held");
        _assertOpen();
    }

    function test_WhenACallbackIsAskedForAndAnAnchoredReport() public {
        give();
        (parts.callback, parts.delivery) = (Questions.MAX_CALLBACK, Delivery.Anchored);
        _request();
        _assertOpen();
    }

    function test_WhenThePurposeIsNarrowerThanAgreed() public {
        agreement.terms.purposes = 1 << purposeNamed("PublicBenefit");
        give();
        _request();
        _assertOpen();
    }

    function test_WhenTheDeadlineIsTheEarliest() public {
        give();
        parts.deadline = START + 60;
        _request();
        _assertOpen();
    }

    function test_WhenTheDeadlineIsTheLatest() public {
        give();
        parts.deadline = latestDeadline();
        _request();
        _assertOpen();
    }

    function test_WhenItIsTheFirstSecondOfTheAgreement() public {
        agreement.terms.validFrom = START;
        give();
        _request();
        _assertOpen();
    }

    function test_WhenTheUsesAreTakenOutOfOrder() public {
        give();
        parts.use = agreement.terms.uses - 1;
        _request();
        _assertOpen();
        parts.use = 4;
        _request();
        _assertOpen();
    }

    function test_WhenTheModelIsFree() public {
        model.fee = 0;
        giveFor("free");
        value = 0;
        _request();
        _assertOpen();
    }

    function test_WhenTheControllerIsAContract() public {
        agreement.controller = address(hasher);
        vm.deal(address(hasher), 1 ether);
        give();
        _request();
        _assertOpen();
    }

    function test_GivenTheRecordWasRetired() public {
        give();
        vm.prank(holder);
        records.retire(ROOT, subject);
        _request();
        _assertOpen();
    }

    function testFuzz_WhenTheTermsAreAny(uint8 quorum, uint96 fee, uint96 price, uint16 royalty, uint256 seed) public {
        model.quorum = uint8(bound(quorum, 2, 4));
        (model.fee, agreement.terms.price) = (uint96(bound(fee, 0, 10 ether)), uint96(bound(price, 0, 10 ether)));
        model.royalty = uint16(bound(royalty, 0, 5000));
        parts = Asked({
            use: uint32(bound(seed >> 16, 0, type(uint32).max - 1)),
            deadline: uint40(bound(seed >> 48, START + 60, latestDeadline())),
            purpose: uint8(bound(seed, 0, 119)),
            step: uint8(bound(seed >> 8, 0, 4)),
            callback: uint16(bound(uint16(seed >> 88), 0, Questions.MAX_CALLBACK)),
            delivery: Delivery(uint8(seed >> 104) % 2),
            disclosure: Disclosure(uint8(seed >> 105) % 4),
            modifiers: uint32(seed >> 120),
            place: uint16(seed >> 152)
        });
        agreement.terms.uses = uint32(bound(seed >> 112, parts.use + 1, type(uint32).max));
        agreement.terms.purposes = 1 << parts.purpose;
        agreement.terms.scope = Scopes.ofSteps(uint256(1) << parts.step);
        giveFor(abi.encode(seed));
        value = uint256(model.fee) + agreement.terms.price;
        _request();
        _assertOpen();
    }

    function _request() private returns (RequestId id) {
        return _request(Questions.pack(parts));
    }

    function _request(Question question) private returns (RequestId id) {
        vm.prank(agreement.controller);
        return assent.request{ value: value }(sourceNow(), agreement.terms, question);
    }

    /// @dev `expire` and `record` accept the terms; here the reason for which they still refuse shows that they do.
    function _assertOpen() private {
        assertState(assent.requestId(agreementId, parts.use), RequestState.Requested);
        Request memory request = requestNow(Questions.pack(parts));
        bytes4 reason = IVerdictOracle.DeadlineNotPassed.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, request.question.lastSecond(), vm.getBlockTimestamp()));
        assent.expire(request);
    }

    function _givePriced() private {
        agreement.terms.price = 7;
        give();
        value = FEE + 7;
    }

    function _agree(string memory agreed, string memory prohibited) private {
        agreement.terms.purposes = 1 << purposeNamed(agreed);
        agreement.terms.prohibited = 1 << purposeNamed(prohibited);
        give();
    }

    /// @dev Of the agreement as it reads now.
    function _expectNotGiven() private {
        AgreementId id = hasher.agreementId(agreement);
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, id));
    }

    function _expectProhibited(string memory name) private {
        parts.purpose = purposeNamed(name);
        bytes4 reason = IConsentRegistry.PurposeProhibited.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.purpose, agreement.terms.prohibited));
    }

    function _expectNotAgreed() private {
        bytes4 reason = IConsentRegistry.PurposeNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.purpose, agreement.terms.purposes));
    }

    function _expectStepNotAgreed() private {
        bytes4 reason = IConsentRegistry.StepNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.step, agreement.terms.scope.steps()));
    }

    function _expectModelNotPublished() private {
        _expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, agreement.terms.model));
    }

    function _expectExists(RequestId id) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
    }

    function _expectMalformed(uint256 bits) private {
        Question question = Question.wrap(bits);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.QuestionMalformed.selector, question));
        _request(question);
    }

    function _expectRevert(bytes memory reason) private {
        uint256 balance = address(assent).balance;
        vm.expectRevert(reason);
        _request();
        assertEq(address(assent).balance, balance, "ether held");
    }
}
