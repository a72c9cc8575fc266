// Writes tests/vectors/merkle.json with OpenZeppelin's own tree: roots and proofs that oracle.core.merkle must reproduce.
import { writeFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const types = ["bytes32", "bytes32", "uint8", "uint32", "bytes32"];
const word = (n) => "0x" + n.toString(16).padStart(64, "0");
const trees = [1, 2, 3, 5, 8, 33].map((size) => {
  const leaves = Array.from({ length: size }, (_, i) => [word(i + 1), word(1000 + i), i % 2, i * 1001, word(7 * i + 3)]);
  const tree = StandardMerkleTree.of(leaves, types);
  return { leaves, root: tree.root, proofs: leaves.map((_, i) => tree.getProof(i)) };
});
writeFileSync(new URL("../tests/vectors/merkle.json", import.meta.url), JSON.stringify({ types, trees }, null, 1) + "\n");
