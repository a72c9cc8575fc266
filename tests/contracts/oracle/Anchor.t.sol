// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Pool } from "../../../contracts/types/Pool.sol";
import { Delivery } from "../../../contracts/types/Question.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Answer, Attestation, RequestState } from "../../../contracts/types/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract AnchorTest is OracleTest {
    Answer[] private answers;
    bytes32 private root;

    function setUp() public override {
        super.setUp();
        give();
        store(answers, askMany(0, 3, Delivery.Anchored));
        root = rootOf(answers);
    }

    function test_RevertWhen_TheCurrencyIsUnknown() public {
        model.currency = address(new Token());
        _expectRevert(abi.encodeWithSelector(IModelRegistry.CurrencyUnknown.selector, model.currency), SIGNERS);
    }

    function test_GivenTheRootWasAnchored_RevertWhen_ByTheSameSigners() public {
        _anchor(SIGNERS);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootExists.selector, root), SIGNERS);
    }

    function test_GivenTheRootWasAnchored_RevertWhen_ByOthers() public {
        _anchor(SIGNERS);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootExists.selector, root), 0xe);
        assertEq(assent.poolInfo(_pool()).signers, SIGNERS, "signers");
    }

    function test_GivenTheRootWasAnchored_RevertWhen_WithVerdictsClaimedSince() public {
        _anchor(SIGNERS);
        assent.claim(answers[0].request, answers[0].verdict, proofOf(answers, 0));
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootExists.selector, root), 0xe);
        assertEq(assent.poolInfo(_pool()).earned, FEE, "earned");
    }

    function test_GivenTheRootWasAnchoredForAnotherCurrency() public {
        _anchor(SIGNERS);
        useToken(address(new Token()));
        _expectAnchored(0xe);
        assertEq(
            abi.encode(assent.poolInfo(_pool())),
            abi.encode(Pool(1, 0xe, 1, 0, uint32(vm.getBlockTimestamp()))),
            "in tokens"
        );
    }

    function test_GivenTheRootWasAnchoredForAnotherQuorum() public {
        _anchor(SIGNERS);
        model.quorum = 4;
        _expectAnchored(0xf);
        assertEq(
            abi.encode(assent.poolInfo(_pool())),
            abi.encode(Pool(1, 0xf, 0, 0, uint32(vm.getBlockTimestamp()))),
            "of four"
        );
    }

    function test_RevertWhen_TheSignersAreNotJustTheQuorum() public {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 2, 3), 0x3);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 4, 3), 0xf);
    }

    function test_WhenTheQuorumNamedIsBelowAMajority() public {
        for (uint8 quorum = 0; quorum < 3; ++quorum) {
            model.quorum = quorum;
            _expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 2, 3), 0x3);
            _expectAnchored(SIGNERS);
        }
    }

    function testFuzz_RevertWhen_TheQuorumNamedIsBeyondTheCommittee(uint8 quorum) public {
        model.quorum = uint8(bound(quorum, 5, 255));
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 4, model.quorum), 0xf);
    }

    /// @dev No hash is that small, but an epoch's number is.
    function testFuzz_RevertWhen_TheRootIsANumber(uint160 number) public {
        root = bytes32(uint256(number));
        Attestation memory attestation = attestTree(3, root, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootMalformed.selector, root));
        assent.anchor(root, 3, address(0), 3, attestation);
    }

    function test_RevertWhen_TheReportIsOfNoVerdict() public {
        Attestation memory attestation = attestTree(0, root, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.ReportSize.selector, 0, type(uint32).max));
        assent.anchor(root, 0, address(0), 3, attestation);
    }

    function test_RevertWhen_AnotherRootWasSigned() public {
        Attestation memory attestation = attestTree(3, keccak256("another root"), SIGNERS);
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        assent.anchor(root, 3, address(0), 3, attestation);
    }

    function test_RevertWhen_AnotherCountWasSigned() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        assent.anchor(root, 4, address(0), 3, attestation);
    }

    function test_RevertWhen_TheEpochIsOverAndItsGraceToo() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
        assent.anchor(root, 3, address(0), 3, attestation);
    }

    /// @dev They would be in the pool's slot, where a currency and a time stand.
    function test_RevertWhen_ABitIsBeyondTheSigners() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        for (uint256 bit = SignersLib.BITS; bit < 256; ++bit) {
            attestation.by = Signers.wrap(Signers.unwrap(byEpoch1()) | 1 << bit);
            uint256 given = 1 | 1 << (bit - 64);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, given, 1));
            assent.anchor(root, 3, address(0), 3, attestation);
        }
        assertEq(assent.poolInfo(_pool()).epoch, 0, "no pool");
    }

    function test_WhenTheEpochIsOverButNotItsGrace() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        rotateToNext();
        skip(EPOCH_GRACE);
        assent.anchor(root, 3, address(0), 3, attestation);
        assertEq(
            abi.encode(assent.poolInfo(_pool())), abi.encode(Pool(1, SIGNERS, 0, 0, uint32(vm.getBlockTimestamp())))
        );
    }

    function test_WhenAQuorumSigned() public {
        assertEq(abi.encode(assent.poolInfo(_pool())), abi.encode(Pool(0, 0, 0, 0, 0)), "before");
        _expectAnchored(0xb);
        assertEq(
            abi.encode(assent.poolInfo(_pool())),
            abi.encode(Pool(1, 0xb, 0, 0, uint32(vm.getBlockTimestamp()))),
            "after"
        );
        assertEq(earnedBy(1, 0xb), 0, "earned");
        for (uint256 i = 0; i < answers.length; ++i) {
            assertState(idOf(answers[i].request), RequestState.Requested);
        }
    }

    function _pool() private view returns (PoolId) {
        return assent.poolOfRoot(root, model.currency, model.quorum);
    }

    function _anchor(uint64 signers) private {
        assertEq(anchor(answers, signers), root, "root");
    }

    function _expectAnchored(uint64 signers) private {
        Attestation memory attestation = attestMany(answers, signers);
        PoolId pool = _pool();
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Anchored(root, pool, 3);
        assent.anchor(root, 3, model.currency, model.quorum, attestation);
    }

    function _expectRevert(bytes memory reason, uint64 signers) private {
        Attestation memory attestation = attestMany(answers, signers);
        vm.expectRevert(reason);
        assent.anchor(root, 3, model.currency, model.quorum, attestation);
    }
}
