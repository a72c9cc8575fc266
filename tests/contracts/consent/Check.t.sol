// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { Agreement, Terms } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Modifiers, Scope, Scoped, Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract CheckTest is ConsentTest {
    /// Bits of each word of an agreement, as it is encoded: controller, source, terms.
    uint16[14] private widths = [160, 160, 160, 256, 256, 256, 256, 256, 256, 192, 40, 40, 32, 96];

    uint8 private research;
    uint8 private scientific;
    uint8 private commercial;
    uint8 private commercialResearch;

    /// @dev CommercialResearch lies below ResearchAndDevelopment and below CommercialPurpose; ScientificResearch below the first alone.
    function setUp() public override {
        super.setUp();
        research = purposeNamed("ResearchAndDevelopment");
        scientific = purposeNamed("ScientificResearch");
        commercial = purposeNamed("CommercialPurpose");
        commercialResearch = purposeNamed("CommercialResearch");
    }

    function test_RevertGiven_ItWasNeverGiven() public {
        _expectNotGiven(agreement);
    }

    /// @dev The state comes first: of an agreement that nobody gave, no term means anything.
    function test_RevertGiven_ItWasNeverGiven_WhenNoTermFits() public {
        agreement.terms = Terms(modelId, 0, Purposes.ALL, Scopes.ofSteps(0), START + 2, START + 1, 0, 0);
        _expectNotGiven(agreement);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven(agreement);
    }

    function test_RevertGiven_ItWasWithdrawnBeforeItWasGiven() public {
        withdraw();
        _expectNotGiven(agreement);
    }

    function testFuzz_RevertWhen_AnyOneWordIsAltered(uint256 word, uint256 change) public {
        give();
        word = bound(word, 0, widths.length - 1);
        change = bound(change, 1, type(uint256).max >> (256 - widths[word]));
        bytes memory encoded = abi.encode(agreement);
        assembly ("memory-safe") {
            let place := add(add(encoded, 0x20), mul(word, 0x20))
            mstore(place, xor(mload(place), change))
        }
        _expectNotGiven(abi.decode(encoded, (Agreement)));
    }

    function test_RevertWhen_TheControllerIsAnother() public {
        give();
        agreement.controller = stranger;
        _expectNotGiven(agreement);
    }

    function test_RevertWhen_ItIsNotYetValid() public {
        agreement.terms.validFrom = START + 1;
        give();
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.AgreementNotYetValid.selector, START + 1, START), purposeAgreed
        );
    }

    function test_RevertWhen_ItHasExpired() public {
        give();
        uint40 end = agreement.terms.validUntil;
        vm.warp(end);
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExpired.selector, end, end), purposeAgreed);
    }

    function test_RevertWhen_ThePurposeIsAnother() public {
        _agree(purposeAgreed);
        _expectNotAgreed(commercial);
    }

    function test_RevertWhen_ThePurposeIsBroaderThanAgreed() public {
        _agree(scientific);
        _expectNotAgreed(research);
    }

    function test_RevertWhen_ThePurposeIsBesideTheOneAgreed() public {
        _agree(scientific);
        _expectNotAgreed(commercialResearch);
    }

    function test_RevertWhen_ThePurposeIsUnknown() public {
        agreement.terms.purposes = Purposes.ALL;
        give();
        _expectNotAgreed(Purposes.COUNT);
        _expectNotAgreed(type(uint8).max);
    }

    function test_RevertWhen_ThePurposeIsProhibited() public {
        _agreeAndProhibit(research, commercialResearch);
        _expectProhibited(commercialResearch);
    }

    function test_RevertWhen_ThePurposeIsBothAgreedToAndProhibited() public {
        _agreeAndProhibit(research, research);
        _expectProhibited(research);
    }

    function test_RevertWhen_ThePurposeLiesBelowAProhibitedOne() public {
        _agreeAndProhibit(research, commercial);
        _expectProhibited(commercialResearch);
    }

    function test_RevertWhen_ThePurposeContainsAProhibitedOne() public {
        _agreeAndProhibit(research, commercialResearch);
        _expectProhibited(research);
    }

    function test_RevertWhen_TheStepIsNotAgreedTo() public {
        give();
        _expectStep(Steps.TRAIN);
    }

    function test_RevertWhen_TheStepIsUnknown() public {
        agreement.terms.scope = Scopes.ofSteps(Steps.ALL);
        give();
        _expectStep(Steps.COUNT);
        _expectStep(8); // the width of the mask
        _expectStep(type(uint8).max);
    }

    function test_RevertWhen_TheUsesAreSpent() public {
        agreement.terms.uses = 10;
        give();
        _expectSpent(10);
        _expectSpent(type(uint32).max);
    }

    function test_WhenThePurposeIsTheOneAgreed() public {
        give();
        _assertPermits(purposeAgreed);
    }

    function test_WhenThePurposeIsNarrowerThanAgreed() public {
        _agree(research);
        _assertPermits(scientific);
        _assertPermits(commercialResearch);
    }

    function test_WhenASiblingIsProhibited() public {
        _agreeAndProhibit(research, commercialResearch);
        _assertPermits(scientific);
    }

    function test_WhenItIsTheFirstSecondOfItsValidity() public {
        agreement.terms.validFrom = START;
        give();
        _assertPermits(purposeAgreed);
    }

    function test_WhenItIsTheLastSecondOfItsValidity() public {
        give();
        vm.warp(agreement.terms.validUntil - 1);
        _assertPermits(purposeAgreed);
    }

    function test_WhenTheUseIsTheLast() public {
        agreement.terms.uses = 1;
        give();
        _assertPermits(_question(purposeAgreed, Steps.INFER, 0));
    }

    /// @dev That a use was taken, a model deprecated, a deadline passed is for the oracle to say.
    function test_GivenTheUseWasTaken() public {
        give();
        askAndRecord(0, 7);
        vm.prank(publisher);
        assent.deprecate(model);
        _assertPermits(purposeAgreed);
    }

    function testFuzz_WhenAnyStepIsAskedFor(uint8 steps, uint8 step) public {
        agreement.terms.scope = Scopes.ofSteps(bound(steps, 1, Steps.ALL));
        give();
        if (step >= 8 || (agreement.terms.scope.steps() >> step) & 1 == 0) return _expectStep(step);
        _assertPermits(_question(purposeAgreed, step, 0));
    }

    /// @dev Each disclosure that a scope can have, with each that a question can ask for.
    function test_WhenTheDisclosureIsAny() public {
        for (uint256 agreed = 0; agreed < 4; ++agreed) {
            agreement.terms.scope = Scopes.pack(Scoped(1, 0, 0, 0, false, Disclosure(agreed)));
            give();
            for (uint256 wanted = 0; wanted < 4; ++wanted) {
                Question question = _disclosing(Disclosure(wanted));
                if (wanted <= agreed) _assertPermits(question);
                else _expectDisclosure(question, wanted, agreed);
            }
        }
    }

    /// @dev The step comes first, then the disclosure, then the conditions.
    function test_RevertWhen_MoreIsAskedForInClear_AndNothingElseFits() public {
        agreement.terms.scope = Scopes.pack(Scoped(1, 1, 276, 0, false, Disclosure.Outcome));
        give();
        _expectDisclosure(_disclosing(Disclosure.OutcomeAndScore), 2, 1);
        agreement.terms.scope = Scopes.pack(Scoped(2, 1, 276, 0, false, Disclosure.Outcome));
        give();
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.StepNotAgreed.selector, 0, 2),
            _disclosing(Disclosure.OutcomeAndScore)
        );
    }

    function test_RevertWhen_AModifierIsNotUndertaken() public {
        agreement.terms.scope = _with((1 << Modifiers.NCU | 1 << Modifiers.IRB) << 8);
        give();
        _expectUnmet(0, uint32(1 << Modifiers.NCU | 1 << Modifiers.IRB));
        _expectUnmet(uint32(1 << Modifiers.NCU), uint32(1 << Modifiers.IRB));
        _expectUnmet(type(uint32).max ^ uint32(1 << Modifiers.NCU), uint32(1 << Modifiers.NCU));
    }

    function test_WhenEveryModifierIsUndertaken() public {
        agreement.terms.scope = _with((1 << Modifiers.NCU | 1 << Modifiers.IRB) << 8);
        give();
        _assertPermits(_under(uint32(1 << Modifiers.NCU | 1 << Modifiers.IRB), 0));
        _assertPermits(_under(type(uint32).max, 840));
    }

    function test_WhenMoreIsUndertakenThanAskedFor() public {
        give();
        _assertPermits(_under(type(uint32).max, 840));
    }

    function test_RevertWhen_ThePlaceIsAnother() public {
        agreement.terms.scope = _with(uint256(276) << 40);
        give();
        uint16[3] memory others = [0, 840, 277];
        for (uint256 i = 0; i < 3; ++i) {
            _expectRevert(
                abi.encodeWithSelector(IConsentRegistry.PlaceNotAgreed.selector, others[i], 276), _under(0, others[i])
            );
        }
    }

    function test_WhenThePlaceIsTheOneAgreed() public {
        agreement.terms.scope = _with(uint256(276) << 40);
        give();
        _assertPermits(_under(0, 276));
    }

    function test_GivenItWasRenewed() public {
        give();
        vm.prank(subject);
        assent.renew(agreement, agreement.terms.validUntil + 1 days);
        vm.warp(agreement.terms.validUntil + 1 days - 1);
        _assertPermits(purposeAgreed);
        skip(1);
        _expectRevert(
            abi.encodeWithSelector(
                IConsentRegistry.AgreementExpired.selector, agreement.terms.validUntil + 1 days, vm.getBlockTimestamp()
            ),
            _question(purposeAgreed, Steps.INFER, 0)
        );
    }

    /// @dev Deadline, callback and delivery are no terms of an agreement.
    function testFuzz_WhenTheQuestionsOtherPartsAreAny(uint40 by, uint16 callback, uint8 delivery) public {
        give();
        uint256 word = Question.unwrap(_question(purposeAgreed, Steps.INFER, 0)) & ~(uint256(type(uint40).max) << 32);
        _assertPermits(Question.wrap(word | uint256(by) << 32 | uint256(callback) << 88 | uint256(delivery) << 104));
    }

    /// @dev All of a question and its terms at once, each drawn from about its limits.
    function testFuzz_WhenTermsAndQuestionAreAny(Terms memory terms, uint256 word, uint256 time) public {
        terms.purposes = bound(terms.purposes, 1, Purposes.ALL);
        terms.prohibited &= Purposes.ALL & (terms.prohibited >> 64) & (word << 40) & (time << 20);
        terms.scope = Scope.wrap(
            uint192(
                bound(word >> 200, 1, Steps.ALL)
                    | (uint256(keccak256(abi.encode(word))) & _fewOf(time) & Scopes.ALL & ~uint256(0xff))
            )
        );
        terms.uses = uint32(bound(terms.uses, 1, 8));
        terms.validUntil = uint40(bound(terms.validUntil, START + 1, START + 100));
        terms.validFrom = uint40(bound(terms.validFrom, START - 50, terms.validUntil - 1));
        terms.model = ModelId.wrap(ModelId.unwrap(terms.model) | bytes32(uint256(1) << 255)); // one model's id, not a publisher
        agreement.terms = terms;
        give();
        Asked memory parts = asked(uint32((word >> 128) % 10));
        (parts.purpose, parts.step) = (uint8(word % 130), uint8((word >> 64) % 6));
        (parts.modifiers, parts.place) = (uint32(word >> 16), uint16(time % 3));
        parts.disclosure = Disclosure((word >> 72) % 4);
        Question question = Questions.pack(parts);
        vm.warp(bound(time, START, START + 100));
        SourceId source = hasher.sourceId(agreement.source);
        bool permitted = _permits(terms, question);
        try assent.check(source, controller, terms, question) returns (AgreementId id) {
            assertTrue(permitted && id == agreementId, "permitted");
        } catch {
            assertFalse(permitted, "refused");
        }
    }

    function _permits(Terms memory terms, Question question) private view returns (bool) {
        uint256 time = vm.getBlockTimestamp();
        bool valid = terms.validFrom <= time && time < terms.validUntil;
        bool covered = Purposes.covers(question.purpose(), terms.purposes);
        bool barred = Purposes.prohibits(question.purpose(), terms.prohibited);
        bool step = (uint256(terms.scope.steps()) >> question.step()) % 2 == 1;
        bool sound = uint32(Scope.unwrap(terms.scope) >> 8) & ~question.modifiers() == 0;
        uint16 place = uint16(Scope.unwrap(terms.scope) >> 40);
        sound = sound && question.disclosure() <= Scope.unwrap(terms.scope) >> 73;
        return valid && covered && !barred && step && sound && (place == 0 || place == question.place())
            && question.use() < terms.uses;
    }

    /// @dev Conditions in one of two, so that many a question is permitted; a place that may be the question's.
    function _fewOf(uint256 seed) private pure returns (uint256) {
        uint256 always = uint256(3) << 73;
        return seed % 2 == 0 ? always : always | uint256(0x3333) << 8 | uint256(3) << 40 | uint256(0x1ffff) << 56;
    }

    /// @return The first step, these conditions, and everything in clear.
    function _with(uint256 conditions) private pure returns (Scope) {
        return Scope.wrap(uint192(Scope.unwrap(Scopes.ofSteps(1)) | conditions));
    }

    function _agree(uint8 purpose) private {
        agreement.terms.purposes = 1 << purpose;
        give();
    }

    function _agreeAndProhibit(uint8 purpose, uint8 prohibited) private {
        agreement.terms.prohibited = 1 << prohibited;
        _agree(purpose);
    }

    function _question(uint8 purpose, uint8 step, uint32 use) private view returns (Question) {
        Asked memory parts = asked(use);
        (parts.purpose, parts.step) = (purpose, step);
        return Questions.pack(parts);
    }

    function _assertPermits(uint8 purpose) private view {
        _assertPermits(_question(purpose, Steps.INFER, agreement.terms.uses - 1));
        _assertPermits(_question(purpose, Steps.INFER, 0));
    }

    function _assertPermits(Question question) private view {
        SourceId source = hasher.sourceId(agreement.source);
        AgreementId id = assent.check(source, controller, agreement.terms, question);
        assertTrue(id == hasher.agreementId(agreement), "id");
    }

    function _expectNotGiven(Agreement memory other) private {
        AgreementId id = hasher.agreementId(other);
        SourceId source = hasher.sourceId(other.source);
        Question question = _question(purposeAgreed, Steps.INFER, 0);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, id));
        assent.check(source, other.controller, other.terms, question);
    }

    function _expectNotAgreed(uint8 purpose) private {
        uint256 agreed = agreement.terms.purposes;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.PurposeNotAgreed.selector, purpose, agreed), purpose);
    }

    function _expectProhibited(uint8 purpose) private {
        uint256 prohibited = agreement.terms.prohibited;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.PurposeProhibited.selector, purpose, prohibited), purpose);
    }

    function _expectStep(uint8 step) private {
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.StepNotAgreed.selector, step, agreement.terms.scope.steps()),
            _question(purposeAgreed, step, 0)
        );
    }

    function _under(uint32 modifiers, uint16 place) private view returns (Question) {
        Asked memory parts = asked(0);
        (parts.modifiers, parts.place) = (modifiers, place);
        return Questions.pack(parts);
    }

    function _disclosing(Disclosure disclosure) private view returns (Question) {
        Asked memory parts = asked(0);
        parts.disclosure = disclosure;
        return Questions.pack(parts);
    }

    function _expectDisclosure(Question question, uint256 wanted, uint256 agreed) private {
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.DisclosureNotAgreed.selector, wanted, agreed), question);
    }

    function _expectUnmet(uint32 undertaken, uint32 unmet) private {
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.ModifiersUnmet.selector, unmet), _under(undertaken, 0));
    }

    function _expectSpent(uint32 use) private {
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, use, agreement.terms.uses),
            _question(purposeAgreed, Steps.INFER, use)
        );
    }

    function _expectRevert(bytes memory reason, uint8 purpose) private {
        _expectRevert(reason, _question(purpose, Steps.INFER, 0));
    }

    function _expectRevert(bytes memory reason, Question question) private {
        SourceId source = hasher.sourceId(agreement.source);
        vm.expectRevert(reason);
        assent.check(source, controller, agreement.terms, question);
    }
}
