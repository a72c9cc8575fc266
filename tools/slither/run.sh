#!/bin/sh
# Slither over all of Assent in one contract (Whole.sol), with the project's own compiler, fast profile. Fails at a finding of medium impact or
# more. slither and forge must be on PATH. What is suppressed, and why: docs/testing.md.
set -eu
cd "$(dirname "$0")/../.."
export FOUNDRY_SRC=tools/slither FOUNDRY_OUT=build/slither FOUNDRY_CACHE_PATH=build/slither-cache
export FOUNDRY_VIA_IR=false FOUNDRY_OPTIMIZER=false FOUNDRY_IGNORED_ERROR_CODES='[4591,5574,3860]'
exec slither . --config-file slither.config.json "$@"
