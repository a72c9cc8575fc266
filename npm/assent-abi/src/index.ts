export { assentAbi } from "./abi.js";
export { deployments } from "./addresses.js";
export { type Deployment, parseDeployment } from "./deployment.js";
export { Delivery, Finality, RequestState } from "./enums.js";
export { type Agreement, agreementId, requestId, type Source, sourceId, type Terms, termsId } from "./ids.js";
export { verdictReceiverAbi } from "./receiver.js";
export { agreementTypes, askingTypes, assentDomain, givingTypes, withdrawalTypes } from "./typed.js";
export { packQuestion, packQuote, type Question, type Quote, unpackQuestion, unpackQuote } from "./words.js";
