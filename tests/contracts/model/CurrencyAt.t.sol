// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AssentTest } from "../base/AssentTest.sol";

contract CurrencyAtTest is AssentTest {
    function test_WhenTheIndexIsZero() public {
        assertEq(assent.currencyAt(0), address(0), "ether");
        _list(address(hasher));
        assertEq(assent.currencyAt(0), address(0), "still ether");
    }

    function test_GivenTokensWereListed() public {
        _list(address(hasher));
        _list(address(this));
        assertEq(assent.currencyAt(1), address(hasher), "the first");
        assertEq(assent.currencyAt(2), address(this), "the second");
    }

    function testFuzz_GivenNoTokenHasTheIndex(uint32 index) public {
        _list(address(hasher));
        vm.assume(index != 1);
        assertEq(assent.currencyAt(index), address(0), "none");
    }

    function _list(address token) private {
        model.currency = token;
        publishAs(model);
    }
}
