// Written by tools/npm_package.py: don't edit.
import type { Deployment } from "./deployment.js";

/** Deployments on public networks, by chain id. Any other's file is read with `parseDeployment`. */
export const deployments: Readonly<Record<number, Deployment>> = {};
