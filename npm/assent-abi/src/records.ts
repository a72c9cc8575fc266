// Written by tools/npm_package.py: don't edit.

/** Commitments to records, and what is said of erasures, at `records` of a deployment, and what it reverts with. */
export const recordsAbi = [
  {"inputs": [{"name": "id", "type": "bytes32"}], "name": "AgreementInForce", "type": "error"},
  {"inputs": [{"name": "id", "type": "bytes32"}], "name": "RecordExists", "type": "error"},
  {"inputs": [{"name": "term", "type": "string"}], "name": "RecordMalformed", "type": "error"},
  {"inputs": [{"name": "id", "type": "bytes32"}], "name": "RecordNotCommitted", "type": "error"},
  {"inputs": [{"name": "deadline", "type": "uint256"}, {"name": "timestamp", "type": "uint256"}], "name": "SignatureDeadlinePassed", "type": "error"},
  {"inputs": [{"name": "signer", "type": "address"}], "name": "SignatureInvalid", "type": "error"},
  {"anonymous": false, "inputs": [{"indexed": true, "name": "id", "type": "bytes32"}, {"indexed": true, "name": "by", "type": "address"}, {"indexed": false, "name": "evidence", "type": "bytes32"}], "name": "Erased", "type": "event"},
  {"anonymous": false, "inputs": [{"indexed": true, "name": "holder", "type": "address"}, {"indexed": true, "name": "number", "type": "uint256"}, {"indexed": false, "name": "digest", "type": "bytes32"}], "name": "LogAnchored", "type": "event"},
  {"anonymous": false, "inputs": [{"indexed": true, "name": "id", "type": "bytes32"}, {"indexed": true, "name": "holder", "type": "address"}, {"indexed": true, "name": "subject", "type": "address"}, {"indexed": false, "name": "root", "type": "bytes32"}, {"indexed": false, "name": "vault", "type": "string"}], "name": "RecordCommitted", "type": "event"},
  {"anonymous": false, "inputs": [{"indexed": true, "name": "id", "type": "bytes32"}, {"indexed": true, "name": "holder", "type": "address"}], "name": "RecordRetired", "type": "event"},
  {"inputs": [{"name": "number", "type": "uint256"}, {"name": "digest", "type": "bytes32"}], "name": "anchorLog", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
  {"inputs": [{"name": "id", "type": "bytes32"}, {"name": "evidence", "type": "bytes32"}], "name": "attestErasure", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
  {"inputs": [{"name": "id", "type": "bytes32"}, {"name": "by", "type": "address"}, {"name": "evidence", "type": "bytes32"}, {"name": "deadline", "type": "uint256"}, {"name": "signature", "type": "bytes"}], "name": "attestErasureBySig", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
  {"inputs": [{"name": "root", "type": "bytes32"}, {"name": "subject", "type": "address"}, {"name": "vault", "type": "string"}], "name": "commit", "outputs": [{"name": "id", "type": "bytes32"}], "stateMutability": "nonpayable", "type": "function"},
  {"inputs": [], "name": "core", "outputs": [{"name": "", "type": "address"}], "stateMutability": "view", "type": "function"},
  {"inputs": [], "name": "eip712Domain", "outputs": [{"name": "fields", "type": "bytes1"}, {"name": "name", "type": "string"}, {"name": "version", "type": "string"}, {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}, {"name": "salt", "type": "bytes32"}, {"name": "extensions", "type": "uint256[]"}], "stateMutability": "view", "type": "function"},
  {"inputs": [{"name": "id", "type": "bytes32"}], "name": "recordStatus", "outputs": [{"components": [{"name": "state", "type": "uint8"}, {"name": "since", "type": "uint40"}, {"name": "subject", "type": "address"}], "name": "", "type": "tuple"}], "stateMutability": "view", "type": "function"},
  {"inputs": [{"name": "root", "type": "bytes32"}, {"name": "subject", "type": "address"}], "name": "retire", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
] as const;
