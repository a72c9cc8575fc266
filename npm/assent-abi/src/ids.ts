/** Ids: each is the hash of what it names. */
import {
  type Address,
  type ContractFunctionArgs,
  concat,
  getAddress,
  type Hash,
  type Hex,
  hashStruct,
  hexToNumber,
  keccak256,
  numberToHex,
  slice,
  stringToBytes,
  toHex,
} from "viem";

import type { assentAbi } from "./abi.js";
import { agreementTypes } from "./typed.js";
import { unpackLimits, unpackScope } from "./words.js";

/** An agreement as `give` takes it. */
export type Agreement = ContractFunctionArgs<typeof assentAbi, "nonpayable", "give">[0];
/** Whose data an agreement is about, and what the subject was shown. */
export type Source = Agreement["source"];
/** What an agreement allows. */
export type Terms = Agreement["terms"];

/** Terms as they are signed: the scope's parts apart, for a wallet to show them. */
export type SignedTerms = Omit<Terms, "scope"> & {
  readonly steps: number;
  readonly modifiers: number;
  readonly place: number;
  readonly language: Hex;
  readonly erasure: boolean;
  readonly disclosure: number;
};

/** What an `AgreementGiven` event says: with its topics, all of the agreement. */
export type Given = Source &
  Pick<Agreement, "controller"> &
  Pick<Terms, "model" | "purposes" | "prohibited" | "scope"> & { readonly limits: bigint };

/** Returns the agreement that an `AgreementGiven` event tells of. */
export function givenAgreement(given: Given): Agreement {
  const { controller, subject, holder, root, notice, salt, model, purposes, prohibited, scope, limits } = given;
  const terms = { model, purposes, prohibited, scope, ...unpackLimits(limits) };
  return { controller, source: { subject, holder, root, notice, salt }, terms };
}

/**
 * Returns what stands in the terms in place of a model's id: all models of a publisher in one currency (its index; 0 is ether). Throws
 * RangeError for an index beyond 32 bits, and viem's error for what is no address.
 */
export function modelsBy(publisher: Address, currency = 0): Hash {
  if (!Number.isInteger(currency) || currency < 0 || currency >= 2 ** 32) throw new RangeError("currency doesn't fit 32 bits");
  return numberToHex((BigInt(currency) << 160n) | BigInt(getAddress(publisher)), { size: 32 });
}

/** Returns the publisher and the currency if terms are for a publisher's models, undefined if they name one model. */
export function publisherOf(model: Hash): { publisher: Address; currency: number } | undefined {
  if (BigInt(model) >> 192n !== 0n) return undefined;
  return { publisher: getAddress(slice(model, 12)), currency: hexToNumber(slice(model, 8, 12)) };
}

/** Returns terms as they are signed. Throws RangeError for a scope with a bit beyond its parts. */
export function signedTerms({ scope, ...terms }: Terms): SignedTerms {
  const { language, erasure, ...parts } = unpackScope(scope);
  return { ...terms, ...parts, language: toHex(language, { size: 2 }), erasure: erasure === 1 };
}

/** Returns an agreement as it is signed: what goes into a `Giving`. */
export function signedAgreement(agreement: Agreement): Omit<Agreement, "terms"> & { readonly terms: SignedTerms } {
  return { ...agreement, terms: signedTerms(agreement.terms) };
}

export function agreementId(agreement: Agreement): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Agreement", data: signedAgreement(agreement) });
}

/** The hash by which `request` names an agreement's source. */
export function sourceId(source: Source): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Source", data: source });
}

export function termsId(terms: Terms): Hash {
  return hashStruct({ types: agreementTypes, primaryType: "Terms", data: signedTerms(terms) });
}

/** Stands above the use in what a request's id is the hash of: the head of its type's hash. */
const useTag = slice(keccak256(stringToBytes("Use(bytes32 agreement,uint32 use)")), 0, 28);

/** A use of an agreement has one request, for ever. */
export function requestId(agreement: Hash, use: number): Hash {
  return keccak256(concat([agreement, useTag, numberToHex(use, { size: 4 })]));
}
