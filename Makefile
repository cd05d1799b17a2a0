# Two commands matter: `make run` and `make test`. `make help` lists the rest.
# Everything installed goes into $(VENV), from locked and hashed requirements.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
# Test processes side by side; each has its own servers. 0 runs all tests in one process.
# More than there are processors: a test often waits for a deadline or for the end of a program.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(2, min(12, (os.cpu_count() or 1) * 3 // 2)))')
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Same flags for all locks, so that they differ in what they hold and in nothing else.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	pyproject.toml requirements/build.in

RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop

.DEFAULT_GOAL := help
.PHONY: help setup run check format lint test bench docs lock clean system-deps
.DELETE_ON_ERROR:

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(DEV_READY) ## Make .venv with everything for running and developing

run: $(RUN_READY) ## Start a demo server and print a link to it (ARGS="--port 8080" to pass more)
	@$(BIN)/parlour serve --demo $(ARGS)

check: lint ## The inner loop: format, lint, types, contracts, house rules and pure rules
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) $(wildcard tests/house tests/rules)

format: $(DEV_READY) ## Put every file in order, as check wants it
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lint: $(DEV_READY)
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

test: system-deps lint ## Everything: checks, then all tests on SQLite and on PostgreSQL + Redis, in a real browser
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

bench: $(DEV_READY) ## Measure speed and size (writes nothing outside bench/)
	@$(BIN)/python -m bench $(ARGS)

docs: $(RUN_READY) ## Rewrite the lists in docs/ that are made from the code
	@$(BIN)/python scripts/map
	@$(BIN)/python scripts/settings
	@$(BIN)/python scripts/routes
	@$(BIN)/python scripts/commands
	@$(BIN)/python scripts/events
	@$(BIN)/python scripts/metrics

lock: $(VENV)/.python ## Resolve the dependencies of pyproject.toml anew
	@$(PIP) install uv
	@$(LOCK) --output-file requirements/run.lock
	@$(LOCK) --group dev --constraint requirements/run.lock --output-file requirements/dev.lock
	@$(LOCK) --extra otel --constraint requirements/dev.lock --output-file requirements/otel.lock

clean: ## Remove the virtual environment and every cache (never your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

system-deps:
	@scripts/system-deps

$(VENV)/.python: scripts/make-venv
	@scripts/make-venv $(PYTHON) $(VENV)
	@touch $@

$(RUN_READY): requirements/run.lock pyproject.toml $(VENV)/.python
	@echo "Installing what Parlour runs on into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV_READY): requirements/dev.lock $(RUN_READY)
	@echo "Installing what it is developed with ..."
	@$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@
