// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { Ending } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { ModelState } from "../../../contracts/types/Model.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Recording, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { DirtyTest } from "./DirtyTest.sol";

/// @notice What the other parts do, by way of the fallback, and the committee.
/// forge-config: default.fuzz.runs = 32
contract DirtyRegistriesTest is DirtyTest {
    function testFuzz_RevertWhen_TheModelIsDirty(uint256 dirt) public {
        model.fee += 1;
        narrowModel(0);
        expectRefused(publisher, abi.encodeCall(assent.publish, (model, "")), 0, dirt);
        narrowModel(0);
        expectRefused(publisher, abi.encodeCall(assent.deprecate, (model)), 0, dirt);
        assertEq(uint8(assent.modelStatus(hasher.modelId(model)).state), uint8(ModelState.Deprecated));
    }

    function testFuzz_RevertWhen_SettleIsDirty(uint256 dirt) public {
        agreement.terms.price = 1;
        give();
        askAndRecord(0, 7);
        narrowAgreement(0);
        narrowModel(14);
        expectRefused(relayer, abi.encodeCall(assent.settle, (agreement, model)), 0, dirt);
        assertEq(assent.balanceOf(subject, address(0)), 1, "once");
    }

    function testFuzz_RevertWhen_AnEpochIsDirty(uint256 dirt) public {
        narrow(0, 32);
        narrow(1, 8);
        narrow(2, 8);
        narrow(3, 160);
        narrow(4, 40);
        bytes memory clean = abi.encodeCall(ICore.setEpoch, (2, 4, 7, assent.currentEpoch().members, 0));
        expectRefused(address(committee), clean, 0, dirt);
    }

    function testFuzz_RevertWhen_AContestIsDirty(uint256 dirt) public {
        (Recording memory recording, RequestId id) = _recorded();
        narrowRecording(0);
        narrowTerms(9);
        expectRefused(address(committee), abi.encodeCall(ICore.contest, (recording, underNow())), 0, dirt);
        assertState(id, RequestState.Challenged);

        narrowRecording(0);
        narrow(8, 8);
        narrowVerdict(9);
        narrow(12, 64);
        bytes memory clean =
            abi.encodeCall(ICore.settleContest, (recording, Ending.Corrected, verdictOf(0, 0, 0), JUDGES));
        expectRefused(address(committee), clean, 0, dirt);
        assertState(id, RequestState.Corrected);
    }

    function testFuzz_RevertWhen_ACaseIsDirty(uint256 dirt) public {
        (Recording memory recording, RequestId id) = _recorded();
        narrowRecording(0);
        narrowTerms(9);
        vm.deal(relayer, 100 ether);
        _expectRefused(BOND, abi.encodeCall(committee.challenge, (recording, underNow())), dirt);
        assertState(id, RequestState.Challenged);

        Verdict memory other = verdictOf(0, 0, 0);
        bytes memory signatures = rulings(recording, other, false, JUDGES);
        narrowRecording(0);
        narrowVerdict(8);
        narrow(11, 1);
        narrow(12, 64);
        _expectRefused(0, abi.encodeCall(committee.judge, (recording, other, false, JUDGES, signatures)), dirt);
        assertState(id, RequestState.Corrected);
    }

    function testFuzz_RevertWhen_PunishConflictIsDirty(uint256 dirt) public {
        give();
        (Request memory request,) = ask(0);
        Testimony memory first = _testimony(request, defaultVerdict());
        Testimony memory second = _testimony(request, verdictOf(1, 0, 0));
        narrowTerms(1);
        narrowModel(9);
        narrowTestimony(23);
        narrowTestimony(38);
        _expectRefused(0, abi.encodeCall(committee.punishConflict, (underNow(), model, first, second)), dirt);
    }

    function narrowTestimony(uint256 first) internal {
        narrowRequest(first);
        narrowVerdict(first + 4);
        narrow(first + 8, 32);
        narrow(first + 9, 32);
    }

    function _recorded() private returns (Recording memory, RequestId id) {
        give();
        (, id) = askAndRecord(0, 7);
        return (recordingOf(id), id);
    }

    /// @dev At the committee.
    function _expectRefused(uint256 value, bytes memory clean, uint256 dirt) private {
        expectRefusedAt(address(committee), relayer, clean, value, dirt);
    }

    /// @dev Of the epoch's first member.
    function _testimony(Request memory request, Verdict memory verdict) private view returns (Testimony memory) {
        bytes memory signature = attest(request, verdict, 1).signatures;
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }
}
