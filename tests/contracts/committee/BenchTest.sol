// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Case, Cases, Ending, Phase } from "../../../contracts/types/Case.sol";
import { AgreementId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { CommitteeTest } from "./CommitteeTest.sol";

contract Rulings {
    function hash(uint256 epoch, RequestId id, bool stands, Verdict calldata verdict) external pure returns (bytes32) {
        return Cases.hashRuling(epoch, id, stands, verdict);
    }
}

/// @notice Verdicts that were recorded, and challenged with a bond by a stranger.
abstract contract BenchTest is CommitteeTest {
    uint96 internal constant BOND = 0.016 ether;
    uint40 internal constant JUDGING = 2 days;
    uint40 internal constant RULING = 7 days;

    address internal challenger = makeAddr("challenger");
    address internal arbiter = makeAddr("arbiter");
    Rulings internal rulings = new Rulings();

    Recording internal recording;
    Under internal under;
    RequestId internal id;
    Verdict internal right = Verdict(bytes32(uint256(1)), bytes32(uint256(500_000)), keccak256("right"));

    function setUp() public virtual override {
        super.setUp();
        record(1, 3); // the first two seats
    }

    /// @dev A verdict of the current epoch, signed by the members of a bitmap.
    function record(uint256 use, uint64 signers) internal {
        recording.request = Request(_agreement(use), makeAddr("controller"), Question.wrap(0), Quote.wrap(0));
        recording.verdict = Verdict(0, bytes32(uint256(499_999)), keccak256(abi.encode("trail", use)));
        recording.by = SignersLib.pack(committee.currentEpoch(), signers);
        core.record(recording);
        id = this.idOf(recording);
    }

    function idOf(Recording calldata recording_) external pure returns (RequestId) {
        return Verdicts.id(recording_.request);
    }

    function challenge() internal {
        Recording memory contested = recording;
        Under memory named = under;
        hoax(challenger, BOND);
        committee.challenge{ value: BOND }(contested, named);
    }

    function nameArbiter() internal {
        core.name(under, arbiter);
    }

    /// @dev The attester of a member of the recording's epoch, by its index there.
    function judgement(uint64 judges, bool stands, Verdict memory verdict)
        internal
        view
        returns (bytes memory signatures)
    {
        uint32 epoch = uint32(recording.by.epoch());
        (, address[] memory attesters) = committee.rollOf(epoch);
        bytes32 structHash = rulings.hash(epoch, id, stands, verdict);
        bytes32 separator = domainSeparator(block.chainid, address(committee));
        for (uint256 i = 0; i < attesters.length; ++i) {
            if ((judges >> i) & 1 == 0) continue;
            signatures = bytes.concat(signatures, signFor(separator, keyOf[attesters[i]], structHash));
        }
    }

    function judge(uint64 judges, bool stands) internal {
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        bytes memory signatures = judgement(judges, stands, verdict);
        committee.judge(contested, verdict, stands, judges, signatures);
    }

    function expectJudge(uint64 judges, bool stands, bytes memory reason) internal {
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        bytes memory signatures = judgement(judges, stands, verdict);
        vm.expectRevert(reason);
        committee.judge(contested, verdict, stands, judges, signatures);
    }

    function rule(bool stands) internal {
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        vm.prank(arbiter);
        committee.rule(contested, verdict, stands);
    }

    function close() internal {
        committee.close(recording, right);
    }

    function credit(uint256 i) internal returns (uint256) {
        return committee.creditOf(operatorAt(i));
    }

    function assertEnded(Ending ending, Phase phase) internal view {
        assertEq(uint8(core.endings(id)), uint8(ending), "ending");
        assertEq(uint8(committee.caseOf(id).phase), uint8(phase), "phase");
    }

    function assertOpen(Phase phase) internal view {
        Case memory case_ = committee.caseOf(id);
        assertEq(uint8(case_.phase), uint8(phase), "phase");
    }

    /// @dev All ether is somebody's stake, bond or credit, or nobody's; of what was taken some is kept for challengers.
    function assertConserved(uint256 operators, uint256 openCases) internal {
        uint256 sum = openCases * BOND + committee.creditOf(address(0)) + keptInAll() + committee.creditOf(challenger)
            + committee.creditOf(arbiter);
        for (uint256 i = 0; i < operators; ++i) {
            sum += infoAt(i).stake + credit(i);
        }
        assertEq(address(committee).balance, sum, "ether");
    }

    function keptInAll() internal view returns (uint256 sum) {
        for (uint32 epoch = 1; epoch <= committee.currentEpoch(); ++epoch) {
            sum += committee.keptOf(epoch);
        }
    }

    /// @dev Of a model of its own.
    function _sourceOf(uint256 use) internal pure returns (SourceId) {
        return SourceId.wrap(keccak256(abi.encode("source", use)));
    }

    function _agreement(uint256 use) internal pure returns (AgreementId) {
        return AgreementId.wrap(keccak256(abi.encode("agreement", use)));
    }
}
