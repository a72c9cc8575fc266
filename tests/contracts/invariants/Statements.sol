// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementState, AgreementStatus } from "../../../contracts/types/Agreement.sol";
import { Phase } from "../../../contracts/types/Case.sol";
import { Epoch } from "../../../contracts/types/Epoch.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { ModelState } from "../../../contracts/types/Model.sol";
import { Pool } from "../../../contracts/types/Pool.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Operator, Place, Roll } from "../../../contracts/types/Roll.sol";
import { StandingStatus } from "../../../contracts/types/Standing.sol";
import { Finality, RequestState, RequestStatus } from "../../../contracts/types/Verdict.sol";
import { AdoptionHandler, KnownBroad } from "./AdoptionHandler.sol";
import { CaseHandler } from "./CaseHandler.sol";
import {
    KnownAgreement,
    KnownCase,
    KnownModel,
    KnownOperator,
    KnownPool,
    KnownRequest,
    KnownStanding
} from "./Ledger.sol";
import { StandingHandler } from "./StandingHandler.sol";
import { Token } from "./Token.sol";

/// @notice docs/invariants.md, statement by statement: what the contract says, held against the ledger.
abstract contract Statements is CaseHandler, StandingHandler, AdoptionHandler {
    // 1
    function noVerdictWithoutAgreement() external view {
        for (uint256 i = 0; i < requests.length; ++i) {
            KnownRequest storage made = requests[i];
            if (!_hasVerdict(assent.verdictOf(made.id).state)) continue;
            KnownAgreement storage known = agreements[made.agreementAt];
            assertNotEq(known.given.step, 0, "1: given");
            assertLe(known.given.step, made.asked.step, "1: given before it was asked");
            assertLe(known.terms.terms.validFrom, made.asked.time, "1: valid when asked");
            assertLt(made.terms.question.deadline(), known.end, "1: valid till the deadline");
            assertLe(made.answered, made.terms.question.deadline(), "1: in time");
            assertLe(made.ended.time, made.terms.question.lastSecond(), "1: recorded in time");
            if (known.withdrawn.step != 0) assertLt(made.ended.step, known.withdrawn.step, "1: not withdrawn");
        }
    }

    // 2
    function requestsAreAsTheLedgerHasThem() external view {
        for (uint256 i = 0; i < requests.length; ++i) {
            KnownRequest storage made = requests[i];
            RequestStatus memory status = assent.verdictOf(made.id);
            assertEq(uint8(status.state), uint8(made.state), "2: state");
            assertEq(status.since, made.since, "2: since");
            bool has = _hasVerdict(made.state);
            assertEq(status.outcome, has ? _least(made.verdict.outcome, 255) : 0, "2: outcome");
            assertEq(status.score, has ? _least(made.verdict.score, (1 << 24) - 1) : 0, "2: score");
            assertEq(status.mark, has ? markOf(made.terms, made.verdict, made.by) : bytes22(0), "2: mark");
            assertEq(status.undelivered, made.undelivered, "2: undelivered");
            assertEq(receiver.heardFinally(made.id), made.deliveredFinally ? 1 : 0, "2: delivered finally");
            assertEq(has, status.finality != Finality.None, "2: finality");
        }
    }

    // 3
    function moneyInIsMoneyOutAndWhatIsOwed() external view {
        uint256[] memory sums = new uint256[](currencies.length);
        _addEscrow(sums);
        _addUnsettled(sums);
        for (uint256 i = 0; i < pools.length; ++i) {
            KnownPool storage pool = pools[i];
            sums[pool.currency] += assent.poolInfo(pool.id).earned - pool.collected;
        }
        for (uint32 currency = 0; currency < sums.length; ++currency) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                sums[currency] += assent.balanceOf(accounts[i], currencies[currency]);
            }
            uint256 balance =
                currency == 0 ? address(assent).balance : Token(currencies[currency]).balanceOf(address(assent));
            assertEq(balance, sums[currency], "3: balance");
            assertEq(balance, paidIn[currency] - paidOut[currency], "3: flows");
        }
    }

    /// @dev C1 and C9: the committee has what it owes, and of what it took at most half was paid out.
    function theCommitteeHasWhatItOwes() external view {
        uint256 sum = openBonds;
        for (uint256 i = 0; i < OPERATORS; ++i) {
            sum += committee.operatorInfo(operators[i].account).stake;
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = committee.creditOf(accounts[i]);
            assertEq(amount, creditAt[accounts[i]], "C1: credit");
            sum += amount;
        }
        for (uint32 number = 1; number <= epochNumber; ++number) {
            assertEq(committee.keptOf(number), keptAt[number], "C9: kept");
            sum += keptAt[number];
        }
        assertEq(address(committee).balance, sum, "C1: balance");
        assertEq(address(committee).balance, committeeIn - committeeOut, "C1: flows");
    }

    /// @dev C3, C6, C7 and C12 are in what the ledger expects of each ruling; here is that cases are as it has them.
    function casesAreAsTheLedgerHasThem() external view {
        for (uint256 i = 0; i < requests.length; ++i) {
            RequestId id = requests[i].id;
            KnownCase storage known = cases[id];
            assertEq(uint8(committee.caseOf(id).phase), uint8(known.phase), "C6: phase");
            assertEq(committee.caseOf(id).judges, known.judges, "C3: judges");
            if (known.phase == Phase.None) continue;
            assertEq(committee.caseOf(id).challenger, known.challenger, "C3: challenger");
            assertEq(committee.caseOf(id).arbiter, known.arbiter, "C3: arbiter");
            assertEq(committee.caseOf(id).until, known.until, "C3: until");
        }
    }

    // 4
    function quorumIsReachable() external view {
        Epoch memory epoch = assent.currentEpoch();
        uint8 least = committeeSize();
        assertGe(epoch.seats, least, "4: size");
        assertLe(epoch.seats, epoch.roll, "4: roll");
        assertEq(assent.membersOf(epoch.number).length, epoch.seats, "4: members");
        for (uint256 i = 0; i < models.length; ++i) {
            KnownModel storage known = models[i];
            assertNotEq(uint8(assent.modelStatus(known.id).state), uint8(ModelState.None), "4: published once");
            assertLe(assent.modelStatus(known.id).quote.quorum(), least, "4: quorum");
        }
    }

    // 5
    function noVerdictBelowQuorum() external view {
        for (uint256 i = 0; i < requests.length; ++i) {
            KnownRequest storage made = requests[i];
            if (!_hasVerdict(assent.verdictOf(made.id).state)) continue;
            uint256 size = assent.membersOf(made.epoch).length;
            uint256 signed = popCount(made.signers);
            assertGe(signed, made.terms.quote.quorum(), "5: quorum");
            assertGt(2 * signed, size, "5: more than half");
            assertEq(uint256(made.signers) >> size, 0, "5: members");
        }
    }

    // 6
    function withdrawnNeverAuthorises() external view {
        for (uint256 i = 0; i < agreements.length; ++i) {
            KnownAgreement storage known = agreements[i];
            AgreementStatus memory status = assent.agreementStatus(known.id);
            bool withdrawn = known.withdrawn.step != 0;
            assertEq(uint8(status.state), uint8(withdrawn ? known.over : AgreementState.Given), "6: state");
            assertEq(status.validUntil, known.given.step == 0 ? 0 : known.end, "6: end");
            assertEq(status.since, withdrawn ? known.withdrawn.time : known.given.time, "6: since");
            if (withdrawn) assertFalse(_authorises(known), "6: authorised");
        }
    }

    // 7
    function attestersHaveOneOperator() external view {
        for (uint256 i = 0; i < attesters.length; ++i) {
            assertEq(committee.operatorOf(attesters[i]), firstOperatorOf[attesters[i]], "7: operator");
        }
    }

    // 8
    function epochsNeverChange() external view {
        assertEq(assent.currentEpoch().number, epochNumber, "8: number");
        assertEq(committee.currentEpoch(), epochNumber, "8: the committee's number");
        for (uint32 number = 1; number <= epochNumber; ++number) {
            address[] memory members = assent.membersOf(number);
            assertEq(abi.encode(members), abi.encode(membersAtRotation[number]), "8: members");
            (Roll memory roll, address[] memory all) = committee.rollOf(number);
            assertEq(roll.seats, members.length, "8: seats");
            assertEq(abi.encode(all), abi.encode(rollAttesters[number]), "8: roll");
            for (uint256 i = 0; i < all.length; ++i) {
                address operator = committee.operatorOf(all[i]);
                assertEq(operator, rollOperators[number][i], "8: operator");
                assertNotEq(operator, address(0), "8: no operator");
                for (uint256 j = 0; j < i; ++j) {
                    assertNotEq(operator, rollOperators[number][j], "8: twice");
                }
            }
        }
    }

    // 9
    function nobodyIsPaidTwice() external view {
        for (uint32 currency = 0; currency < currencies.length; ++currency) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                uint256 balance = assent.balanceOf(accounts[i], currencies[currency]);
                assertEq(balance, owed[currency][accounts[i]], "9: balance");
            }
        }
        for (uint256 i = 0; i < pools.length; ++i) {
            KnownPool storage known = pools[i];
            Pool memory pool = assent.poolInfo(known.id);
            assertEq(
                abi.encode(pool),
                abi.encode(known.epoch, known.signers, known.currency, known.earned, known.since),
                "9: pool"
            );
            assertLe(known.collected, pool.earned, "9: collected");
            for (uint256 j = 0; j < membersAtRotation[known.epoch].length; ++j) {
                assertLe(collectedBy[known.id][j] * popCount(known.signers), pool.earned, "9: share");
            }
        }
        for (uint256 i = 0; i < agreements.length; ++i) {
            AgreementStatus memory status = assent.agreementStatus(agreements[i].id);
            assertEq(status.earning, agreements[i].earning, "9: earning");
            assertEq(status.settled, agreements[i].settled, "9: settled");
        }
    }

    // 10
    function whoSignsCanBeSlashed() external view {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            KnownOperator storage known = operators[i];
            Operator memory info = committee.operatorInfo(known.account);
            assertEq(info.attester, known.joined ? known.attester : address(0), "10: attester");
            assertEq(info.stake, known.stake, "10: stake");
            assertEq(info.resigned, known.resigned, "10: resigned");
            assertEq(uint8(info.place), uint8(known.place), "10: place");
            assertEq(info.lease, known.lease, "10: lease");
            assertEq(info.lastEpoch, known.lastEpoch, "10: last epoch");
            assertEq(info.convictedIn, known.convictedIn, "10: convicted");
        }
        _areBonded(epochNumber, type(uint64).max);
        if (inGrace()) _areBonded(epochNumber - 1, type(uint64).max);
        for (uint256 i = 0; i < requests.length; ++i) {
            KnownRequest storage made = requests[i];
            KnownCase storage it = cases[made.id];
            bool open = it.phase == Phase.Open || it.phase == Phase.Stands || it.phase == Phase.False;
            if (!contestable(made) && !(open && time() <= it.until + RULING_TIME)) continue;
            _areBonded(made.epoch, made.signers);
        }
    }

    // 11
    function roundsAreThoseOfTheSchedule() external view {
        for (uint256 i = 0; i < standings.length; ++i) {
            KnownStanding storage known = standings[i];
            StandingStatus memory status = assent.standingStatus(known.id);
            assertEq(abi.encode(status), abi.encode(known.active, known.opened, known.next), "11: status");
            assertLe(status.opened, status.next, "11: opened");
            assertLe(status.next, known.terms.schedule.rounds, "11: rounds");
        }
    }

    // 12
    function adoptedIsEndedWithItsGround() external view {
        for (uint256 i = 0; i < broad.length; ++i) {
            KnownBroad storage known = broad[i];
            AgreementStatus memory status = assent.agreementStatus(known.it.id);
            bool over = known.it.withdrawn.step != 0;
            assertEq(uint8(status.state), uint8(over ? known.it.over : AgreementState.Given), "12: state");
            assertEq(status.validUntil, known.it.end, "12: end");
            assertEq(assent.adoptedUnder(known.it.id).length, known.adopted.length, "12: adopted");
            uint256 sum = 0;
            for (uint256 j = 0; j < known.adopted.length; ++j) {
                KnownAgreement storage one = agreements[known.adopted[j]];
                sum += one.terms.terms.uses;
                bool stands = assent.agreementStatus(one.id).state == AgreementState.Given;
                assertFalse(over && stands, "12: outlives");
            }
            assertEq(status.allotted, sum, "12: allotted");
            assertLe(sum, known.it.terms.terms.uses, "12: uses");
        }
    }

    function _addEscrow(uint256[] memory sums) private view {
        for (uint256 i = 0; i < requests.length; ++i) {
            KnownRequest storage made = requests[i];
            RequestState state = assent.verdictOf(made.id).state;
            if (state == RequestState.Requested) sums[made.terms.quote.currency()] += made.terms.quote.total();
        }
        for (uint256 i = 0; i < standings.length; ++i) {
            KnownStanding storage known = standings[i];
            StandingStatus memory status = assent.standingStatus(known.id);
            if (!status.active) continue;
            uint256 rounds = known.terms.schedule.rounds - status.opened;
            sums[known.terms.quote.currency()] += rounds * known.terms.quote.total();
        }
    }

    function _addUnsettled(uint256[] memory sums) private view {
        for (uint256 i = 0; i < agreements.length; ++i) {
            KnownAgreement storage known = agreements[i];
            AgreementStatus memory status = assent.agreementStatus(known.id);
            uint256 each = quoteOf(known).price() + quoteOf(known).royalty();
            sums[quoteOf(known).currency()] += (status.earning - status.settled) * each;
        }
    }

    /// @return What the slot has of an outcome or a score: the largest number if it is sealed.
    function _least(bytes32 given, uint256 most) private pure returns (uint256) {
        return uint256(given) < most ? uint256(given) : most;
    }

    function _hasVerdict(RequestState state) private pure returns (bool) {
        return state == RequestState.Recorded || state == RequestState.Challenged || state == RequestState.Upheld
            || state == RequestState.Corrected || state == RequestState.Unjudged;
    }

    function _authorises(KnownAgreement storage known) private view returns (bool authorised) {
        Question question =
            Questions.pack(Asked(0, 0, known.purpose, known.step, 0, Delivery.Recorded, Disclosure.Everything, 0, 0));
        bytes memory data =
            abi.encodeCall(assent.check, (known.source, known.terms.controller, known.terms.terms, question));
        (authorised,) = address(assent).staticcall(data);
    }

    /// @dev Whoever signed, or may: its operator hasn't taken its stake back.
    function _areBonded(uint32 epoch, uint64 signers) private view {
        address[] storage members = membersAtRotation[epoch];
        for (uint256 i = 0; i < members.length; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            address operator = firstOperatorOf[members[i]];
            assertNotEq(committee.operatorInfo(operator).attester, address(0), "10: stake taken back");
            assertLe(stakeTakenAt[operator], formedAt[epoch], "10: and another brought");
        }
    }
}
