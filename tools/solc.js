#!/usr/bin/env node
// The one Solidity compiler of the project: the npm package `solc` (wasm) behind the native compiler's command line, so that both
// forge (`solc = "tools/solc.js"`) and py-solc-x (`solc_binary=`) use it. solcjs's own CLI rejects the options forge passes.
"use strict";
const fs = require("fs");
const solc = require("solc");

const args = process.argv.slice(2);
if (args.includes("--version")) {
  const version = solc.version().replace(/\.Emscripten.*$/, ".Emscripten.clang");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc.js: only --version and --standard-json (input on stdin) are supported\n");
  process.exit(2);
}
