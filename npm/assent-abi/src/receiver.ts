// Written by tools/npm_package.py: don't edit.

/** What a contract has that is called with its verdicts. */
export const verdictReceiverAbi = [
  {"inputs": [{"name": "id", "type": "bytes32"}, {"name": "state", "type": "uint8"}], "name": "onSealed", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
  {"inputs": [{"name": "id", "type": "bytes32"}, {"name": "state", "type": "uint8"}, {"name": "outcome", "type": "uint8"}, {"name": "score", "type": "uint32"}], "name": "onVerdict", "outputs": [], "stateMutability": "nonpayable", "type": "function"},
] as const;
