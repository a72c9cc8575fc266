import { type Address, getAddress, type Hash, isHash } from "viem";

/** Where Assent is on one chain. */
export interface Deployment {
  readonly chainId: number;
  readonly contract: Address;
  /** The block that it was deployed in: there are no events before. */
  readonly block: bigint;
  /** Ids of models by name. */
  readonly models: Readonly<Record<string, Hash>>;
}

/**
 * Reads the content of a deployment's file, `deploy/deployments/<chain id>.json`, as `make demo` or `python -m deploy.deploy` writes it.
 * Throws TypeError or viem's InvalidAddressError when it isn't one.
 */
export function parseDeployment(json: string): Deployment {
  const { chainId, contract, block, models = {} } = JSON.parse(json) as Record<string, unknown>;
  if (!isNatural(chainId) || !isNatural(block)) throw new TypeError("chainId and block must be numbers");
  if (typeof contract !== "string") throw new TypeError("contract must be an address");
  if (!isModels(models)) throw new TypeError("models must map names to ids");
  return { chainId, contract: getAddress(contract), block: BigInt(block), models };
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isModels(value: unknown): value is Record<string, Hash> {
  return typeof value === "object" && value !== null && Object.values(value).every((id) => isHash(id));
}
