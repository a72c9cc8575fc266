// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract VocabularyTest is ConsentTest {
    function test_TellsTheNameAndTheRootOfTheVocabularyCompiledIn() public view {
        (string memory name, bytes32 root) = assent.vocabulary();
        assertEq(name, "W3C DPV 2.3");
        assertEq(root, Purposes.ROOT);
    }
}
