import { type Address, getAddress, type Hash, isHash } from "viem";

/** Where Assent is on one chain. */
export interface Deployment {
  readonly chainId: number;
  /** Assent itself: agreements, requests, verdicts and their money. */
  readonly contract: Address;
  /** Operators, stakes, and cases of challenged verdicts. */
  readonly committee: Address;
  /** Commitments to records, and what is said of erasures. */
  readonly records: Address;
  /** The first block with a contract of it: there are no events before. */
  readonly block: bigint;
  /** Ids of models by name. */
  readonly models: Readonly<Record<string, Hash>>;
}

/**
 * Reads the content of a deployment's file, `deploy/deployments/<chain id>.json`, as `make demo` or `python -m deploy.deploy` writes it.
 * Throws TypeError or viem's InvalidAddressError when it isn't one.
 */
export function parseDeployment(json: string): Deployment {
  const { chainId, contract, committee, records, block, models = {} } = JSON.parse(json) as Record<string, unknown>;
  if (!isNatural(chainId) || !isNatural(block)) throw new TypeError("chainId and block must be numbers");
  if (typeof contract !== "string" || typeof committee !== "string" || typeof records !== "string") {
    throw new TypeError("contract, committee and records must be addresses");
  }
  if (!isModels(models)) throw new TypeError("models must map names to ids");
  const addresses = { contract: getAddress(contract), committee: getAddress(committee), records: getAddress(records) };
  return { chainId, ...addresses, block: BigInt(block), models };
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isModels(value: unknown): value is Record<string, Hash> {
  return typeof value === "object" && value !== null && Object.values(value).every((id) => isHash(id));
}
