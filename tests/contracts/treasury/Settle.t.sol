// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { Agreement } from "../../../contracts/types/Agreement.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Delivery } from "../../../contracts/types/Question.sol";
import { Answer, Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "./Tokens.sol";

contract SettleTest is OracleTest {
    uint96 private constant PRICE = 0.0003 ether;
    uint256 private constant ROYALTY = FEE / 4;

    function setUp() public override {
        super.setUp();
        (agreement.terms.price, model.royalty) = (PRICE, 2500);
        giveFor("with royalty");
    }

    function test_RevertWhen_TheModelIsAnother() public {
        askAndRecord(0, SIGNERS);
        model.publisher = stranger;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.settle(agreement, model);
        model.publisher = publisher;
        model.royalty = 5000;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.settle(agreement, model);
    }

    function test_RevertGiven_TheAgreementWasNeverGiven() public {
        agreement.source.salt = keccak256("another salt");
        _expectNothing();
    }

    function test_RevertWhen_ATermOfTheAgreementIsAltered() public {
        askAndRecord(0, SIGNERS);
        Agreement memory given = agreement;
        agreement.terms.price += 1;
        _expectNothing();
        agreement = given;
        agreement.source.subject = stranger;
        _expectNothing();
    }

    function test_RevertGiven_NoVerdictWasRecorded() public {
        ask(0);
        _expectNothing();
    }

    function test_RevertGiven_ItWasSettled() public {
        askAndRecord(0, SIGNERS);
        askAndRecord(1, SIGNERS);
        _expectSettled(2);
        _expectNothing();
        askAndRecord(2, SIGNERS);
        _expectSettled(1);
        _expectNothing();
        assertEq(balanceOf(subject), 3 * PRICE, "subject");
        assertEq(balanceOf(publisher), 3 * ROYALTY, "publisher");
        assertEq(assent.agreementStatus(agreementId).earning, 3, "earning");
        assertEq(assent.agreementStatus(agreementId).settled, 3, "settled");
    }

    function test_RevertGiven_NeitherPriceNorRoyalty() public {
        (agreement.terms.price, model.royalty) = (0, 0);
        giveFor("without");
        askAndRecord(0, SIGNERS);
        _expectNothing();
    }

    function test_GivenTheFeeIsTooSmallForTheRoyalty() public {
        (agreement.terms.price, model.royalty, model.fee) = (0, 2500, 3);
        giveFor("with too little");
        askAndRecord(0, SIGNERS);
        assertEq(assent.settle(agreement, model), 1, "verdicts");
        assertEq(balanceOf(publisher), 0, "publisher");
        assertEq(earnedBy(1, SIGNERS), 3, "operators");
    }

    function test_RevertGiven_RequestsEndedWithoutAVerdict() public {
        (Request memory first,) = ask(0);
        (Request memory second,) = ask(1);
        cancel(2);
        withdraw();
        assent.refuse(first);
        skip(2 hours);
        assent.expire(second);
        _expectNothing();
    }

    function test_GivenVerdictsWereRecorded() public {
        useToken(address(new Token()));
        for (uint32 use = 0; use < 3; ++use) {
            (Request memory request,) = askFromBalance(defaultQuestion(use));
            record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        }
        _expectSettled(3);
        assertEq(balanceOf(subject), 3 * PRICE, "subject");
        assertEq(balanceOf(publisher), 3 * ROYALTY, "publisher");
        assertEq(assent.balanceOf(subject, address(0)), 0, "subject's ether");
        assertEq(assent.balanceOf(publisher, address(0)), 0, "publisher's ether");
    }

    function test_GivenThereIsAPriceOnly() public {
        model.royalty = 0;
        giveFor("without royalty");
        askAndRecord(0, SIGNERS);
        assertEq(assent.settle(agreement, model), 1, "verdicts");
        assertEq(balanceOf(subject), PRICE, "subject");
        assertEq(balanceOf(publisher), 0, "publisher");
        assertEq(earnedBy(1, SIGNERS), FEE, "operators");
    }

    function test_GivenThereIsARoyaltyOnly() public {
        agreement.terms.price = 0;
        give();
        askAndRecord(0, SIGNERS);
        assertEq(assent.settle(agreement, model), 1, "verdicts");
        assertEq(balanceOf(subject), 0, "subject");
        assertEq(balanceOf(publisher), ROYALTY, "publisher");
        assertEq(earnedBy(1, SIGNERS), FEE - ROYALTY, "operators");
    }

    function test_GivenSubjectAndPublisherAreOne() public {
        model.publisher = subject;
        giveFor("the subject's own");
        askAndRecord(0, SIGNERS);
        assent.settle(agreement, model);
        assertEq(balanceOf(subject), PRICE + ROYALTY);
    }

    function test_GivenTheAgreementWasWithdrawnAndTheModelDeprecatedSince() public {
        askAndRecord(0, SIGNERS);
        withdraw();
        vm.prank(publisher);
        assent.deprecate(model);
        _expectSettled(1);
        assertEq(balanceOf(subject), PRICE, "subject");
        assertEq(balanceOf(publisher), ROYALTY, "publisher");
        _expectNothing();
    }

    function test_GivenTheVerdictWasCorrected() public {
        (, RequestId id) = askAndRecord(0, SIGNERS);
        challenge(id);
        review(0, otherVerdict());
        _expectSettled(1);
        _expectNothing();
    }

    function test_GivenVerdictsWereClaimedUnderARoot() public {
        Answer[] memory answers = sort(askMany(0, 2, Delivery.Anchored));
        anchor(answers, SIGNERS);
        assent.claim(answers[0].request, answers[0].verdict, proofOf(answers, 0));
        _expectSettled(1);
        assent.claim(answers[1].request, answers[1].verdict, proofOf(answers, 1));
        _expectSettled(1);
    }

    function testFuzz_WhenFeePriceAndRoyaltyAreAny(uint96 fee, uint96 price, uint16 royalty, uint8 count) public {
        (model.fee, agreement.terms.price) = (uint96(bound(fee, 0, 1e24)), uint96(bound(price, 0, 1e24)));
        model.royalty = uint16(bound(royalty, 0, 5000));
        vm.deal(controller, 1e26);
        giveFor("another version's");
        count = uint8(bound(count, 1, 6));
        uint256 part = uint256(model.fee) * model.royalty / 10_000;
        bool earns = model.royalty != 0 || agreement.terms.price != 0;
        for (uint32 use = 0; use < count; ++use) {
            askAndRecord(use, SIGNERS);
            if (earns && use % 2 == 1) assent.settle(agreement, model);
        }
        if (earns && count % 2 == 1) assent.settle(agreement, model);
        _expectNothing();
        assertEq(balanceOf(subject), uint256(agreement.terms.price) * count, "subject");
        assertEq(balanceOf(publisher), part * count, "publisher");
        assertEq(earnedBy(1, SIGNERS), (model.fee - part) * count, "operators");
    }

    function _expectSettled(uint256 verdicts) private {
        vm.expectEmit(address(assent));
        emit ITreasury.Settled(agreementId, subject, publisher, verdicts, PRICE, ROYALTY);
        vm.prank(stranger);
        assertEq(assent.settle(agreement, model), verdicts, "verdicts");
    }

    /// @dev Of the agreement as it reads now.
    function _expectNothing() private {
        AgreementId id = hasher.agreementId(agreement);
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToSettle.selector, id));
        assent.settle(agreement, model);
    }
}
