// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";
import { console } from "forge-std/console.sol";

import { Handler } from "./Handler.sol";

/// @notice docs/invariants.md, one to one. `Statements` has what each of them says.
contract InvariantsTest is Test {
    Handler private handler;

    function setUp() public {
        handler = Handler(vm.deployCode("Handler.sol:Handler"));
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), handler.selectors()));
    }

    /// @dev One campaign for all: campaigns of one statement each would only take the same walks again, for the seed is fixed.
    function invariant_AllStatementsHold() public view {
        assertEq(handler.surprise(), "", "0: a call ended otherwise than expected");
        handler.noVerdictWithoutAgreement(); // 1
        handler.requestsAreAsTheLedgerHasThem(); // 2
        handler.moneyInIsMoneyOutAndWhatIsOwed(); // 3
        handler.theCommitteeHasWhatItOwes(); // C1, C9
        handler.casesAreAsTheLedgerHasThem(); // C3, C6
        handler.quorumIsReachable(); // 4
        handler.noVerdictBelowQuorum(); // 5
        handler.withdrawnNeverAuthorises(); // 6
        handler.attestersHaveOneOperator(); // 7
        handler.epochsNeverChange(); // 8
        handler.nobodyIsPaidTwice(); // 9
        handler.whoSignsCanBeSlashed(); // 10
        handler.roundsAreThoseOfTheSchedule(); // 11
        handler.adoptedIsEndedWithItsGround(); // 12
    }

    /// What one run did, at `forge test -vv`.
    function afterInvariant() public view {
        string[] memory names = handler.actions();
        for (uint256 i = 0; i < names.length; ++i) {
            console.log(names[i], handler.succeeded(names[i]), handler.refused(names[i]));
        }
    }
}
