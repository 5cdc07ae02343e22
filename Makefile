# The front door for developers: `make help` lists what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test test-compose bench lint format env docs schemas lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/runtime ## Set up and run the whole pipeline with the analyst's page
	@$(BIN)/quotewire run

test: $(VENV)/dev ## Set up and run every test
	$(BIN)/python -m tests

test-compose: $(VENV)/dev ## Bring docker-compose.yml up, feed it, kill containers (needs root, or a Docker engine)
	$(BIN)/python -m pytest tests/compose/bring_up.py

bench: $(VENV)/dev ## Measure speed and quality, side by side in one run
	$(BIN)/python -m benchmarks

lint: $(VENV)/dev ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev ## Put every file into the project's style
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

env: ## Write .env, which docker-compose.yml reads, with random secrets
	@deploy/make-env

docs: $(VENV)/dev ## Check that everything is documented and the examples work
	$(BIN)/python -m pytest tests/docs

schemas: $(VENV)/dev ## Generate schemas/json/ from the records
	$(BIN)/python -m schemas.generate

lock: ## Pin versions and hashes anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --upgrade --output-file requirements/runtime.lock
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --upgrade --output-file requirements/dev.lock

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A marker file stands for an environment whose installation ended well; a changed lock makes it anew. Whoever develops
# has more than whoever runs: the development environment will do for both.
$(VENV)/runtime: requirements/runtime.lock pyproject.toml
	@test -f $(VENV)/dev || { \
	  echo "Setting up: a virtual environment, the libraries and the English model (a minute or two, once) …"; \
	  $(PYTHON) -m venv $(VENV) && \
	  $(INSTALL) --require-hashes -r requirements/runtime.lock && \
	  $(INSTALL) --no-deps --no-build-isolation --editable . ; }
	@touch $@

$(VENV)/dev: requirements/dev.lock pyproject.toml
	@echo "Setting up for development (a minute or two, once) …"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements/dev.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/runtime
