# reels: `make` lists the targets, `make demo` runs it, `make test` proves it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
APP := frontend/flutter_app
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/installed: requirements.lock pyproject.toml frontend/flutter_app/pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e . -e frontend/flutter_app
	@touch $@

.PHONY: setup
setup: .venv/installed ## create .venv with the locked packages

.PHONY: demo
demo: setup ## the whole system on this machine: stores, catalogue, models, API and app at one printed address
	@exec $(BIN)/reels demo

.PHONY: test
test: test-app test-engine test-fuzz test-faults ## the whole test suite, with coverage

.PHONY: test-engine
test-engine: setup ## the tests of the engine, against real stores
	$(BIN)/pytest -n auto --dist loadgroup --cov --cov-report=term:skip-covered --ignore=tests/faults --ignore=tests/fuzz

.PHONY: test-fuzz
test-fuzz: setup ## made-up requests and bytes: 20,000 to the API, as many to each parser; without coverage, for speed
	$(BIN)/pytest -n auto --dist loadgroup tests/fuzz

FUZZ_SEED ?= $(shell date +%Y%m%d)
FUZZ_SECONDS ?= 300
FUZZ_TIMES ?= 10

.PHONY: fuzz
fuzz: setup ## the same for an hour or two, with today's seed; the result goes to tests/fuzz/last_run.json
	$(BIN)/pytest -n auto --dist loadgroup tests/fuzz --fuzz-times $(FUZZ_TIMES) --fuzz-seed $(FUZZ_SEED)
	$(BIN)/python -m tests.fuzz.campaign --times $(FUZZ_TIMES) --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

.PHONY: test-faults
test-faults: setup ## kill, stop, slow down and fill what the system runs on, under viewers (alone: it measures time)
	$(BIN)/pytest -n0 tests/faults

.PHONY: faults
faults: setup ## the same with longer faults; writes the table of docs/reliability.md
	REELS_FAULTS=long REELS_FAULTS_TABLE=docs/reliability.md $(BIN)/pytest -n0 tests/faults

.PHONY: load
load: setup ## 10 minutes of viewers at 70% of capacity, then three times too many (let the machine be idle)
	$(BIN)/python -m benchmarks.load

.PHONY: test-app
test-app: setup ## the tests of the app, in a real browser against the real system
	cd $(APP) && ../../$(BIN)/pytest -n auto --dist loadgroup

.PHONY: bench
bench: setup ## measure on this machine (some minutes, let it be idle); results go to benchmarks/results/
	$(BIN)/python benchmarks/sample_feed.py
	$(BIN)/python benchmarks/stores.py
	$(BIN)/python benchmarks/films.py
	$(BIN)/python benchmarks/telemetry.py
	$(BIN)/python benchmarks/ui.py
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.performance datasets

.PHONY: bench-feed
bench-feed: setup ## pages and events by clients, rates, catalogue, history: make bench-feed DATA="data/10k data/100k data/1m"
	$(BIN)/python -m benchmarks.performance $(DATA)

.PHONY: notebooks
notebooks: setup ## run the notebooks and keep what they show (a slice of ../shared/data where it is there)
	$(BIN)/python notebooks/run.py

.PHONY: check
check: setup ## lint, types, import contracts, bandit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd $(APP) && ../../$(BIN)/mypy src
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive src $(APP)/src

.PHONY: audit
audit: setup ## known vulnerabilities of the locked packages; asks a service, so it needs the network
	$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes -r requirements.lock

NO_SECRETS := (\.lock|\.svg|datasets/.*|.*/assets/.*|docs/evaluation/.*\.json|benchmarks/results/.*)$$

.PHONY: secrets
secrets: setup ## write the baseline of what looks like a secret anew: read its diff before you commit it
	$(BIN)/detect-secrets scan --exclude-files '$(NO_SECRETS)' > .secrets.baseline

.PHONY: format
format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url --no-strip-extras --generate-hashes

LOCKED := local media otel evaluation dev web
TORCH := $(shell sed -n 's/^sequence = \["\(.*\)"\]/\1/p' pyproject.toml)

.PHONY: torch
torch: setup ## torch into .venv, for the sequence model of the recommendations (optional)
	$(BIN)/pip install --quiet "$(TORCH)"

.PHONY: test-torch
test-torch: torch ## the tests that need torch
	$(BIN)/pytest -n0 --no-cov -m torch

.PHONY: lock
lock: ## resolve the dependencies anew: requirements.lock (all extras but torch), and the images' part of it
	$(COMPILE) $(LOCKED:%=--extra %) pyproject.toml frontend/flutter_app/pyproject.toml -o requirements.lock
	grep -E '^[a-z0-9].*==' requirements.lock | sed 's/ \\$$//' > .venv/constraints.txt
	$(COMPILE) -c .venv/constraints.txt --extra media --extra otel --extra web pyproject.toml frontend/flutter_app/pyproject.toml \
		-o deploy/requirements.lock
	grep -o '"hatchling==[0-9.]*"' pyproject.toml | head -1 | tr -d '"' | $(COMPILE) -c .venv/constraints.txt - -o deploy/build.lock

.PHONY: clean
clean: ## remove what was made here (environment, data of the demo)
	rm -rf .venv var
