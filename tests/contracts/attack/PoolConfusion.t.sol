// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Pool, Pools } from "../../../contracts/types/Pool.sol";
import { Attestation, Request, Verdicts } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "../treasury/Tokens.sol";

/// @notice Two kinds of pools had ids that were hashes of three words each, without a tag: (root, currency, quorum) and (epoch, signers,
/// currency). A majority that signed a report whose "root" was the number of an epoch, for the token whose index is the bitmap of its signers,
/// opened the pool into which ether fees of those signers go; and was paid in the token, out of a stranger's deposit.
abstract contract PoolConfusionBase is OracleTest {
    Token internal usd;
    address internal victim = makeAddr("victim");

    /// @dev Anyone lists tokens, by publishing models that are paid in them.
    function listUpTo(uint32 index) internal {
        for (uint256 i = 1; i < index; ++i) {
            _publishIn(new Token());
        }
        usd = new Token();
        _publishIn(usd);
        assertEq(assent.currencyAt(index), address(usd), "index");
        usd.mint(victim, 1_000_000e6);
        vm.startPrank(victim);
        usd.approve(address(assent), 1_000_000e6);
        assent.deposit(victim, address(usd), 1_000_000e6);
        vm.stopPrank();
    }

    function _publishIn(Token token) private {
        Model memory one = defaultModel(2);
        (one.files, one.currency) = (keccak256(abi.encode(token)), address(token));
        publishAs(one);
    }

    /// @dev A report whose root is a number.
    function expectNoPoolFor(uint256 root, uint64 signers) internal {
        uint32 epoch = assent.currentEpoch().number;
        Attestation memory attestation = attestReport(epoch, Verdicts.hashReport(epoch, 1, bytes32(root)), signers);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootMalformed.selector, bytes32(root)));
        assent.anchor(bytes32(root), 1, address(usd), 0, attestation);
    }

    /// @dev The fee for one verdict is ether, and what its signers get is no more.
    function expectEther(uint64 signers) internal {
        model.fee = 1e12;
        giveFor("cheap");
        (Request memory request,) = ask(0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), signers));
        PoolId pool = assent.poolOf(1, signers, address(0));
        assertEq(assent.poolInfo(pool).currency, 0, "the fee's currency");
        uint256 paid = 0;
        for (uint256 i = 0; i < 64; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            assent.collect(pool, i);
            assertEq(assent.balanceOf(operatorAt(i), address(usd)), 0, "an operator's tokens");
            vm.prank(operatorAt(i));
            paid += assent.withdrawBalance(address(0), operatorAt(i));
        }
        assertLe(paid, 1e12, "paid");
        vm.prank(victim);
        assertEq(assent.withdrawBalance(address(usd), victim), 1_000_000e6, "the victim's own");
    }
}

contract PoolConfusionTest is PoolConfusionBase {
    function test_AQuorumCannotStealTokens() public {
        listUpTo(7); // 7 = 0b111: members 0, 1, 2
        expectNoPoolFor(1, SIGNERS);
        expectEther(SIGNERS);
    }

    function test_AQuorumCannotTakeTheFeesOfEpochsToCome() public {
        listUpTo(7);
        expectNoPoolFor(2, SIGNERS);
        rotateToNext(); // epoch 2
        give();
        (Request memory request,) = ask(0);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        Pool memory info = assent.poolInfo(assent.poolOf(2, SIGNERS, address(0)));
        assertEq(abi.encode(info), abi.encode(Pool(2, SIGNERS, 0, FEE, uint40(vm.getBlockTimestamp()))));
    }

    /// @dev Also where a root is no small number: the pool that it opens has a kind of its own.
    function testFuzz_NoRootOpensAPoolOfSigners(bytes32 root, uint8 quorum) public {
        vm.assume(uint256(root) > type(uint160).max);
        listUpTo(1);
        quorum = uint8(bound(quorum, 0, 3));
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(1, 1, root), SIGNERS);
        assent.anchor(root, 1, address(usd), quorum, attestation);
        PoolId opened = Pools.id(root, 1, quorum);
        assertEq(assent.poolInfo(opened).currency, 1, "opened");
        assertEq(uint256(PoolId.unwrap(opened)) >> 248, 2, "kind");
        expectEther(SIGNERS);
    }

    /// @dev The ids of before: nobody can collect by them either.
    function test_AnIdWithoutAKindIsNone() public {
        give();
        askAndRecord(0, SIGNERS);
        PoolId untagged = PoolId.wrap(keccak256(abi.encode(uint256(1), uint256(SIGNERS), uint256(0))));
        vm.expectRevert(abi.encodeWithSelector(ITreasury.PoolUnknown.selector, untagged));
        assent.collect(untagged, 0);
    }
}

contract PoolConfusionOfSevenTest is PoolConfusionBase {
    function committeeSize() internal pure override returns (uint8) {
        return 7;
    }

    function modelQuorum() internal pure override returns (uint8) {
        return 3;
    }

    /// @dev Four of seven: more than half, no supermajority.
    function test_AMajorityCannotStealTokens() public {
        listUpTo(15);
        expectNoPoolFor(1, 0xf);
        expectEther(0xf);
    }
}
