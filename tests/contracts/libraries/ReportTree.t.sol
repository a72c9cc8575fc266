// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Arrays } from "@openzeppelin/contracts/utils/Arrays.sol";
import { MerkleProof } from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import { Test } from "forge-std/Test.sol";
import { MerkleTreeLib } from "solady/utils/MerkleTreeLib.sol";

import { ReportTree } from "../../../contracts/libraries/ReportTree.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";

/// @dev The library behind a contract, for proofs are calldata; and OpenZeppelin's own check of them.
contract TreeCaller {
    function root(bytes32[] memory leaves) external pure returns (bytes32) {
        return ReportTree.root(leaves);
    }

    function climb(bytes32 leaf, bytes32[] calldata proof) external pure returns (bytes32) {
        return ReportTree.climb(leaf, proof);
    }

    function process(bytes32 leaf, bytes32[] calldata proof) external pure returns (bytes32) {
        return MerkleProof.processProofCalldata(proof, leaf);
    }

    function verify(bytes32[] calldata proof, bytes32 root_, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root_, leaf);
    }

    /// @return Whether the leaves are after it what they were before.
    function leavesLeavesAlone(bytes32[] memory leaves) external pure returns (bool) {
        bytes32 digest = keccak256(abi.encode(leaves));
        bytes32 first = ReportTree.root(leaves);
        return first == ReportTree.root(leaves) && keccak256(abi.encode(leaves)) == digest;
    }

    function leafOf(bytes32 id, bytes32 committed, Verdict calldata verdict) external pure returns (bytes32) {
        return Verdicts.leaf(RequestId.wrap(id), committed, verdict);
    }
}

