// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";
import { console } from "forge-std/console.sol";

import { Assent } from "../../../contracts/Assent.sol";
import { AgreementState, AgreementStatus } from "../../../contracts/types/Agreement.sol";
import { ModelState } from "../../../contracts/types/Model.sol";
import { Epoch } from "../../../contracts/types/Operator.sol";
import { RequestState, RequestStatus } from "../../../contracts/types/Verdict.sol";
import { Handler } from "./Handler.sol";
import { KnownAgreement, KnownModel, KnownRequest, KnownSigners } from "./Ledger.sol";

/// @notice docs/invariants.md, one to one.
/// forge-config: default.invariant.fail-on-revert = true
contract InvariantsTest is Test {
    Handler private handler;
    Assent private assent;

    function setUp() public {
        handler = Handler(vm.deployCode("Handler.sol:Handler"));
        assent = handler.contractUnderTest();
        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](21);
        selectors[0] = handler.join.selector;
        selectors[1] = handler.joinWithAnothersAttester.selector;
        selectors[2] = handler.resign.selector;
        selectors[3] = handler.withdrawStake.selector;
        selectors[4] = handler.rotate.selector;
        selectors[5] = handler.wait.selector;
        selectors[6] = handler.requestAndRecord.selector;
        selectors[7] = handler.publish.selector;
        selectors[8] = handler.deprecate.selector;
        selectors[9] = handler.give.selector;
        selectors[10] = handler.giveAgain.selector;
        selectors[11] = handler.withdraw.selector;
        selectors[12] = handler.request.selector;
        selectors[13] = handler.requestForbidden.selector;
        selectors[14] = handler.record.selector;
        selectors[15] = handler.recordForbidden.selector;
        selectors[16] = handler.refuse.selector;
        selectors[17] = handler.expire.selector;
        selectors[18] = handler.collect.selector;
        selectors[19] = handler.withdrawCredits.selector;
        selectors[20] = handler.withdrawUngiven.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// Every call ended as the ledger expected: what is allowed succeeded, what isn't was refused.
    function invariant_0_EveryCallEndsAsExpected() public view {
        assertEq(handler.surprise(), "");
    }

    function invariant_1_NoVerdictWithoutAgreement() public view {
        (, uint256 count,,,) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            KnownRequest memory made = handler.requestAt(i);
            KnownAgreement memory known = handler.agreementAt(made.agreementAt);
            if (assent.verdictOf(made.id).state != RequestState.Recorded) continue;
            assertLe(known.given.step, made.asked.step, "given before it was asked");
            assertLe(known.terms.validFrom, made.asked.time, "valid when asked");
            assertLt(made.ended.time, known.terms.validUntil, "valid when recorded");
            assertLe(made.ended.time, made.terms.deadline, "in time");
            if (known.withdrawn.step != 0) assertLt(made.ended.step, known.withdrawn.step, "not withdrawn");
        }
    }

    function invariant_2_OneEndPerRequest() public view {
        (, uint256 count,,,) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            KnownRequest memory made = handler.requestAt(i);
            RequestStatus memory status = assent.verdictOf(made.id);
            assertEq(uint8(status.state), uint8(made.state), "state");
            if (made.state == RequestState.Requested) continue;
            assertEq(abi.encode(status), made.answer, "answer");
        }
    }

    function invariant_3_MoneyInEqualsMoneyOutPlusWhatIsOwed() public view {
        uint256 owed = handler.credits();
        for (uint256 i = 0; i < handler.OPERATORS(); ++i) {
            owed += assent.operatorInfo(handler.operatorKnownAt(i).account).stake;
        }
        (, uint256 made,, uint256 sets,) = handler.counts();
        for (uint256 i = 0; i < made; ++i) {
            KnownRequest memory request = handler.requestAt(i);
            if (assent.verdictOf(request.id).state == RequestState.Requested) owed += request.terms.fee;
        }
        for (uint256 i = 0; i < sets; ++i) {
            KnownSigners memory set = handler.signersAt(i);
            uint256 earned = assent.earnedBy(set.epoch, set.signers);
            assertLe(set.collected, earned, "collected no more than earned");
            owed += earned - set.collected;
        }
        assertEq(address(assent).balance, owed, "balance");
        assertEq(address(assent).balance, handler.paidIn() - handler.paidOut(), "flows");
    }

    function invariant_4_QuorumAlwaysReachable() public view {
        Epoch memory epoch = assent.currentEpoch();
        assertGe(epoch.size, assent.minMembers(), "size");
        assertEq(assent.membersOf(epoch.number).length, epoch.size, "members");
        (,, uint256 count,,) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            KnownModel memory known = handler.modelAt(i);
            assertNotEq(uint8(assent.modelStatus(known.id).state), uint8(ModelState.None), "published once");
            assertLe(assent.modelStatus(known.id).quorum, assent.minMembers(), "quorum");
        }
    }

    function invariant_5_NoVerdictBelowQuorum() public view {
        (, uint256 count,,,) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            KnownRequest memory made = handler.requestAt(i);
            if (assent.verdictOf(made.id).state != RequestState.Recorded) continue;
            assertGe(made.sound, made.terms.quorum, "signatures");
            assertEq(made.sound, _popCount(made.signers), "signers");
            assertEq(made.signers >> assent.membersOf(made.epoch).length, 0, "members");
        }
    }

    function invariant_6_WithdrawnNeverAuthorises() public {
        (uint256 count,,,,) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            KnownAgreement memory known = handler.agreementAt(i);
            AgreementStatus memory status = assent.agreementStatus(known.id);
            bool withdrawn = known.withdrawn.step != 0;
            assertEq(uint8(status.state), uint8(withdrawn ? AgreementState.Withdrawn : AgreementState.Given), "state");
            assertEq(status.since, withdrawn ? known.withdrawn.time : known.given.time, "since");
            if (!withdrawn) continue;
            (bool authorised,) = address(assent)
                .staticcall(
                    abi.encodeCall(assent.check, (known.terms, known.terms.controller, known.purpose, known.step, 0))
                );
            assertFalse(authorised, "authorised");
        }
    }

    function invariant_7_AttesterHasOneOperatorForEver() public view {
        (,,,, uint256 count) = handler.counts();
        for (uint256 i = 0; i < count; ++i) {
            address attester = handler.attesterKnownAt(i);
            assertEq(assent.operatorOf(attester), handler.firstOperatorOf(attester));
        }
    }

    function invariant_8_EpochsNeverChange() public view {
        for (uint32 number = 1; number <= assent.currentEpoch().number; ++number) {
            address[] memory members = assent.membersOf(number);
            assertEq(abi.encode(members), abi.encode(handler.membersKnownOf(number)), "members");
            for (uint256 i = 0; i < members.length; ++i) {
                assertNotEq(assent.operatorOf(members[i]), address(0), "no operator");
                for (uint256 j = 0; j < i; ++j) {
                    assertNotEq(members[i], members[j], "twice");
                }
            }
        }
    }

    /// What one run did, at `forge test -vv`.
    function afterInvariant() public view {
        console.log("epochs", assent.currentEpoch().number);
        _log("give");
        _log("withdraw");
        _log("request");
        _log("record");
        _log("refuse");
        _log("expire");
        _log("collect");
        _log("withdrawCredits");
        _log("join");
        _log("resign");
        _log("rotate");
        _log("withdrawStake");
        console.log("forbidden and refused", handler.refused("requestForbidden"), handler.refused("recordForbidden"));
    }

    function _log(string memory action) private view {
        console.log(action, handler.succeeded(action), handler.refused(action));
    }

    function _popCount(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
    }
}
