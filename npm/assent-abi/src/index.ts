export { assentAbi } from "./abi.js";
export { deployments } from "./addresses.js";
export { committeeAbi } from "./committee.js";
export { type Deployment, parseDeployment } from "./deployment.js";
export { AgreementState, Delivery, Disclosure, Finality, Phase, RequestState } from "./enums.js";
export {
  type Agreement,
  agreementId,
  type Given,
  givenAgreement,
  modelsBy,
  publisherOf,
  requestId,
  type SignedTerms,
  type Source,
  signedAgreement,
  signedTerms,
  sourceId,
  type Terms,
  termsId,
} from "./ids.js";
export { covers, ehdsProhibited, type Mismatch, mismatch, modifiers, permissions, prohibits } from "./matching.js";
export { verdictReceiverAbi } from "./receiver.js";
export { recordsAbi } from "./records.js";
export {
  agreementTypes,
  askingTypes,
  assentDomain,
  givingManyTypes,
  givingTypes,
  renewalTypes,
  withdrawalOfManyTypes,
  withdrawalTypes,
} from "./typed.js";
export { VOCABULARY, VOCABULARY_ROOT } from "./vocabulary.js";
export {
  type Limits,
  packQuestion,
  packQuote,
  packScope,
  packSigners,
  type Question,
  type Quote,
  type Scope,
  type Signers,
  type Summary,
  unpackLimits,
  unpackQuestion,
  unpackQuote,
  unpackScope,
  unpackSigners,
  unpackSummary,
} from "./words.js";
