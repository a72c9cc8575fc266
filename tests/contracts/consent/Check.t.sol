// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { Agreement, Steps } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract CheckTest is AssentTest {
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
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId), purposeAgreed);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId), purposeAgreed);
    }

    function testFuzz_RevertWhen_ATermIsAltered(Agreement memory other) public {
        give();
        vm.assume(keccak256(abi.encode(other)) != keccak256(abi.encode(agreement)));
        AgreementId id = hasher.agreementId(other);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, id));
        assent.check(other, other.controller, purposeAgreed, Steps.INFER, 0);
    }

    function test_RevertWhen_TheControllerIsAnother() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.ControllerMismatch.selector, stranger, controller));
        assent.check(agreement, stranger, purposeAgreed, Steps.INFER, 0);
    }

    function test_RevertWhen_ItIsNotYetValid() public {
        agreement.validFrom = START + 1;
        give();
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.AgreementNotYetValid.selector, START + 1, START), purposeAgreed
        );
    }

    function test_RevertWhen_ItHasExpired() public {
        give();
        uint40 end = agreement.validUntil;
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
        agreement.purposes = Purposes.ALL;
        give();
        _expectNotAgreed(Purposes.COUNT);
        _expectNotAgreed(type(uint8).max);
    }

    function test_RevertWhen_ThePurposeIsProhibited() public {
        _agreeAndProhibit(research, commercialResearch);
        _expectProhibited(commercialResearch);
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
        agreement.steps = Steps.ALL;
        give();
        _expectStep(Steps.COUNT);
        _expectStep(8); // the width of the mask
        _expectStep(type(uint8).max);
    }

    function testFuzz_WhenAnyStepIsAskedFor(uint8 steps, uint8 step) public {
        agreement.steps = uint8(bound(steps, 1, Steps.ALL));
        give();
        if (step >= 8 || (agreement.steps >> step) & 1 == 0) return _expectStep(step);
        assertTrue(assent.check(agreement, controller, purposeAgreed, step, 0) == agreementId);
    }

    function test_RevertWhen_TheUsesAreSpent() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, 10, 10));
        assent.check(agreement, controller, purposeAgreed, Steps.INFER, 10);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, type(uint32).max, 10));
        assent.check(agreement, controller, purposeAgreed, Steps.INFER, type(uint32).max);
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
        agreement.validFrom = START;
        give();
        _assertPermits(purposeAgreed);
    }

    function test_WhenItIsTheLastSecondOfItsValidity() public {
        give();
        vm.warp(agreement.validUntil - 1);
        _assertPermits(purposeAgreed);
    }

    function _agree(uint8 purpose) private {
        agreement.purposes = 1 << purpose;
        give();
    }

    function _agreeAndProhibit(uint8 purpose, uint8 prohibited) private {
        agreement.prohibited = 1 << prohibited;
        _agree(purpose);
    }

    function _assertPermits(uint8 purpose) private view {
        AgreementId id = assent.check(agreement, controller, purpose, Steps.INFER, 9);
        assertTrue(id == agreementId, "id");
    }

    function _expectNotAgreed(uint8 purpose) private {
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.PurposeNotAgreed.selector, purpose, agreement.purposes), purpose
        );
    }

    function _expectProhibited(uint8 purpose) private {
        _expectRevert(
            abi.encodeWithSelector(IConsentRegistry.PurposeProhibited.selector, purpose, agreement.prohibited), purpose
        );
    }

    function _expectStep(uint8 step) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.StepNotAgreed.selector, step, agreement.steps));
        assent.check(agreement, controller, purposeAgreed, step, 0);
    }

    function _expectRevert(bytes memory reason, uint8 purpose) private {
        vm.expectRevert(reason);
        assent.check(agreement, controller, purpose, Steps.INFER, 0);
    }
}
