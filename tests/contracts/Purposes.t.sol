// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Purposes } from "../../contracts/libraries/Purposes.sol";
import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import { Test } from "forge-std/Test.sol";

/// @dev The library behind a contract, so that gas is that of compiled-in use and code size can be seen.
contract PurposesCaller {
    function permits(uint8 purpose, uint256 agreed, uint256 prohibited)
        external
        view
        returns (bool answer, uint256 spent)
    {
        uint256 before = gasleft();
        answer = Purposes.permits(purpose, agreed, prohibited);
        spent = before - gasleft();
    }
}

/// @dev The same contract without the library.
contract EmptyCaller {
    function permits(uint8 purpose, uint256 agreed, uint256 prohibited)
        external
        view
        returns (bool answer, uint256 spent)
    {
        uint256 before = gasleft();
        answer = (agreed | prohibited | purpose) != 0;
        spent = before - gasleft();
    }
}

contract PurposesTest is Test {
    uint256 private constant GAS_BOUND = 700;
    uint256 private constant CODE_BOUND = 950;

    string private vectors;
    uint256[] private ancestors;
    uint256[] private descendants;

    function setUp() public {
        vectors = vm.readFile("tests/vectors/purposes.json");
        ancestors = vm.parseJsonUintArray(vectors, ".ancestorsOrSelf");
        descendants = vm.parseJsonUintArray(vectors, ".descendantsOrSelf");
    }

    function test_Constants_MatchTheVectors() public view {
        assertEq(Purposes.COUNT, vm.parseJsonUint(vectors, ".count"));
        assertEq(Purposes.COUNT, ancestors.length);
        assertEq(Purposes.COUNT, descendants.length);
        assertEq(Purposes.ALL, (1 << uint256(Purposes.COUNT)) - 1);
    }

    /// @dev Built from what the library itself answers, and the terms alone from the vectors.
    function test_Root_IsOverAllThatTheLibraryKnows() public {
        string[] memory terms = vm.parseJsonStringArray(vectors, ".terms");
        uint256[] memory leaves = new uint256[](terms.length);
        for (uint8 bit = 0; bit < terms.length; ++bit) {
            bytes memory leaf = abi.encode(bit, terms[bit], Purposes.ancestorsOrSelf(bit));
            leaves[bit] = uint256(keccak256(bytes.concat(keccak256(leaf))));
        }
        assertEq(_root(vm.sort(leaves)), Purposes.ROOT);
        assertEq(vm.parseJsonBytes32(vectors, ".vocabularyRoot"), Purposes.ROOT);
        assertEq(vm.parseJsonString(vectors, ".vocabulary"), Purposes.VOCABULARY);
    }

    /// @dev As OpenZeppelin's `StandardMerkleTree`: the sorted leaves stand last, in reverse.
    function _root(uint256[] memory sorted) private pure returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](2 * sorted.length - 1);
        for (uint256 i = 0; i < sorted.length; ++i) {
            nodes[nodes.length - 1 - i] = bytes32(sorted[i]);
        }
        for (uint256 i = sorted.length - 1; i > 0; --i) {
            nodes[i - 1] = Hashes.commutativeKeccak256(nodes[2 * i - 1], nodes[2 * i]);
        }
        return nodes[0];
    }

    function test_Relatives_MatchTheVectors_ForEveryPurpose() public view {
        for (uint8 purpose = 0; purpose < Purposes.COUNT; ++purpose) {
            (uint256 lineage, uint256 offspring) = Purposes.relatives(purpose);
            assertEq(lineage, ancestors[purpose]);
            assertEq(offspring, descendants[purpose]);
            assertEq(Purposes.ancestorsOrSelf(purpose), ancestors[purpose]);
            assertEq(Purposes.descendantsOrSelf(purpose), descendants[purpose]);
        }
    }

    function test_Relatives_AreNone_ForEveryOtherNumber() public pure {
        for (uint256 number = Purposes.COUNT; number <= type(uint8).max; ++number) {
            uint8 purpose = uint8(number);
            assertEq(Purposes.ancestorsOrSelf(purpose), 0);
            assertEq(Purposes.descendantsOrSelf(purpose), 0);
            assertFalse(Purposes.covers(purpose, type(uint256).max));
            assertFalse(Purposes.prohibits(purpose, type(uint256).max));
            assertFalse(Purposes.permits(purpose, type(uint256).max, 0));
        }
    }

    function test_EveryPair_IsCoveredOrProhibitedByOneBit_AsTheVectorsSay() public view {
        for (uint8 purpose = 0; purpose < Purposes.COUNT; ++purpose) {
            for (uint256 bit = 0; bit < Purposes.COUNT; ++bit) {
                bool above = (ancestors[purpose] >> bit) & 1 == 1;
                bool below = (descendants[purpose] >> bit) & 1 == 1;
                assertEq(Purposes.covers(purpose, 1 << bit), above);
                assertEq(Purposes.prohibits(purpose, 1 << bit), above || below);
            }
        }
    }

    function test_Permits_AnswersEveryCaseOfTheVectors() public view {
        string[] memory names = vm.parseJsonStringArray(vectors, ".caseNames");
        uint256[] memory purposes = vm.parseJsonUintArray(vectors, ".casePurposes");
        uint256[] memory agreed = vm.parseJsonUintArray(vectors, ".caseAgreed");
        uint256[] memory prohibited = vm.parseJsonUintArray(vectors, ".caseProhibited");
        bool[] memory permitted = vm.parseJsonBoolArray(vectors, ".casePermitted");
        assertGt(names.length, 0);
        for (uint256 i = 0; i < names.length; ++i) {
            assertEq(Purposes.permits(uint8(purposes[i]), agreed[i], prohibited[i]), permitted[i], names[i]);
        }
    }

    function testFuzz_Permits_MatchesTheReference(uint8 purpose, uint256 agreed, uint256 prohibited) public view {
        _assertAsReference(purpose, agreed, prohibited);
    }

    /// @dev Three random words in conjunction leave few bits, so that both answers are common.
    function testFuzz_Permits_MatchesTheReference_WhenMasksAreSparse(
        uint8 purpose,
        uint256[3] memory a,
        uint256[3] memory p
    ) public view {
        purpose = uint8(bound(purpose, 0, Purposes.COUNT - 1));
        _assertAsReference(purpose, (a[0] & a[1] & a[2]) | ancestors[purpose], p[0] & p[1] & p[2]);
        _assertAsReference(purpose, a[0] & a[1] & a[2], 0);
    }

    function testFuzz_Permits_IsFalse_WhenARelativeIsProhibited(uint8 purpose, uint256 prohibited) public view {
        purpose = uint8(bound(purpose, 0, Purposes.COUNT - 1));
        prohibited &= ancestors[purpose] | descendants[purpose];
        assertEq(Purposes.permits(purpose, Purposes.ALL, prohibited), prohibited == 0);
    }

    function testFuzz_Permits_IgnoresBitsThatAreNoPurposes(uint8 purpose, uint256 agreed, uint256 prohibited)
        public
        pure
    {
        bool answer = Purposes.permits(purpose, agreed, prohibited);
        assertEq(Purposes.permits(purpose, agreed & Purposes.ALL, prohibited & Purposes.ALL), answer);
    }

    function test_Permits_StaysWithinItsGas_ForEveryPurpose() public {
        PurposesCaller caller = new PurposesCaller();
        for (uint8 purpose = 0; purpose < Purposes.COUNT; ++purpose) {
            uint256 strangers = Purposes.ALL & ~(ancestors[purpose] | descendants[purpose]);
            (bool plain, uint256 spentPlain) = caller.permits(purpose, ancestors[purpose], 0);
            (bool barred, uint256 spentBarred) = caller.permits(purpose, ancestors[purpose], strangers);
            assertTrue(plain && barred);
            assertLe(spentPlain, GAS_BOUND);
            assertLe(spentBarred, GAS_BOUND);
        }
    }

    function test_Library_StaysWithinItsCodeSize() public {
        uint256 added = address(new PurposesCaller()).code.length - address(new EmptyCaller()).code.length;
        assertLe(added, CODE_BOUND);
    }

    function _assertAsReference(uint8 purpose, uint256 agreed, uint256 prohibited) private view {
        assertEq(Purposes.permits(purpose, agreed, prohibited), _reference(purpose, agreed, prohibited));
        bool both = Purposes.covers(purpose, agreed) && !Purposes.prohibits(purpose, prohibited);
        assertEq(Purposes.permits(purpose, agreed, prohibited), both);
    }

    /// @dev The rule, bit by bit, from the vectors' ancestors alone.
    function _reference(uint8 purpose, uint256 agreed, uint256 prohibited) private view returns (bool covered) {
        if (purpose >= ancestors.length) return false;
        for (uint256 other = 0; other < ancestors.length; ++other) {
            bool above = (ancestors[purpose] >> other) & 1 == 1;
            bool below = (ancestors[other] >> purpose) & 1 == 1;
            if ((above || below) && (prohibited >> other) & 1 == 1) return false;
            if (above && (agreed >> other) & 1 == 1) covered = true;
        }
    }
}
