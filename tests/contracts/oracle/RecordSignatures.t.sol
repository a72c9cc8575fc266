// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { CommitteeTerms } from "../../../contracts/types/Roll.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

/// @notice What `record` asks of the signatures; the rest of record.tree is in `Record.t.sol`.
contract RecordSignaturesTest is OracleTest {
    Request private request;
    RequestId private id;
    Verdict private verdict;
    bytes32 private report;
    address[] private members;
    bool private shortEpochs;

    function setUp() public override {
        super.setUp();
        give();
        (request, id) = ask(0);
        verdict = defaultVerdict();
        report = Verdicts.hashReport(1, 1, leafOf(request, verdict));
        members = assent.membersOf(1);
    }

    function test_RevertWhen_TheEpochIsOverAndItsGraceToo() public {
        _askWithLongDeadline();
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
    }

    /// @dev Though its grace would last, where epochs are shorter than that.
    function test_RevertWhen_TheEpochIsTwoRotationsOld() public {
        _deployWithShortEpochs();
        _askWithLongDeadline();
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        for (uint256 i = 0; i < 2; ++i) {
            skip(1 minutes);
            committee.rotate();
        }
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 3));
        // The one between is still good.
        report = Verdicts.hashReport(2, 1, leafOf(request, verdict));
        record(request, verdict, attestReport(2, report, SIGNERS));
        assertState(id, RequestState.Recorded);
    }

    function test_RevertGiven_ThereIsNoEpochYet() public {
        assent = deploy(4);
        commitAs(holder, ROOT, subject);
        publishAs(model);
        give();
        (request, id) = ask(0);
        Attestation memory attestation = Attestation(SignersLib.pack(0, 0), "");
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 0, 0));
        attestation.by = SignersLib.pack(type(uint32).max, 0); // one before it, were numbers to wrap
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, type(uint32).max, 0));
    }

    function test_WhenTheEpochIsOverButNotItsGrace() public {
        _askWithLongDeadline();
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        resignAs(0);
        rotateToNext();
        skip(EPOCH_GRACE);
        record(request, verdict, attestation);
        assertState(id, RequestState.Recorded);
        assertEq(earnedBy(1, SIGNERS), FEE, "earned in epoch 1");
        assertEq(earnedBy(2, SIGNERS), 0, "earned in epoch 2");
        assent.collect(assent.poolOf(1, SIGNERS, address(0)), 0);
        assertEq(balanceOf(operatorAt(0)), FEE / 3, "the operator that has resigned");
    }

    function test_RevertWhen_TheEpochIsStillToCome() public {
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(2, 1, leafOf(request, verdict)), SIGNERS);
        attestation.by = SignersLib.pack(2, SIGNERS);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 2, 1));
    }

    function test_RevertWhen_ThereAreTooFewSigners() public {
        _expectQuorumMismatch(0x5, 2, 3);
        _expectQuorumMismatch(0, 0, 3);
    }

    function test_RevertWhen_ThereAreTooManySigners() public {
        _expectQuorumMismatch(0xf, 4, 3);
    }

    function test_RevertWhen_TheSignersAreTheModelsQuorumButNoMajority() public {
        model.quorum = 2;
        giveFor("of two");
        (request, id) = ask(0);
        _expectQuorumMismatch(0x3, 2, 3);
        _expectQuorumMismatch(0xf, 4, 3);
        record(request, verdict, attest(request, verdict, 0xe));
        assertState(id, RequestState.Recorded);
    }

    function test_RevertWhen_TheSignersAreAMajorityButNotTheModelsQuorum() public {
        model.quorum = 4;
        giveFor("of four");
        (request, id) = ask(0);
        _expectQuorumMismatch(0x7, 3, 4);
        record(request, verdict, attest(request, verdict, 0xf));
        assertState(id, RequestState.Recorded);
    }

    function test_WhenCommitteesAndQuorumsAreAny() public {
        for (uint8 size = 3; size <= 7; ++size) {
            assent = deploy(size);
            formCommittee(size);
            commitAs(holder, ROOT, subject);
            for (uint8 quorum = 2; quorum <= size; ++quorum) {
                model.quorum = quorum;
                giveFor(abi.encode(quorum));
                _assertQuorum(size, quorum);
            }
        }
    }

    function test_RevertWhen_ASignerIsBeyondTheMembers() public {
        Attestation memory attestation = attest(request, verdict, 0x3);
        attestation.signatures = bytes.concat(attestation.signatures, signFor(_domain(), strangerKey, report));
        attestation.by = SignersLib.pack(1, 0x13);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 4));
        attestation.by = SignersLib.pack(1, 1 << 63 | 0x3);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 63));
        attestation.by = SignersLib.pack(1, 1 << 63 | 0x11); // the highest of two
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 63));
    }

    function test_RevertWhen_TheSignaturesAreOfAnotherLength() public {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        bytes memory signatures = attestation.signatures;
        _expectMalformed(attestation, "");
        _expectMalformed(attestation, slice(signatures, 0, 191));
        _expectMalformed(attestation, slice(signatures, 0, 128));
        _expectMalformed(attestation, bytes.concat(signatures, hex"00"));
        _expectMalformed(attestation, bytes.concat(signatures, slice(signatures, 0, 64)));
        bytes memory wide;
        for (uint256 i = 0; i < 3; ++i) {
            wide = bytes.concat(wide, expand(_signedBy(i)));
        }
        _expectMalformed(attestation, wide);
    }

    function test_RevertWhen_AStrangerSigned() public {
        Attestation memory attestation = _with(1, signFor(_domain(), strangerKey, report));
        _expectRevert(
            attestation, abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 1, stranger, members[1])
        );
    }

    function test_RevertWhen_AMemberSignedTwice() public {
        Attestation memory attestation = _with(2, _signedBy(0));
        _expectRevert(
            attestation, abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 2, members[0], members[2])
        );
    }

    function test_RevertWhen_TheSignaturesAreOutOfOrder() public {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        attestation.signatures = bytes.concat(_signedBy(1), _signedBy(0), _signedBy(2));
        _expectRevert(
            attestation, abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 0, members[1], members[0])
        );
    }

    function test_RevertWhen_ASignatureIsMalleated() public {
        _expectMismatch(_with(0, malleateCompact(_signedBy(0))));
        _expectMismatch(_with(1, flipV(_signedBy(1))));
    }

    /// @dev Recovers nobody, by an s that is too high, by a null one, and by an r that is no point's.
    function test_RevertWhen_ASignatureIsVoid() public {
        bytes memory reason = abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 2, address(0), members[2]);
        _expectRevert(_with(2, abi.encodePacked(uint256(1), ORDER / 2 + 1)), reason);
        _expectRevert(_with(2, new bytes(64)), reason);
        _expectRevert(_with(2, abi.encodePacked(type(uint256).max, uint256(1))), reason);
    }

    function test_RevertWhen_ItWasSignedForAnotherChain() public {
        _expectMismatch(_under(domainSeparator(block.chainid + 1, address(assent)), report));
    }

    function test_RevertWhen_ItWasSignedForAnotherContract() public {
        _expectMismatch(_under(domainSeparator(block.chainid, address(deploy(4))), report));
    }

    function test_RevertGiven_TheChainHasSplitOffSince() public {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        vm.chainId(block.chainid + 1);
        _expectMismatch(attestation);
    }

    /// @dev The members of epoch 1 would be paid for it.
    function test_RevertWhen_ThePresentMembersNameAnEpochThatIsOver() public {
        resignAs(0); // so that others stand at its places
        _askWithLongDeadline();
        rotateToNext();
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        attestation.by = SignersLib.pack(1, SIGNERS);
        _expectMismatch(attestation);
        skip(EPOCH_GRACE + 1);
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
    }

    function test_RevertWhen_AnEpochThatIsOverWasSigned() public {
        _askWithLongDeadline();
        rotateToNext();
        _expectMismatch(attestReport(2, Verdicts.hashReport(1, 1, leafOf(request, verdict)), SIGNERS));
    }

    /// @dev Operator 1 resigned; at its place stands operator 2 now.
    function test_RevertWhen_AFormerMemberSigned() public {
        resignAs(1);
        _askWithLongDeadline();
        rotateToNext();
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        bytes32 current = Verdicts.hashReport(2, 1, leafOf(request, verdict));
        bytes memory former = signFor(_domain(), keyOf[members[1]], current);
        bytes memory signatures = attestation.signatures;
        attestation.signatures = bytes.concat(slice(signatures, 0, 64), former, slice(signatures, 128, 192));
        _expectRevert(
            attestation, abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 1, members[1], members[2])
        );
    }

    function test_RevertWhen_AnotherVerdictWasSigned() public {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        verdict.outcome = inClear(0);
        _expectMismatch(attestation);
        verdict = defaultVerdict();
        verdict.score = inClear(scoreOf(verdict) - 1);
        _expectMismatch(attestation);
        verdict = defaultVerdict();
        verdict.trail = keccak256("another trail");
        _expectMismatch(attestation);
        // Not even where the slot has no room for the difference.
        verdict.trail = defaultVerdict().trail ^ bytes32(uint256(1));
        _expectMismatch(attestation);
    }

    function test_RevertWhen_AnotherRequestWasSigned() public {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        (request, id) = ask(1);
        _expectMismatch(attestation);

        // Nor can the same use of another agreement, equal but for its salt.
        agreement.source.salt = keccak256("another salt");
        give();
        (request, id) = ask(0);
        _expectMismatch(attestation);
    }

    function test_RevertWhen_AnotherCountWasSigned() public {
        _expectMismatch(_under(_domain(), Verdicts.hashReport(1, 2, leafOf(request, verdict))));
        _expectMismatch(_under(_domain(), Verdicts.hashReport(1, 0, leafOf(request, verdict))));
    }

    function testFuzz_WhenTheSignersAreAny(uint64 signers, uint8 quorum, bool few) public {
        model.quorum = uint8(bound(quorum, 2, 4));
        giveFor("another version's");
        (request, id) = ask(0);
        report = Verdicts.hashReport(1, 1, leafOf(request, verdict));
        if (few) signers = uint64(bound(signers, 0, 0x1f));
        uint256 given = _popCount(signers);
        // Signatures by the members, and by a stranger for each bit beyond them.
        Attestation memory attestation = attest(request, verdict, signers & 0xf);
        for (uint256 i = _popCount(signers & 0xf); i < given; ++i) {
            attestation.signatures = bytes.concat(attestation.signatures, signFor(_domain(), strangerKey, report));
        }
        attestation.by = SignersLib.pack(1, signers);
        bool sound = given == (model.quorum == 2 ? 3 : model.quorum) && signers >> 4 == 0;
        if (!sound) vm.expectRevert();
        record(request, verdict, attestation);
        assertState(id, sound ? RequestState.Recorded : RequestState.Requested);
        assertEq(earnedBy(1, signers), sound ? FEE : 0, "earned");
    }

    function testFuzz_RevertWhen_OneSignatureIsWrong(uint256 place, uint256 byte_, uint8 flip) public {
        vm.assume(flip != 0);
        place = bound(place, 0, 2);
        byte_ = bound(byte_, 0, 63);
        bytes memory signature = _signedBy(place);
        signature[byte_] ^= bytes1(flip);
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        for (uint256 i = 0; i < 64; ++i) {
            attestation.signatures[64 * place + i] = signature[i];
        }
        _expectMismatch(attestation);
    }

    function _askWithLongDeadline() private {
        Asked memory parts = asked(1);
        parts.deadline = latestDeadline();
        (request, id) = ask(Questions.pack(parts));
        report = Verdicts.hashReport(1, 1, leafOf(request, verdict));
    }

    function _deployWithShortEpochs() private {
        shortEpochs = true;
        assent = deploy(4);
        formCommittee(4);
        commitAs(holder, ROOT, subject);
        publishAs(model);
        give();
    }

    function committeeTerms(uint8 seats) internal view override returns (CommitteeTerms memory terms) {
        terms = super.committeeTerms(seats);
        if (shortEpochs) terms.epochLength = 1 minutes;
    }

    /// @dev Of this committee, each number of signers but one is refused.
    function _assertQuorum(uint256 size, uint256 quorum) private {
        (request, id) = ask(0);
        uint256 wanted = quorum;
        while (2 * wanted <= size) ++wanted;
        for (uint256 given = 0; given <= size; ++given) {
            if (given != wanted) _expectQuorumMismatch(uint64((1 << given) - 1), given, wanted);
        }
        record(request, verdict, attest(request, verdict, uint64((1 << wanted) - 1)));
        assertState(id, RequestState.Recorded);
    }

    function _expectQuorumMismatch(uint64 signers, uint256 given, uint256 wanted) private {
        bytes4 reason = IVerdictOracle.QuorumMismatch.selector;
        _expectRevert(attest(request, verdict, signers), abi.encodeWithSelector(reason, given, wanted));
    }

    function _domain() private view returns (bytes32) {
        return domainSeparator(block.chainid, address(assent));
    }

    function _signedBy(uint256 index) private view returns (bytes memory) {
        return signFor(_domain(), keyOf[members[index]], report);
    }

    function _under(bytes32 separator, bytes32 structHash) private view returns (Attestation memory) {
        return Attestation(byEpoch1(), signAsMembers(members, SIGNERS, separator, structHash));
    }

    /// @return attestation By the first three members, with another signature at one's place.
    function _with(uint256 place, bytes memory signature) private view returns (Attestation memory attestation) {
        attestation = Attestation(SignersLib.pack(1, SIGNERS), "");
        for (uint256 i = 0; i < 3; ++i) {
            attestation.signatures = bytes.concat(attestation.signatures, i == place ? signature : _signedBy(i));
        }
    }

    function _expectMalformed(Attestation memory attestation, bytes memory signatures) private {
        attestation.signatures = signatures;
        bytes4 reason = IVerdictOracle.SignaturesMalformed.selector;
        _expectRevert(attestation, abi.encodeWithSelector(reason, signatures.length, 192));
    }

    function _expectMismatch(Attestation memory attestation) private {
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        record(request, verdict, attestation);
        assertState(id, RequestState.Requested);
    }

    function _expectRevert(Attestation memory attestation, bytes memory reason) private {
        vm.expectRevert(reason);
        record(request, verdict, attestation);
        assertState(id, RequestState.Requested);
    }

    function _popCount(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
    }
}
