// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RequestIdTest is AssentTest {
    function testFuzz_WhenAgreementAndUseAreAny(bytes32 agreed, uint32 use) public view {
        RequestId id = assent.requestId(AgreementId.wrap(agreed), use);
        bytes28 tag = bytes28(keccak256("Use(bytes32 agreement,uint32 use)"));
        assertEq(RequestId.unwrap(id), keccak256(abi.encodePacked(agreed, tag, use)));
    }

    function testFuzz_WhenAgreementOrUseDiffer(bytes32 agreed, uint32 use, bytes32 other, uint32 otherUse) public view {
        vm.assume(agreed != other || use != otherUse);
        RequestId id = assent.requestId(AgreementId.wrap(agreed), use);
        assertFalse(id == assent.requestId(AgreementId.wrap(other), otherUse));
    }
}
