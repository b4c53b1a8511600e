# Every command a person needs. `make help` lists them.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

ENGINE := docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1

.PHONY: help setup demo serve up down check test bench mutate audit soak kafka lock generate format clean
help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(READY) ## create the environment (.venv) from the lock file

$(READY): requirements.lock pyproject.toml infra/setup.sh
	@bash infra/setup.sh $(VENV)
	@touch $(READY)

demo: $(READY) ## settle real bills end to end on this machine, in under a minute
	@$(VENV)/bin/yizhan demo

serve: $(READY) ## run both services in one process; OpenAPI at http://127.0.0.1:8000/docs
	@$(VENV)/bin/yizhan serve --samples

up: $(READY) ## run the production shape: containers where an engine is, else the same processes
	@if $(ENGINE); then $(PY) -m infra.up secrets && docker compose up -d --build --wait \
	  && $(PY) -m infra.up addresses; else $(PY) -m infra.up up; fi

down: $(READY) ## stop it in order; data stays
	@if $(ENGINE); then docker compose down; fi; $(PY) -m infra.up down

check: $(READY) ## format, lint, types, import contracts, generated files current
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/yizhan policy check
	@$(PY) -m standalone.generate_schemas --check
	@$(PY) -m standalone.released_channels

test: $(READY) ## the whole test suite
	@$(PY) -m pytest -n auto --dist worksteal

bench: $(VENV)/.ready-benchmarks ## measure, side by side in one run; writes benchmarks/results.json
	@$(PY) -m benchmarks.run

mutate: $(VENV)/.ready-mutation ## change law and kernel in every small way: tests must notice (long)
	@nice $(PY) -m tests.mutation.run $(ARGS)

audit: $(VENV)/.ready-audit ## look up known vulnerabilities of all dependencies; write the bill of materials (network)
	@$(PY) -m infra.audit

# What one command alone needs is added to the environment when that command first runs.
$(VENV)/.ready-%: infra/%.lock $(READY)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

soak: $(READY) ## the long runs
	@$(PY) -m pytest -m soak -o addopts="-q --strict-markers -p no:cacheprovider"

kafka: $(READY) ## fetch Apache Kafka into the cache (tests do so when they need it; Maven, network)
	@bash infra/kafka/fetch.sh $(PY)

generate: $(READY) ## write the generated files again (contracts/schemas, docs/events.md)
	@$(PY) -m standalone.generate_schemas

format: $(READY) ## format the code
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

lock: ## pin every dependency again, with hashes
	@bash infra/lock.sh

clean: ## remove the environment and everything derived
	rm -rf $(VENV) var .mypy_cache .ruff_cache .hypothesis
