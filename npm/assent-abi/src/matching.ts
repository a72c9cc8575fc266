/** Whether terms admit a question: the rule of the contract's `check`, for who asks before asking. */
import type { Terms } from "./ids.js";
import { ANCESTORS, DESCENDANTS, EHDS_PROHIBITED, MODIFIERS, PERMISSIONS } from "./vocabulary.js";
import { type Question, unpackScope } from "./words.js";

/** DUO's modifiers by shorthand: the bit of each. */
export const modifiers: Readonly<Record<string, number>> = MODIFIERS;
/** DUO's permissions by shorthand: the mask of DPV purposes that stand for each. */
export const permissions: Readonly<Record<string, bigint>> = PERMISSIONS;
/** The DPV purposes that the European Health Data Space forbids for secondary use (Regulation (EU) 2025/327, Art. 54). */
export const ehdsProhibited: bigint = EHDS_PROHIBITED;

/** What of a question the terms don't admit, by the name of the contract's error. */
export type Mismatch =
  | "AgreementNotYetValid"
  | "AgreementExpired"
  | "PurposeProhibited"
  | "PurposeNotAgreed"
  | "StepNotAgreed"
  | "DisclosureNotAgreed"
  | "ModifiersUnmet"
  | "PlaceNotAgreed"
  | "UsesSpent";

/** Whether the purpose, by its bit, or a broader one is agreed to. */
export function covers(purpose: number, agreed: bigint): boolean {
  return ((ANCESTORS[purpose] ?? 0n) & agreed) !== 0n;
}

/** Whether the purpose, a broader one or a narrower one is prohibited. */
export function prohibits(purpose: number, prohibited: bigint): boolean {
  return (((ANCESTORS[purpose] ?? 0n) | (DESCENDANTS[purpose] ?? 0n)) & prohibited) !== 0n;
}

/**
 * Returns what keeps the terms from admitting a question at a time (Unix seconds), or undefined if they do. `validUntil` is the end that the
 * agreement was renewed to; without one the terms' counts.
 */
export function mismatch(
  terms: Terms,
  question: Question,
  timestamp: number,
  validUntil: number = terms.validUntil,
): Mismatch | undefined {
  const scope = unpackScope(terms.scope);
  if (timestamp < terms.validFrom) return "AgreementNotYetValid";
  if (timestamp >= validUntil) return "AgreementExpired";
  if (prohibits(question.purpose, terms.prohibited)) return "PurposeProhibited";
  if (!covers(question.purpose, terms.purposes)) return "PurposeNotAgreed";
  if (((BigInt(scope.steps) >> BigInt(question.step)) & 1n) === 0n) return "StepNotAgreed";
  if (question.disclosure > scope.disclosure) return "DisclosureNotAgreed";
  if ((BigInt(scope.modifiers) & ~BigInt(question.modifiers)) !== 0n) return "ModifiersUnmet";
  if (scope.place !== 0 && scope.place !== question.place) return "PlaceNotAgreed";
  return question.use < terms.uses ? undefined : "UsesSpent";
}
