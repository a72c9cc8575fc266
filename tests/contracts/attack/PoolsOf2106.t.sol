// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "../treasury/Tokens.sol";

/// @notice A pool kept its time in 32 bits: from 2106 on every anchored root would have been too old to claim from.
contract PoolsOf2106Test is OracleTest {
    function test_WhatIsAnchoredAfter2106CanBeClaimed() public {
        vm.warp(uint256(type(uint32).max) + 10);
        agreement.terms.validUntil = uint40(vm.getBlockTimestamp() + 1 days);
        give();
        Asked memory parts = asked(0);
        parts.delivery = Delivery.Anchored;
        (Request memory request,) = ask(Questions.pack(parts));
        Answer[] memory answers = new Answer[](1);
        answers[0] = Answer(request, defaultVerdict());
        bytes32 root = anchor(answers, SIGNERS);
        uint40 since = assent.poolInfo(assent.poolOfRoot(root, address(0), model.quorum)).since;
        assertEq(since, vm.getBlockTimestamp(), "since");
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        assertState(idOf(request), RequestState.Recorded);
    }

    /// @dev The room that the time has now was the currencies': their indices end sooner, and the registry says so before one runs over.
    function test_NoCurrencyIsListedThatAPoolHasNoRoomFor() public {
        bytes32 slot = _slotOfTheCount();
        uint256 word = uint256(vm.load(address(assent), slot));
        uint256 rest = word >> 32 << 32;
        vm.store(address(assent), slot, bytes32(rest | (Pools.MAX_CURRENCY - 1)));
        model.currency = address(new Token());
        (model.files, modelId) = ("the last token's", publishAs(model));
        assertEq(assent.currencyAt(Pools.MAX_CURRENCY), model.currency, "the last");
        (model.files, model.currency) = ("the last token's again", address(new Token()));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CurrenciesFull.selector, Pools.MAX_CURRENCY));
        publishAs(model);
        model.currency = assent.currencyAt(Pools.MAX_CURRENCY);
        publishAs(model); // in one that is listed
    }

    /// @dev That which changes when a first token is listed, and is no mapping's.
    function _slotOfTheCount() private returns (bytes32) {
        model.currency = address(new Token());
        vm.record();
        publishAs(model);
        (, bytes32[] memory writes) = vm.accesses(address(assent));
        for (uint256 i = 0; i < writes.length; ++i) {
            if (uint256(writes[i]) < 100 && uint32(uint256(vm.load(address(assent), writes[i]))) == 1) {
                return writes[i];
            }
        }
        revert("no count");
    }
}
