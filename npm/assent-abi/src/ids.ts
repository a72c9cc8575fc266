/** Ids: each is the hash of what it names. */
import { type ContractFunctionArgs, encodeAbiParameters, type Hash, hashStruct, keccak256 } from "viem";

import type { assentAbi } from "./abi.js";
import { agreementTypes } from "./typed.js";

/** An agreement as `give` takes it. */
export type Agreement = ContractFunctionArgs<typeof assentAbi, "nonpayable", "give">[0];
/** Whose data an agreement is about, and what the subject was shown. */
export type Source = Agreement["source"];
/** What an agreement allows. */
export type Terms = Agreement["terms"];

export function agreementId(agreement: Agreement): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Agreement", data: agreement });
}

/** The hash by which `request` names an agreement's source. */
export function sourceId(source: Source): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Source", data: source });
}

export function termsId(terms: Terms): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Terms", data: terms });
}

/** A use of an agreement has one request, for ever. */
export function requestId(agreement: Hash, use: number): Hash {
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint32" }], [agreement, use]));
}
