/** What is signed off chain (EIP-712): pass `types` and the domain to viem's `signTypedData`. */
import type { Address, TypedDataDomain } from "viem";

/** The domain of one of a deployment's contracts: of `contract` for all that subjects and controllers sign. */
export function assentDomain(chainId: number, contract: Address): TypedDataDomain {
  return { name: "Assent", version: "1", chainId, verifyingContract: contract };
}

export const agreementTypes = {
  Agreement: [
    { name: "controller", type: "address" },
    { name: "source", type: "Source" },
    { name: "terms", type: "Terms" },
  ],
  Source: [
    { name: "subject", type: "address" },
    { name: "holder", type: "address" },
    { name: "root", type: "bytes32" },
    { name: "notice", type: "bytes32" },
    { name: "salt", type: "bytes32" },
  ],
  Terms: [
    { name: "model", type: "bytes32" },
    { name: "purposes", type: "uint256" },
    { name: "prohibited", type: "uint256" },
    { name: "steps", type: "uint8" },
    { name: "modifiers", type: "uint32" },
    { name: "place", type: "uint16" },
    { name: "language", type: "bytes2" },
    { name: "erasure", type: "bool" },
    { name: "disclosure", type: "uint8" },
    { name: "validFrom", type: "uint40" },
    { name: "validUntil", type: "uint40" },
    { name: "uses", type: "uint32" },
    { name: "price", type: "uint96" },
  ],
} as const;

/** `Giving`: the subject, for `giveBySig`. */
export const givingTypes = {
  Giving: [
    { name: "agreement", type: "Agreement" },
    { name: "deadline", type: "uint256" },
  ],
  ...agreementTypes,
} as const;

/** `Withdrawal`: the subject, for `withdrawBySig`. `agreement` is the id. */
export const withdrawalTypes = {
  Withdrawal: [
    { name: "agreement", type: "bytes32" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** `GivingMany`: the subject, for `giveManyBySig`. */
export const givingManyTypes = {
  GivingMany: [
    { name: "agreements", type: "Agreement[]" },
    { name: "deadline", type: "uint256" },
  ],
  ...agreementTypes,
} as const;

/** `WithdrawalOfMany`: the subject, for `withdrawManyBySig`. `agreements` are ids. */
export const withdrawalOfManyTypes = {
  WithdrawalOfMany: [
    { name: "agreements", type: "bytes32[]" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** `Renewal`: the subject, for `renewBySig`. `agreement` is the id. */
export const renewalTypes = {
  Renewal: [
    { name: "agreement", type: "bytes32" },
    { name: "validUntil", type: "uint40" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** `Asking`: the controller, for `requestBySig`. `agreement` is the id; the question's parts are apart, for a wallet to show them. */
export const askingTypes = {
  Asking: [
    { name: "agreement", type: "bytes32" },
    { name: "use", type: "uint32" },
    { name: "deadline", type: "uint40" },
    { name: "purpose", type: "uint8" },
    { name: "step", type: "uint8" },
    { name: "callback", type: "uint16" },
    { name: "delivery", type: "uint8" },
    { name: "disclosure", type: "uint8" },
    { name: "modifiers", type: "uint32" },
    { name: "place", type: "uint16" },
    { name: "tip", type: "uint96" },
  ],
} as const;
