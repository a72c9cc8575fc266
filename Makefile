# Every target sets up what it needs. `make demo` and `make test` are all that a fresh machine needs to be told.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
FORGE   = $$($(PY) -m deploy.foundry forge)
# Each of these fills the machine by itself; all others run two at a time.
PROCESSES := tests/e2e tests/cluster tests/chaos
SOLIDITY := 'contracts/**/*.sol'

comma := ,

.PHONY: help setup demo life holdout test test-contracts test-python test-units test-processes lint fmt gas bench chaos compile deep prove mutants twelve slither clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: $(VENV)/.ready node_modules/.ready ## install everything, into .venv and node_modules

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo "setup: Python packages into $(VENV) (torch is large; some minutes the first time) …"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "setup: npm not found: install Node.js 20 or newer" >&2; exit 1; }
	@echo "setup: Foundry, solc and Solidity libraries into node_modules …"
	@npm ci --no-progress --loglevel=error
	@touch $@

demo: setup ## the whole story on a local chain, narrated; under two minutes
	@$(PY) -m deploy.demo

life: setup ## the whole life of an agreement, by the command line: given, used, withdrawn, erased, proven
	@$(PY) -m deploy.life

holdout: setup ## the 57 held-out cases through the whole system
	@$(PY) -m deploy.holdout

test: setup ## all tests: of the contracts beside those of Python and Anvil, then whole processes
	@echo "test: contracts, Python and Anvil, side by side (some minutes; each part's output comes when it ends) …"
	@$(MAKE) --jobs=2 --output-sync=target test-contracts test-units
	@$(MAKE) test-processes

test-contracts: setup ## those of the contracts (compiling takes some minutes the first time)
	@$(FORGE) test --isolate --gas-snapshot-check=true

test-python: test-units test-processes ## those of Python

test-units: setup
	@$(PY) -m pytest -n 2 --dist loadfile $(PROCESSES:%=--ignore=%)

test-processes: setup
	@echo "test: whole processes …"
	@$(PY) -m pytest $(PROCESSES)

deep: setup ## invariants, 1,000 runs of 500 calls: hours; or a part of them: RUNS=250 SEED=0x2
	@FOUNDRY_PROFILE=deep $(if $(RUNS),FOUNDRY_INVARIANT_RUNS=$(RUNS)) $(if $(SEED),FOUNDRY_FUZZ_SEED=$(SEED)) \
		$(FORGE) test --match-path 'tests/contracts/invariants/*'
	@echo "on contracts $$($(PY) tools/digest.py)$(if $(RUNS),$(comma) $(RUNS) runs)$(if $(SEED),$(comma) seed $(SEED))"

prove: setup build/halmos-env ## symbolic proofs of quorum, purposes, states and money, by Halmos; some minutes
	@PATH="$(CURDIR)/build/halmos-env/bin:$$(dirname $(FORGE)):$$PATH" FOUNDRY_PROFILE=prove \
		halmos --forge-build-out build/prove --loop 64 --solver-timeout-assertion 300s
	@echo "on contracts $$($(PY) tools/digest.py)"

build/halmos-env: tests/symbolic/requirements.txt
	@$(PYTHON) -m venv $@ && $@/bin/pip install -qq --disable-pip-version-check -r $<

mutants: setup ## mutation testing of quorum, consent, payment and judges, a sample: hours; or a part: SAMPLE=12 SEED=2
	@$(PY) tools/mutate.py --forge $(FORGE) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

twelve: setup ## a mutant for each statement about the committee, each killed by the test that it names; some minutes
	@$(PY) tools/twelve.py --forge $(FORGE)

slither: setup build/slither-env ## static analysis; fails at a finding of medium impact or more
	@PATH="$(CURDIR)/build/slither-env/bin:$$(dirname $(FORGE)):$$PATH" sh tools/slither/run.sh
	@echo "on contracts $$($(PY) tools/digest.py)"

build/slither-env: tools/slither/requirements.txt
	@$(PYTHON) -m venv $@ && $@/bin/pip install -qq --disable-pip-version-check -r $<

lint: setup ## formatting, style, types, floors
	@echo "lint: Solidity …"
	@$(FORGE) fmt --check
	@npx --no-install solhint --max-warnings 0 $(SOLIDITY)
	@echo "lint: Python …"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) tools/purposes.py --check
	@$(PY) tools/vectors.py --check
	@$(PY) tools/npm_package.py --check

fmt: setup ## format everything
	@$(FORGE) fmt
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

gas: setup ## gas of each operation, whole transactions, beside the goals and the peers
	@$(FORGE) test --isolate --match-path 'tests/contracts/*Gas.t.sol'
	@$(PY) tools/gas_table.py
	@git diff --stat -- tests/gas

bench: setup ## latency, throughput, catching up, memory; prints tables, writes bench/out; half an hour
	@$(PY) -m bench.latency
	@$(PY) -m bench.throughput
	@$(PY) -m bench.releases
	@$(PY) -m bench.catch_up
	@$(PY) -m bench.memory

chaos: setup ## every fault against real processes, accounted for request by request (ROUNDS=3, SEED=...)
	@$(PY) -m chaos --rounds $(or $(ROUNDS),3) $(if $(SEED),--seed $(SEED))
	@$(PY) -m chaos --operators 7 --peers --rounds 1 $(if $(SEED),--seed $(SEED))

compile: setup ## the artifact that the package ships
	@$(PY) -m deploy.compile

clean: ## remove what was built, keep what was installed
	rm -rf build .devnet
