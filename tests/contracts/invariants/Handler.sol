// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Statements } from "./Statements.sol";

/// @notice Everything that anyone does to the contract in the invariant tests, what is allowed and what isn't; and what must hold after it.
/// @dev Every action takes one seed, from which it draws all that it does.
contract Handler is Statements {
    constructor() {
        setUp();
        knowPeople();
        knowModels();
        knowCommittee();
    }

    /// @return The actions' names.
    function actions() public pure returns (string[] memory) {
        return vm.split(
            string.concat(
                "join joinWithAnothersAttester changeKeys addStake renewLease resign withdrawStake rotate wait ",
                "publish deprecate give giveAgain withdraw withdrawUngiven endOtherwise renew renewForbidden appoint ",
                "giveBroad adopt endBroad renewBroad ",
                "request requestBySig cancel requestForbidden requestBySigForbidden refuse expire ",
                "stand standUnderTwo standAgain openRound standAndOpen endStanding ",
                "record requestAndRecord recordForbidden changeMood retryCallback retryForbidden deliverFinal ",
                "recordMany recordManyForbidden anchor claim requestAndClaim claimForbidden anchorAhead claimAhead ",
                "deposit depositForbidden withdrawBalance collect settle ",
                "challenge recordAndChallenge judge challengeAndJudge judgeForbidden rule close withdrawCredit ",
                "punishConflict punishForbidden"
            ),
            " "
        );
    }

    function selectors() external pure returns (bytes4[] memory list) {
        string[] memory names = actions();
        list = new bytes4[](names.length);
        for (uint256 i = 0; i < names.length; ++i) {
            list[i] = bytes4(keccak256(bytes(string.concat(names[i], "(uint256)"))));
        }
    }
}
