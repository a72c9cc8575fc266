// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { IStandingRequests } from "../../../contracts/interfaces/IStandingRequests.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { AgreementId, StandingId } from "../../../contracts/types/Ids.sol";
import { Asked, Question, Questions } from "../../../contracts/types/Question.sol";
import { StandingRequest, Standings, Under } from "../../../contracts/types/Standing.sol";
import { StandingTest, Token } from "./StandingTest.sol";

contract StandTest is StandingTest {
    function test_RevertWhen_TheScheduleCannotBeMeant() public {
        schedule.interval = 0;
        _expectMalformed("interval");
        schedule.interval = 1;
        schedule.window = uint32(Questions.MIN_OPEN - 1);
        _expectMalformed("window");
        schedule.window = uint32(Questions.MIN_OPEN);
        schedule.rounds = 0;
        _expectMalformed("rounds");
    }

    /// @dev No request may be open for so long: no round could ever be opened.
    function test_RevertWhen_TheWindowIsLongerThanARequestMayBeOpen() public {
        schedule.window = uint32(Questions.MAX_OPEN + 1);
        _expectMalformed("window");
    }

    function test_RevertWhen_TheQuestionHasADeadline() public {
        question = defaultQuestion(FIRST_USE);
        _expectMalformed("deadline");
    }

    function test_RevertWhen_TheQuestionHasABitTooMany() public {
        question = Question.wrap(Question.unwrap(question) | 1 << Questions.BITS);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.QuestionMalformed.selector, question));
    }

    function test_RevertWhen_TheUsesRunOver() public {
        Asked memory parts = asked(type(uint32).max - ROUNDS + 1);
        parts.deadline = 0;
        question = Questions.pack(parts);
        _expectMalformed("use");
    }

    function test_RevertWhen_NoAgreementIsNamed() public {
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.ScheduleMalformed.selector, "under"));
        vm.prank(controller);
        assent.stand(new Under[](0), question, schedule);
    }

    function test_RevertGiven_TheAgreementIsAnothers() public {
        Under[] memory under = underOne();
        agreement.controller = stranger;
        AgreementId theirs = hasher.agreementId(agreement);
        uint256 value = total();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, theirs));
        hoax(stranger, value);
        assent.stand{ value: value }(under, question, schedule);
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        withdraw();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementIsNotYetValid() public {
        agreement.terms.validFrom = START + 1;
        give();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotYetValid.selector, START + 1, START));
    }

    function test_RevertGiven_TheAgreementHasExpired() public {
        uint256 until = agreement.terms.validUntil;
        vm.warp(until);
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExpired.selector, until, until));
    }

    function test_RevertWhen_ThePurposeIsNotAgreedTo() public {
        Asked memory parts = asked(FIRST_USE);
        (parts.deadline, parts.purpose) = (0, purposeNamed("Marketing"));
        question = Questions.pack(parts);
        bytes4 reason = IConsentRegistry.PurposeNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.purpose, agreement.terms.purposes));
    }

    function test_RevertWhen_TheUsesDoNotReachForAllRounds() public {
        agreement.terms.uses = FIRST_USE + ROUNDS - 1;
        give();
        uint32 last = FIRST_USE + ROUNDS - 1;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, last, agreement.terms.uses));
    }

    function test_RevertGiven_TheModelIsDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        _expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, modelId));
    }

    function test_RevertWhen_TheValueIsNotTheTotal() public {
        Under[] memory under = underOne();
        uint256[3] memory values = [uint256(1), total() - 1, total() + 1];
        for (uint256 i = 0; i < values.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, values[i], total()));
            vm.prank(controller);
            assent.stand{ value: values[i] }(under, question, schedule);
        }
    }

    function test_RevertGiven_TheBalanceIsTooLow() public {
        uint256 value = total() - 1;
        hoax(stranger, value);
        assent.deposit{ value: value }(controller, address(0), value);
        Under[] memory under = underOne();
        vm.expectRevert(abi.encodeWithSelector(ITreasury.BalanceTooLow.selector, controller, value, value + 1));
        vm.prank(controller);
        assent.stand(under, question, schedule);
        assertBalance(value);
    }

    function test_RevertWhen_EtherComesForAToken() public {
        useToken();
        Under[] memory under = underOne();
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, 1, 0));
        vm.prank(controller);
        assent.stand{ value: 1 }(under, question, schedule);
    }

    /// @dev One payment is in one currency, whichever comes first.
    function test_RevertWhen_TheCurrenciesAreMixed() public {
        Under[] memory under = new Under[](2);
        under[0] = underOne()[0];
        useToken();
        under[1] = underOne()[0];
        _expectMixed(under);
        (under[0], under[1]) = (under[1], under[0]);
        _expectMixed(under);
    }

    function test_RevertGiven_ItIsMade() public {
        stand();
        _expectRevert(abi.encodeWithSelector(IStandingRequests.StandingExists.selector, id));
    }

    function test_RevertWhen_OneAgreementIsNamedTwice() public {
        Under[] memory under = new Under[](2);
        (under[0], under[1]) = (underOne()[0], underOne()[0]);
        expectStanding();
        uint256 value = 2 * total();
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.StandingExists.selector, id));
        vm.prank(controller);
        assent.stand{ value: value }(under, question, schedule);
    }

    /// @dev Its uses are taken.
    function test_RevertGiven_ItHadRoundsAndEnded() public {
        stand();
        openAt(0);
        vm.prank(controller);
        assent.endStanding(standing);
        _expectRevert(abi.encodeWithSelector(IStandingRequests.StandingExists.selector, id));
    }

    /// @dev Operators that saw it end would never open a round.
    function test_RevertGiven_ItEndedBeforeItsFirstRound() public {
        stand();
        vm.prank(controller);
        assent.endStanding(standing);
        _expectRevert(abi.encodeWithSelector(IStandingRequests.StandingExists.selector, id));
    }

    function test_WhenItIsPaidWithEther() public {
        Under[] memory under = underOne();
        expectStanding();
        uint256 balance = address(assent).balance;
        uint256 value = total();
        vm.expectEmit(address(assent));
        emit IStandingRequests.StandingMade(id, agreementId, controller, question, schedule);
        vm.prank(controller);
        StandingId[] memory ids = assent.stand{ value: value }(under, question, schedule);

        assertEq(ids.length, 1, "ids");
        assertEq(StandingId.unwrap(ids[0]), StandingId.unwrap(id), "id");
        assertStatus(true, 0, 0);
        assertEq(address(assent).balance, balance + value, "balance");
        assertEq(assent.nextUse(agreementId, FIRST_USE), FIRST_USE, "no use is taken yet");
    }

    function test_WhenItIsPaidFromTheBalance() public {
        hoax(stranger, total() + 1);
        assent.deposit{ value: total() + 1 }(controller, address(0), total() + 1);
        Under[] memory under = underOne();
        expectStanding();
        vm.prank(controller);
        assent.stand(under, question, schedule);
        assertStatus(true, 0, 0);
        assertBalance(1);
    }

    function test_WhenItIsPaidInAToken() public {
        Token token = useToken();
        deposit(token, total());
        Under[] memory under = underOne();
        vm.prank(controller);
        StandingId[] memory ids = assent.stand(under, question, schedule);
        id = Standings.id(StandingRequest(agreementId, controller, question, tokenQuote(), schedule));
        assertEq(StandingId.unwrap(ids[0]), StandingId.unwrap(id), "id");
        assertStatus(true, 0, 0);
        assertEq(assent.balanceOf(controller, address(token)), 0, "balance");
    }

    function test_WhenNothingIsToBePaid() public {
        model.fee = 0;
        agreement.terms.model = publishAs(model);
        agreement.terms.price = 0;
        give();
        stand();
        assertStatus(true, 0, 0);
        openAt(0);
        assertStatus(true, 1, 1);
    }

    function test_WhenTheUsesJustReach() public {
        agreement.terms.uses = FIRST_USE + ROUNDS;
        give();
        stand();
        assertStatus(true, 0, 0);
    }

    function test_WhenManyAgreementsAreNamed() public {
        Under[] memory under = new Under[](3);
        StandingRequest[] memory expected = new StandingRequest[](3);
        uint256 value = 0;
        for (uint256 i = 0; i < 3; ++i) {
            agreement.source.salt = keccak256(abi.encode(i));
            agreement.terms.price = uint96(i);
            give();
            under[i] = underOne()[0];
            expectStanding();
            expected[i] = standing;
            value += total();
        }
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectEmit(address(assent));
            emit IStandingRequests.StandingMade(
                Standings.id(expected[i]), expected[i].agreement, controller, question, schedule
            );
        }
        vm.prank(controller);
        StandingId[] memory ids = assent.stand{ value: value }(under, question, schedule);
        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(assent.standingStatus(ids[i]).active, "active");
            vm.warp(due(0));
            assent.openRound(expected[i], 0);
        }
    }

    function _expectMixed(Under[] memory under) private {
        vm.expectRevert(abi.encodeWithSelector(IStandingRequests.ScheduleMalformed.selector, "currency"));
        vm.prank(controller);
        assent.stand(under, question, schedule);
    }

    function _expectMalformed(string memory term) private {
        _expectRevert(abi.encodeWithSelector(IStandingRequests.ScheduleMalformed.selector, term));
    }

    function _expectRevert(bytes memory reason) private {
        Under[] memory under = underOne();
        uint256 value = total();
        vm.expectRevert(reason);
        vm.prank(controller);
        assent.stand{ value: value }(under, question, schedule);
    }
}
