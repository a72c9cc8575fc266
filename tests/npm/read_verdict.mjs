// Reads a verdict with viem and prints it: node read_verdict.mjs <rpc url> <deployment's file> <agreement id> <use> <record id>
import { readFileSync } from "node:fs";
import { createPublicClient, http } from "viem";

import assent from "./built.mjs";

const [url, file, agreementId, use] = process.argv.slice(2);
const { contract: address, committee, records, block: fromBlock, models } = assent.parseDeployment(readFileSync(file, "utf8"));
const client = createPublicClient({ transport: http(url) });
const at = { address, abi: assent.assentAbi };

const id = assent.requestId(agreementId, Number(use));
const [given] = await client.getContractEvents({ ...at, eventName: "AgreementGiven", args: { id: agreementId }, fromBlock });
const agreement = assent.givenAgreement(given.args);
const [recorded] = await client.getContractEvents({ ...at, eventName: "Recorded", args: { id }, fromBlock });
const { RequestState, Finality, Delivery, Disclosure, Phase } = assent;
const judges = { address: committee, abi: assent.committeeAbi };
const found = {
  id,
  agreement: assent.agreementId(agreement),
  verdict: await client.readContract({ ...at, functionName: "verdictOf", args: [id] }),
  quote: assent.unpackQuote(await client.readContract({ ...at, functionName: "quote", args: [agreement.terms] })),
  recorded: { id: recorded.args.id, trail: recorded.args.trail, ...assent.unpackSummary(recorded.args.summary) },
  terms: await client.readContract({ ...judges, functionName: "terms" }),
  case: await client.readContract({ ...judges, functionName: "caseOf", args: [id] }),
  record: await client.readContract({
    address: records,
    abi: assent.recordsAbi,
    functionName: "recordStatus",
    args: [process.argv[6]],
  }),
  models,
  enums: { RequestState, Finality, Delivery, Disclosure, Phase },
};
console.log(JSON.stringify(found, (_, value) => (typeof value === "bigint" ? String(value) : value)));
