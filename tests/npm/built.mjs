// The package as built, found by its own name, so through its exports.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const inside = createRequire(new URL("../../build/npm/assent-abi/", import.meta.url));
export default await import(pathToFileURL(inside.resolve("assent-abi")).href);
