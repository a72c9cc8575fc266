// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RequestIdTest is AssentTest {
    function testFuzz_WhenAgreementAndUseAreAny(bytes32 agreed, uint32 use) public view {
        RequestId id = assent.requestId(AgreementId.wrap(agreed), use);
        assertEq(RequestId.unwrap(id), keccak256(abi.encode(agreed, uint256(use))));
    }

    function testFuzz_WhenAgreementOrUseDiffer(bytes32 agreed, uint32 use, bytes32 other, uint32 otherUse) public view {
        vm.assume(agreed != other || use != otherUse);
        RequestId id = assent.requestId(AgreementId.wrap(agreed), use);
        assertFalse(id == assent.requestId(AgreementId.wrap(other), otherUse));
    }
}
