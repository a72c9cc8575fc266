// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { IConflicts } from "../../../contracts/interfaces/IConflicts.sol";
import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { Cases } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { CommitteeTerms, Rolls } from "../../../contracts/types/Roll.sol";
import { Signers } from "../../../contracts/types/Signers.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Attestation, Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @dev The contract itself isn't imported: it is compiled for size, and so would be what imports it.
interface Committee is ICommittee, ICases, IConflicts { }

/// @dev Out of the libraries, which take calldata.
contract CommitteeHasher {
    function joining(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        external
        pure
        returns (bytes32)
    {
        return Rolls.hashJoining(operator, sealKey, endpoint, deadline);
    }

    function ruling(uint256 epoch, RequestId id, bool stands, Verdict calldata verdict)
        external
        pure
        returns (bytes32)
    {
        return Cases.hashRuling(epoch, id, stands, verdict);
    }
}

/// @notice The core with a committee of its own: four seats and three in reserve, a model, a record and an agreement that was given.
abstract contract CoreTest is AssentTest {
    uint96 internal constant SEAT_STAKE = 4 ether;
    uint96 internal constant TAKEN = 2 ether;
    uint96 internal constant CASE_BOND = 0.016 ether;
    uint40 internal constant JUDGING = 2 days;
    uint40 internal constant RULING = 7 days;
    uint40 internal constant ROTATION = 7 days;
    uint256 internal constant ROLL = 7;
    uint64 internal constant SIGNERS = 7;
    uint64 internal constant JUDGES = 0x78;

    Committee internal committee;
    CommitteeHasher internal committeeHasher;
    address internal challenger = makeAddr("challenger");

    function setUp() public virtual override {
        committeeHasher = new CommitteeHasher();
        super.setUp();
        give();
    }

    function defaultTerms() internal pure virtual returns (CommitteeTerms memory) {
        return CommitteeTerms({
            seats: 4,
            maxRoll: 9,
            minRoll: 4,
            minStake: SEAT_STAKE,
            penalty: TAKEN,
            bond: CASE_BOND,
            window: CHALLENGE_WINDOW,
            judgingTime: JUDGING,
            rulingTime: RULING,
            start: 0,
            epochLength: ROTATION,
            lease: 2 * ROTATION,
            grace: 1 hours,
            unbonding: 30 days,
            admission: address(0)
        });
    }

    /// @dev The committee is made first, for the address that the core will have.
    function deploy(uint16) internal override returns (IAssent) {
        ICore core = ICore(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 3));
        committee = Committee(vm.deployCode("Committee.sol:Committee", abi.encode(core, defaultTerms())));
        address agreements = vm.deployCode("AssentAgreements.sol:AssentAgreements", abi.encode(committee));
        address requests = vm.deployCode("AssentRequests.sol:AssentRequests", abi.encode(agreements, committee));
        return IAssent(vm.deployCode("AssentCore.sol:AssentCore", abi.encode(requests, committee)));
    }

    function formCommittee(uint256) internal override {
        for (uint256 i = 0; i < ROLL; ++i) {
            joinCommittee(i);
        }
        committee.rotate();
    }

    function joinCommittee(uint256 i) internal returns (address operator) {
        operator = operatorAt(i);
        (address attester, uint256 key) = attesterAt(i);
        keyOf[attester] = key;
        uint256 until = vm.getBlockTimestamp();
        bytes32 structHash = committeeHasher.joining(operator, bytes32(i), "https://operator.example", until);
        bytes memory signature = signFor(domainSeparator(block.chainid, address(committee)), key, structHash);
        hoax(operator, SEAT_STAKE);
        committee.join{ value: SEAT_STAKE }(attester, bytes32(i), "https://operator.example", until, signature);
    }

    // Cases

    function challengeOf(Recording memory recording) internal {
        hoax(challenger, CASE_BOND);
        committee.challenge{ value: CASE_BOND }(recording, underNow());
    }

    function judge(Recording memory recording, Verdict memory verdict, bool stands, uint64 judges) internal {
        committee.judge(recording, verdict, stands, judges, rulings(recording, verdict, stands, judges));
    }

    function rulings(Recording memory recording, Verdict memory verdict, bool stands, uint64 judges)
        internal
        view
        returns (bytes memory signatures)
    {
        uint32 epoch = uint32(recording.by.epoch());
        (, address[] memory attesters) = committee.rollOf(epoch);
        bytes32 structHash = committeeHasher.ruling(epoch, idOf(recording.request), stands, verdict);
        return signAsMembers(attesters, judges, domainSeparator(block.chainid, address(committee)), structHash);
    }

    function idOf(Request memory request) internal view returns (RequestId) {
        return assent.requestId(request.agreement, request.question.use());
    }

    /// @return What signers of a report of this one verdict sign, in epoch 1.
    function reportOf(Request memory request, Verdict memory verdict) internal view returns (bytes32) {
        return Verdicts.hashReport(1, 1, leafOf(request, verdict));
    }

    function recorded(uint32 use) internal returns (Recording memory recording) {
        (Request memory request,) = ask(use);
        return recordAs(request, defaultVerdict(), SIGNERS);
    }

    function recordAs(Request memory request, Verdict memory verdict, uint64 signers)
        internal
        returns (Recording memory)
    {
        Attestation memory attestation = attest(request, verdict, signers);
        record(request, verdict, attestation);
        return Recording(request, verdict, attestation.by);
    }

    function judgedBy(Recording memory recording, uint64 judges) internal pure returns (Signers) {
        return Signers.wrap(recording.by.epoch() << 64 | judges);
    }
}
