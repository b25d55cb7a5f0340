# Every task of the project. Each target does all of its own set-up: Python and make are enough.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.NOTPARALLEL:

PYTHON ?= python3
WEEKS ?= 2
PROVIDER ?= auto
CARTS ?= 1000
CLIENTS ?= 64
SEED ?= 1
DEVICES ?=
ENGINE ?= log
ARGS ?=

BIN := .venv/bin
PIP_INSTALL = -m pip install --disable-pip-version-check --no-input
# A lock file is installed as it is: every file by its hash, nothing resolved anew.
LOCKED = $(PIP_INSTALL) --require-hashes -r
# The project itself comes last, from this folder, with the build tool that run.txt locks.
PROJECT = $(PIP_INSTALL) --no-deps --no-build-isolation --quiet --editable .
CODE = src tests $(wildcard benchmarks demo)

.PHONY: help setup serve test prove test-medusa check format format-check lint types contracts deps \
        tidy coverage bench demo demo-checkout openapi lock clean clean-env

help: ## show this list
	@echo 'usage: make TARGET [PYTHON=python3.12]'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

# --- environments -------------------------------------------------------------------------------

define new_environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Surestock needs Python 3.11 or newer, and '$(PYTHON)' is not: name another with make PYTHON=/path/to/python3." >&2; \
	exit 2; }
@echo "==> $(1): new environment with $$($(PYTHON) --version)"
@$(PYTHON) -m venv --clear $(1)
endef

.venv/bin/python:
	$(call new_environment,.venv)

.venv/.run-installed: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo '==> .venv: what the service needs'
	@$(BIN)/python $(LOCKED) requirements/run.txt
	@$(BIN)/python $(PROJECT)
	@touch $@

.venv/.dev-installed: requirements/dev.txt .venv/.run-installed
	@echo '==> .venv: what the checks need'
	@$(BIN)/python $(LOCKED) requirements/dev.txt
	@touch $@

.venv-bench/bin/python:
	$(call new_environment,.venv-bench)

.venv-bench/.installed: requirements/bench.txt pyproject.toml | .venv-bench/bin/python
	@echo '==> .venv-bench: the service, its peers and the plots'
	@.venv-bench/bin/python $(LOCKED) requirements/bench.txt
	@.venv-bench/bin/python $(PROJECT)
	@touch $@

.venv-demo/bin/python:
	$(call new_environment,.venv-demo)

.venv-demo/.installed: requirements/demo.txt | .venv-demo/bin/python
	@echo '==> .venv-demo: the baskets and what replays them'
	@.venv-demo/bin/python $(LOCKED) requirements/demo.txt
	@touch $@

setup: .venv/.dev-installed ## make .venv with everything that running and checking need

# --- run ----------------------------------------------------------------------------------------

serve: .venv/.run-installed ## start the service (settings from the environment: PORT, DATA_DIR, ...)
	@exec $(BIN)/surestock serve $(ARGS)

demo: .venv/.run-installed .venv-demo/.installed ## replay real grocery baskets and audit every level (WEEKS=2 ENGINE=log)
	@WEEKS=$(WEEKS) ENGINE=$(ENGINE) ./demo/run $(ARGS)

# From .venv: it starts the platform that the tests start.
demo-checkout: .venv/.dev-installed ## buy scarce devices while answers get lost, then audit (CARTS=1000 CLIENTS=64)
	@$(BIN)/python -m demo.checkout --engine $(ENGINE) --provider $(PROVIDER) --carts $(CARTS) --clients $(CLIENTS) --seed $(SEED) \
		$(if $(DEVICES),--devices $(DEVICES)) $(ARGS)

bench: .venv-bench/.installed ## measure the service beside its peers; tables and plots in benchmarks/results
	@.venv-bench/bin/python -m benchmarks $(ARGS)

openapi: .venv/.run-installed ## write openapi.yaml from the app
	@$(BIN)/surestock openapi > openapi.yaml.new && mv openapi.yaml.new openapi.yaml

# --- check --------------------------------------------------------------------------------------

test: .venv/.dev-installed ## quick tests and quick proofs (ARGS='-k reserve')
	@$(BIN)/python -m pytest $(ARGS)

prove: .venv/.dev-installed ## the long proofs, then a table of their figures
	@$(BIN)/python -m pytest -m prove $(ARGS)

test-medusa: .venv/.dev-installed ## carts and orders on a real Medusa (needs Node and PostgreSQL)
	@$(BIN)/python -m pytest -m medusa $(ARGS) tests/commerce/medusa

check: format-check lint types contracts deps tidy coverage ## everything that must pass, tests last

format: .venv/.dev-installed ## lay the code out
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --select I --fix $(CODE)

format-check: .venv/.dev-installed
	@echo '==> format'
	@$(BIN)/ruff format --check $(CODE)

lint: .venv/.dev-installed
	@echo '==> lint'
	@$(BIN)/ruff check $(CODE)

types: .venv/.dev-installed
	@echo '==> types'
	@$(BIN)/mypy $(CODE)

contracts: .venv/.dev-installed
	@echo '==> import contracts'
	@$(BIN)/lint-imports

deps: .venv/.dev-installed
	@echo '==> dependencies'
	@$(BIN)/deptry src

tidy: .venv/.dev-installed
	@echo '==> tidy'
	@$(BIN)/python -m pytest -q tests/test_tidy.py tests/tidy

coverage: .venv/.dev-installed
	@echo '==> tests with branch coverage'
	@$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

# --- upkeep -------------------------------------------------------------------------------------

UV = .venv-lock/bin/uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-config \
          --no-emit-index-url --custom-compile-command 'make lock' $(ARGS)

$(UV):
	$(call new_environment,.venv-lock)
	@.venv-lock/bin/python $(PIP_INSTALL) uv

lock: $(UV) ## lock the requirements anew (ARGS=--upgrade for newer versions)
	$(COMPILE) requirements/run.in -o requirements/run.txt
	$(COMPILE) requirements/otel.in -c requirements/run.txt -o requirements/otel.txt
	$(COMPILE) requirements/dev.in -c requirements/otel.txt -o requirements/dev.txt
	$(COMPILE) requirements/bench.in -c requirements/dev.txt -o requirements/bench.txt
	$(COMPILE) requirements/demo.in -c requirements/dev.txt -o requirements/demo.txt

clean: ## drop what the tools left behind
	@rm -rf .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist htmlcov
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

clean-env: clean ## also drop the environments
	@rm -rf .venv .venv-bench .venv-demo .venv-lock .node
