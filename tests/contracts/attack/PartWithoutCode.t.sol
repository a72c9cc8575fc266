// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Delegating } from "../../../contracts/base/Delegating.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Receiver } from "../oracle/Receivers.sol";

/// @notice A call to where there is no code succeeds. A part was accepted that isn't there: then every withdrawal in a subject's stead, every
/// renewal, every invalidation "succeeded", and did nothing. In the same way a verdict was delivered to nobody, and nobody could deliver it again.
contract PartWithoutCodeTest is OracleTest {
    address private nowhere = makeAddr("nowhere");

    function test_NoPartIsTakenForOneThatIsNotThere() public {
        _expectRefused("AssentRequests.sol:AssentRequests", abi.encode(nowhere, committee));
        _expectRefused("Assent.sol:Assent", abi.encode(nowhere, committee));
    }

    /// @dev Who makes it asks the committee for its terms: where none is, that fails.
    function test_NothingIsBuiltOnACommitteeThatIsNotThere() public {
        assertEq(_create("Assent.sol:Assent", abi.encode(assent.requests(), nowhere)), address(0), "core");
        bytes memory arguments = abi.encode(assent.agreements(), nowhere);
        assertEq(_create("AssentRequests.sol:AssentRequests", arguments), address(0), "requests");
        arguments = abi.encode(nowhere, records);
        assertEq(_create("AssentAgreements.sol:AssentAgreements", arguments), address(0), "agreements");
    }

    /// @dev A wallet can be a controller before it is deployed. Its verdict waits for it.
    function test_AReceiverThatIsNotThereYetIsToldLater() public {
        agreement.controller = nowhere;
        vm.deal(nowhere, 1 ether);
        give();
        Asked memory parts = asked(0);
        parts.callback = 200;
        (Request memory request,) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        assertState(idOf(request), RequestState.Recorded);
        assertTrue(assent.verdictOf(idOf(request)).undelivered, "told nobody");

        vm.etch(nowhere, address(new Receiver(assent)).code);
        assent.retryCallback(recordingOf(idOf(request)));
        assertFalse(assent.verdictOf(idOf(request)).undelivered, "told");
        assertEq(Receiver(payable(nowhere)).told(), 1, "times");
    }

    function _expectRefused(string memory name, bytes memory arguments) private {
        bytes memory code = bytes.concat(vm.getCode(name), arguments);
        address built;
        bytes memory reason;
        assembly ("memory-safe") {
            built := create(0, add(code, 0x20), mload(code))
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, add(reason, 0x100))
        }
        assertEq(built, address(0), "built");
        assertEq(reason, abi.encodeWithSelector(Delegating.PartWithoutCode.selector, nowhere), "reason");
    }

    function _create(string memory name, bytes memory arguments) private returns (address built) {
        bytes memory code = bytes.concat(vm.getCode(name), arguments);
        assembly ("memory-safe") {
            built := create(0, add(code, 0x20), mload(code))
        }
    }
}
