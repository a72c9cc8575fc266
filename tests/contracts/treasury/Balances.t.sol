// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Pool } from "../../../contracts/types/Pool.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "./Tokens.sol";

/// @notice What can be looked up of balances and pools, and that the parts of what a controller pays add up.
contract BalancesTest is OracleTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    function test_RevertWhen_TheCurrencyIsUnknown() public {
        address token = address(new Token());
        bytes memory reason = abi.encodeWithSelector(IModelRegistry.CurrencyUnknown.selector, token);
        vm.expectRevert(reason);
        assent.balanceOf(stranger, token);
        vm.expectRevert(reason);
        assent.poolOf(1, SIGNERS, token);
        vm.expectRevert(reason);
        assent.poolOfRoot(keccak256("root"), token, 3);
    }

    function test_GivenNothingWasEarned() public view {
        PoolId pool = assent.poolOf(1, SIGNERS, address(0));
        assertEq(abi.encode(assent.poolInfo(pool)), abi.encode(Pool(0, 0, 0, 0, 0)));
    }

    function test_GivenAReportWasRecorded() public {
        useToken(address(new Token()));
        (Request memory request,) = askFromBalance(defaultQuestion(0));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 0xe));
        PoolId pool = assent.poolOf(1, 0xe, model.currency);
        assertEq(abi.encode(assent.poolInfo(pool)), abi.encode(Pool(1, 0xe, 1, uint96(FEE), uint32(START))));
    }

    /// @dev Roots that are small numbers are no hashes of reports.
    function testFuzz_WhenThePoolsAreOfAnyEpochsSignersCurrenciesRootsAndQuorums(
        uint32[2] memory epochs,
        uint64[2] memory signers,
        uint8[2] memory quorums,
        bytes32 root
    ) public {
        vm.assume(uint256(root) > type(uint32).max);
        useToken(address(new Token()));
        PoolId first = assent.poolOf(epochs[0], signers[0], address(0));
        bool same = epochs[0] == epochs[1] && signers[0] == signers[1];
        _assertSame(first, assent.poolOf(epochs[1], signers[1], address(0)), same);
        _assertSame(first, assent.poolOf(epochs[0], signers[0], model.currency), false);
        _assertSame(first, assent.poolOfRoot(root, address(0), quorums[0]), false);
        PoolId second = assent.poolOfRoot(root, address(0), quorums[0]);
        _assertSame(second, assent.poolOfRoot(root, address(0), quorums[1]), quorums[0] == quorums[1]);
        _assertSame(second, assent.poolOfRoot(root, model.currency, quorums[0]), false);
        _assertSame(second, assent.poolOfRoot(~root, address(0), quorums[0]), false);
    }

    /// @dev Everybody takes everything that is theirs out of the contract, after some verdicts and again after one more.
    function testFuzz_WhenAVerdictsMoneyIsSplitAnyWay(uint64 fee, uint64 price, uint16 royalty, uint8 count, bool four)
        public
    {
        (model.fee, model.royalty) = (fee, uint16(bound(royalty, 0, 5000)));
        (agreement.terms.price, model.quorum) = (price, four ? 4 : 3);
        useToken(address(new Token()));
        count = uint8(bound(count, 1, 5));
        for (uint32 use = 0; use < count; ++use) {
            _askAndRecord(use);
        }
        _assertSplit(count);
        _askAndRecord(count);
        _assertSplit(uint256(count) + 1);
    }

    function _askAndRecord(uint32 use) private {
        (Request memory request,) = askFromBalance(defaultQuestion(use));
        uint64 signers = model.quorum == 4 ? 0xf : SIGNERS;
        record(request, defaultVerdict(), attest(request, defaultVerdict(), signers));
    }

    function _assertSplit(uint256 verdicts) private {
        uint256 part = uint256(model.fee) * model.royalty / 10_000;
        if (model.royalty != 0 || agreement.terms.price != 0) assent.settle(agreement, model);
        assertEq(_takeOut(subject), agreement.terms.price * verdicts, "subject");
        assertEq(_takeOut(publisher), part * verdicts, "publisher");
        uint256 operators = (model.fee - part) * verdicts;
        PoolId pool = assent.poolOf(1, model.quorum == 4 ? 0xf : SIGNERS, model.currency);
        for (uint256 i = 0; i < model.quorum; ++i) {
            try assent.collect(pool, i) { } catch { } // of less than a wei each
            assertEq(_takeOut(operatorAt(i)), operators / model.quorum, "operator");
        }
        uint256 left = Token(model.currency).balanceOf(address(assent));
        assertEq(left, operators % model.quorum, "left");
    }

    /// @return All that the account has taken out by now.
    function _takeOut(address account) private returns (uint256) {
        if (balanceOf(account) != 0) {
            vm.prank(account);
            assent.withdrawBalance(model.currency, account);
        }
        return Token(model.currency).balanceOf(account);
    }

    function _assertSame(PoolId a, PoolId b, bool same) private pure {
        assertEq(PoolId.unwrap(a) == PoolId.unwrap(b), same, "id");
    }
}