/// @notice The report's tree is `StandardMerkleTree` of @openzeppelin/merkle-tree: roots and proofs that the package made are in
/// tests/vectors/merkle.json, and sizes that it has no tree of go by a plain version that is held to the same vectors.
contract ReportTreeTest is Test {
    uint256 private constant MOST = 33;

    TreeCaller private caller;
    string private json;

    function setUp() public {
        caller = new TreeCaller();
        json = vm.readFile("tests/vectors/merkle.json");
    }

    // Against the package

    function test_Root_IsThePackages() public view {
        uint256 count = _treeCount();
        assertGt(count, 0, "trees");
        for (uint256 i = 0; i < count; ++i) {
            bytes32[] memory leaves = _sorted(_leavesOf(i));
            bytes32 wanted = vm.parseJsonBytes32(json, string.concat(_path(i), ".root"));
            assertEq(caller.root(leaves), wanted, _path(i));
            assertEq(_tree(leaves)[0], wanted, "the plain version");
        }
    }

    function test_Climb_LeadsToThePackagesRoot_FromEveryLeaf() public view {
        for (uint256 i = 0; i < _treeCount(); ++i) {
            bytes32[] memory leaves = _leavesOf(i);
            bytes32 root = vm.parseJsonBytes32(json, string.concat(_path(i), ".root"));
            for (uint256 j = 0; j < leaves.length; ++j) {
                bytes32[] memory proof = _proofOf(i, j);
                assertEq(caller.climb(leaves[j], proof), root, string.concat(_path(i), _index(j)));
                assertEq(_proof(_tree(_sorted(leaves)), leaves[j]), proof, "the plain version");
            }
        }
    }

    /// @dev One leaf: the root is the leaf, so that a report of one verdict is its leaf.
    function test_Root_OfOneLeaf_IsTheLeaf() public view {
        bytes32[] memory leaves = _leaves(1, 0);
        assertEq(caller.root(leaves), leaves[0]);
        assertEq(caller.climb(leaves[0], new bytes32[](0)), leaves[0]);
    }

    // Against the plain version

    function test_Root_IsThatOfThePlainVersion_ForEverySize() public view {
        for (uint256 size = 1; size <= MOST; ++size) {
            _assertTree(_leaves(size, 0));
        }
    }

    function testFuzz_Root_IsThatOfThePlainVersion(uint256 size, uint256 seed) public view {
        _assertTree(_leaves(bound(size, 1, 300), seed));
    }

    /// @dev The library asks for no order: whoever signs, signs the order's root.
    function testFuzz_Root_IsThatOfThePlainVersion_InAnyOrder(bytes32[] memory leaves) public view {
        vm.assume(leaves.length != 0);
        assertEq(caller.root(leaves), _tree(leaves)[0]);
    }

    function testFuzz_Root_IsAnother_InAnotherOrder(uint256 size, uint256 seed, uint256 a, uint256 b) public view {
        size = bound(size, 3, MOST);
        bytes32[] memory leaves = _leaves(size, seed);
        bytes32 root = caller.root(leaves);
        bytes32[] memory tree = _tree(leaves);
        (a, b) = (a % size, b % size);
        // Two that are hashed with each other may change places: pairs are sorted.
        vm.assume(a != b && !_areSiblings(2 * size - 2 - a, 2 * size - 2 - b));
        (leaves[a], leaves[b]) = (leaves[b], leaves[a]);
        assertEq(caller.root(leaves), _tree(leaves)[0], "as the plain version");
        assertNotEq(caller.root(leaves), root, "another root");
        assertEq(tree[0], root, "the tree of before");
    }

    function testFuzz_Root_LeavesLeavesAlone(uint256 size, uint256 seed) public view {
        assertTrue(caller.leavesLeavesAlone(_leaves(bound(size, 1, MOST), seed)));
    }

    function test_Root_OfNoLeaf_Reverts() public {
        vm.expectRevert(MerkleTreeLib.MerkleTreeLeavesEmpty.selector);
        caller.root(new bytes32[](0));
    }

    /// @dev Whether or not it proves anything. A sibling that equals the node is neither smaller nor larger.
    function testFuzz_Climb_LeadsWhereOpenZeppelinsDoes(bytes32 leaf, bytes32[] memory proof) public view {
        assertEq(caller.climb(leaf, proof), caller.process(leaf, proof));
        if (proof.length == 0) return;
        proof[0] = leaf;
        assertEq(caller.climb(leaf, proof), caller.process(leaf, proof));
    }

    // Proofs that don't prove

    function testFuzz_Climb_LeadsElsewhere_IfTheProofIsAltered(
        uint256 size,
        uint256 which,
        uint256 node,
        bytes32 change
    ) public view {
        vm.assume(change != 0);
        bytes32[] memory leaves = _leaves(bound(size, 2, MOST), 0);
        bytes32 leaf = leaves[which % leaves.length];
        bytes32[] memory tree = _tree(leaves);
        bytes32[] memory proof = _proof(tree, leaf);
        proof[node % proof.length] ^= change;
        _assertElsewhere(leaf, proof, tree[0]);
    }

    function testFuzz_Climb_LeadsElsewhere_IfTheProofIsShorterOrLonger(uint256 size, uint256 which, bytes32 more)
        public
        view
    {
        bytes32[] memory leaves = _leaves(bound(size, 2, MOST), 0);
        bytes32 leaf = leaves[which % leaves.length];
        bytes32[] memory tree = _tree(leaves);
        bytes32[] memory proof = _proof(tree, leaf);
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; ++i) {
            longer[i] = proof[i];
        }
        longer[proof.length] = more;
        _assertElsewhere(leaf, longer, tree[0]);
        bytes32[] memory shorter = new bytes32[](proof.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = proof[i];
        }
        _assertElsewhere(leaf, shorter, tree[0]);
    }

    /// @dev An inner node has its own shorter proof; that it is no leaf is for the leaf's double hash to see to.
    function testFuzz_Climb_LeadsElsewhere_FromAStranger(uint256 size, uint256 which, bytes32 stranger) public view {
        bytes32[] memory leaves = _leaves(bound(size, 2, MOST), 0);
        bytes32 leaf = leaves[which % leaves.length];
        vm.assume(stranger != leaf);
        bytes32[] memory tree = _tree(leaves);
        _assertElsewhere(stranger, _proof(tree, leaf), tree[0]);
    }

    // Internals

    function _assertElsewhere(bytes32 leaf, bytes32[] memory proof, bytes32 root) private view {
        assertNotEq(caller.climb(leaf, proof), root);
        assertFalse(caller.verify(proof, root, leaf), "OpenZeppelin's");
    }

    function _assertTree(bytes32[] memory leaves) private view {
        bytes32[] memory tree = _tree(leaves);
        bytes32 root = caller.root(leaves);
        assertEq(root, tree[0], vm.toString(leaves.length));
        for (uint256 i = 0; i < leaves.length; i += 1 + leaves.length / MOST) {
            bytes32[] memory proof = _proof(tree, leaves[i]);
            assertEq(caller.climb(leaves[i], proof), root, "climb");
            assertTrue(caller.verify(proof, root, leaves[i]), "OpenZeppelin's");
        }
    }

    /// @return tree All 2n - 1 nodes, as the package keeps them: the leaves in reverse at the end, node i over 2i + 1 and 2i + 2.
    function _tree(bytes32[] memory leaves) private pure returns (bytes32[] memory tree) {
        uint256 size = 2 * leaves.length - 1;
        tree = new bytes32[](size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            tree[size - 1 - i] = leaves[i];
        }
        for (uint256 i = size - leaves.length; i != 0; --i) {
            (bytes32 a, bytes32 b) = (tree[2 * i - 1], tree[2 * i]);
            tree[i - 1] = a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
        }
    }

    /// @return proof The siblings on the way up, of the first node that is this leaf.
    function _proof(bytes32[] memory tree, bytes32 leaf) private pure returns (bytes32[] memory proof) {
        uint256 place = tree.length;
        while (tree[place - 1] != leaf) {
            --place;
        }
        uint256 length = 0;
        for (uint256 node = place - 1; node != 0; node = (node - 1) / 2) {
            ++length;
        }
        proof = new bytes32[](length);
        uint256 next = place - 1;
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = tree[next % 2 == 1 ? next + 1 : next - 1];
            next = (next - 1) / 2;
        }
    }

    function _areSiblings(uint256 a, uint256 b) private pure returns (bool) {
        return (a - 1) / 2 == (b - 1) / 2;
    }

    /// @return leaves Some, in ascending order.
    function _leaves(uint256 size, uint256 seed) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
        return _sorted(leaves);
    }

    function _sorted(bytes32[] memory leaves) private pure returns (bytes32[] memory) {
        bytes32[] memory copy = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            copy[i] = leaves[i];
        }
        return Arrays.sort(copy); // in place
    }

    // The package's trees

    function _treeCount() private view returns (uint256 count) {
        while (vm.keyExistsJson(json, _path(count))) ++count;
    }

    function _leavesOf(uint256 tree) private view returns (bytes32[] memory leaves) {
        string memory path = string.concat(_path(tree), ".leaves");
        uint256 count = 0;
        while (vm.keyExistsJson(json, string.concat(path, _index(count)))) ++count;
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = _leafAt(string.concat(path, _index(i)));
        }
    }

    function _leafAt(string memory path) private view returns (bytes32) {
        Verdict memory verdict = verdictOf({
            outcome: vm.parseJsonUint(json, string.concat(path, _index(2))),
            score: vm.parseJsonUint(json, string.concat(path, _index(3))),
            trail: vm.parseJsonBytes32(json, string.concat(path, _index(4)))
        });
        bytes32 id = vm.parseJsonBytes32(json, string.concat(path, _index(0)));
        return caller.leafOf(id, vm.parseJsonBytes32(json, string.concat(path, _index(1))), verdict);
    }

    function _proofOf(uint256 tree, uint256 leaf) private view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(json, string.concat(_path(tree), ".proofs", _index(leaf)));
    }

    function _path(uint256 tree) private pure returns (string memory) {
        return string.concat(".trees", _index(tree));
    }

    function _index(uint256 i) private pure returns (string memory) {
        return string.concat("[", vm.toString(i), "]");
    }
}
