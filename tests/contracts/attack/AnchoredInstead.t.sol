// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Attestation, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";

/// @notice One member had a report signed over questions that asked to be recorded, and anchored it. All others took the requests for done, and
/// whoever asked waited, for a callback too, till somebody claimed for it. Nodes: `test_downgrade__…` in tests/unit/services.
contract AnchoredInsteadTest is OracleTest {
    function test_WhatAskedToBeRecordedCannotBeClaimed() public {
        give();
        Answer[] memory answers = askMany(0, 3);
        sort(answers);
        Attestation memory attestation = attestMany(answers, SIGNERS);
        anchor(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            bytes32[] memory proof = proofOf(answers, i);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NotAnchored.selector, idOf(answers[i].request)));
            assent.claim(answers[i].request, answers[i].verdict, proof);
        }
        recordMany(answers, attestation); // with the very signatures that were misused
        assertState(idOf(answers[0].request), RequestState.Recorded);
    }

    /// @dev The other way round nobody loses anything: it is recorded sooner, and somebody else pays the gas.
    function test_WhatAskedToBeAnchoredCanBeRecorded() public {
        give();
        Asked memory parts = asked(0);
        parts.delivery = Delivery.Anchored;
        (Request memory request,) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        assertRecorded(request, defaultVerdict());
    }
}
