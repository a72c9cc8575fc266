// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice What `record` asks of the signatures; the rest of record.tree is in `Record.t.sol`.
contract RecordSignaturesTest is AssentTest {
    Request private request;
    RequestId private id;
    Verdict private verdict;
    bytes32 private report;
    address[] private members;

    function setUp() public override {
        super.setUp();
        give();
        (request, id) = ask(0);
        verdict = defaultVerdict();
        report = Verdicts.hashReport(1, 1, leafOf(request, verdict));
        members = assent.membersOf(1);
    }

    function test_RevertWhen_TheEpochIsOver() public {
        Attestation memory attestation = attest(request, verdict, 0xf);
        rotateToNext(); // the request is still open
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
    }

    function test_RevertWhen_TheEpochIsStillToCome() public {
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(2, 1, leafOf(request, verdict)), 0xf);
        attestation.epoch = 2;
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 2, 1));
    }

    function test_RevertWhen_ThereAreTooFewSigners() public {
        _expectRevert(
            attest(request, verdict, 0x5), abi.encodeWithSelector(IVerdictOracle.QuorumNotReached.selector, 2, 3)
        );
        _expectRevert(
            attest(request, verdict, 0), abi.encodeWithSelector(IVerdictOracle.QuorumNotReached.selector, 0, 3)
        );
    }

    function test_RevertWhen_ASignerIsBeyondTheMembers() public {
        Attestation memory attestation = attest(request, verdict, 0x3);
        attestation.signatures = bytes.concat(attestation.signatures, signFor(_domain(), strangerKey, report));
        attestation.signers = 0x13;
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 4));
        attestation.signers = 1 << 255 | 0x3;
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, 255));
    }

    function test_RevertWhen_TheSignaturesAreOfAnotherLength() public {
        Attestation memory attestation = attest(request, verdict, 0x7);
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
        Attestation memory attestation = attest(request, verdict, 0x7);
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
        Attestation memory attestation = attest(request, verdict, 0xf);
        vm.chainId(block.chainid + 1);
        _expectMismatch(attestation);
    }

    /// @dev The members of epoch 1 would be paid for it.
    function test_RevertWhen_ThePresentMembersNameAnEpochThatIsOver() public {
        rotateToNext();
        Attestation memory attestation = attest(request, verdict, 0xf);
        attestation.epoch = 1;
        _expectRevert(attestation, abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
    }

    function test_RevertWhen_AnEpochThatIsOverWasSigned() public {
        rotateToNext();
        _expectMismatch(attestReport(2, Verdicts.hashReport(1, 1, leafOf(request, verdict)), 0xf));
    }

    /// @dev Operator 1 resigned; at its place stands operator 3 now.
    function test_RevertWhen_AFormerMemberSigned() public {
        resignAs(1);
        rotateToNext();
        Attestation memory attestation = attest(request, verdict, 0x7);
        bytes32 current = Verdicts.hashReport(2, 1, leafOf(request, verdict));
        bytes memory former = signFor(_domain(), keyOf[members[1]], current);
        bytes memory signatures = attestation.signatures;
        attestation.signatures = bytes.concat(slice(signatures, 0, 64), former, slice(signatures, 128, 192));
        _expectRevert(
            attestation, abi.encodeWithSelector(IVerdictOracle.SignerMismatch.selector, 1, members[1], members[3])
        );
    }

    function test_RevertWhen_AnotherVerdictWasSigned() public {
        Attestation memory attestation = attest(request, verdict, 0xf);
        verdict.outcome = 0;
        _expectMismatch(attestation);
        verdict = defaultVerdict();
        verdict.score -= 1;
        _expectMismatch(attestation);
        verdict = defaultVerdict();
        verdict.trail = keccak256("another trail");
        _expectMismatch(attestation);
        // Not even where the slot has no room for the difference.
        verdict.trail = defaultVerdict().trail ^ bytes32(uint256(1));
        _expectMismatch(attestation);
    }

    function test_RevertWhen_AnotherRequestWasSigned() public {
        Attestation memory attestation = attest(request, verdict, 0xf);
        (request, id) = ask(1);
        _expectMismatch(attestation);

        // Nor can the same use of another agreement, equal but for its salt.
        agreement.salt = keccak256("another salt");
        give();
        (request, id) = ask(0);
        _expectMismatch(attestation);
    }

    function test_RevertWhen_AnotherCountWasSigned() public {
        _expectMismatch(_under(_domain(), Verdicts.hashReport(1, 2, leafOf(request, verdict))));
        _expectMismatch(_under(_domain(), Verdicts.hashReport(1, 0, leafOf(request, verdict))));
    }

    function testFuzz_WhenTheSignersAreAny(uint256 signers, bool few) public {
        if (few) signers = bound(signers, 0, 0x1f);
        uint256 given = _popCount(signers);
        // Signatures by the members, and by a stranger for each bit beyond them.
        Attestation memory attestation = attest(request, verdict, signers & 0xf);
        for (uint256 i = _popCount(signers & 0xf); i < given; ++i) {
            attestation.signatures = bytes.concat(attestation.signatures, signFor(_domain(), strangerKey, report));
        }
        attestation.signers = signers;
        bool sound = given >= 3 && signers >> 4 == 0;
        if (!sound) vm.expectRevert();
        record(request, verdict, attestation);
        assertState(id, sound ? RequestState.Recorded : RequestState.Requested);
        assertEq(assent.earnedBy(1, signers), sound ? FEE : 0, "earned");
    }

    function testFuzz_RevertWhen_OneSignatureIsWrong(uint256 place, uint256 byte_, uint8 flip) public {
        vm.assume(flip != 0);
        place = bound(place, 0, 3);
        byte_ = bound(byte_, 0, 63);
        bytes memory signature = _signedBy(place);
        signature[byte_] ^= bytes1(flip);
        Attestation memory attestation = attest(request, verdict, 0xf);
        for (uint256 i = 0; i < 64; ++i) {
            attestation.signatures[64 * place + i] = signature[i];
        }
        _expectMismatch(attestation);
    }

    function _domain() private view returns (bytes32) {
        return domainSeparator(block.chainid, address(assent));
    }

    function _signedBy(uint256 index) private view returns (bytes memory) {
        return signFor(_domain(), keyOf[members[index]], report);
    }

    function _under(bytes32 separator, bytes32 structHash) private view returns (Attestation memory) {
        return Attestation(1, 0xf, signAsMembers(members, 0xf, separator, structHash));
    }

    /// @return attestation By the first three members, with another signature at one's place.
    function _with(uint256 place, bytes memory signature) private view returns (Attestation memory attestation) {
        attestation = Attestation(1, 0x7, "");
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
