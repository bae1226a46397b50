# Every command of the project. Continuous integration runs `make test`, the Dockerfile
# `make banner` and `make installed`: the same commands as here, and no others.

PYTHON ?=
VENV ?= .venv
WORKERS ?= 2
DIST ?= dist
DIR ?= $(DIST)/installed
EXTRAS ?=

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
BANNER = consent_service/built
JOSE = tests/unit/jose/node_modules
PEERS = tests/bench/widget/node_modules
# What failed is run once more, by itself. A test that holds then is unsteady: a fault of its own, named where it
# failed first and to be mended, and no reason to keep back everything else. What fails twice fails.
AGAIN = echo "== once more, by itself, what failed: what holds now is unsteady, and to be mended"
WITH_CHROMIUM = CHROMIUM=$$($(BIN)/python -c "from tests import tools; print(tools.chromium())") \
        && export CHROMIUM
# npm and the programs that tests start find Node where `make tools` may have put it.
export PATH := $(abspath $(BIN)):$(PATH)

.NOTPARALLEL:
.PHONY: help run test lint types widget-test banner stages unit browser \
        bench bench-widget widget tools wheel installed clean

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*  ## /  make \1 \t/p' Makefile | expand -t 20

run: $(VENV)/installed  ## start the service and the demo shop, on this machine alone
	@$(BIN)/consent-service demo

test: tools $(JOSE)/installed lint types widget-test banner stages  ## install what is needed, check everything
	@echo "== tests: unit, store, api, fuzz, faults, browser"
	@$(PYTEST) || { test $$? -eq 1 && $(AGAIN) && \
	  $(BIN)/pytest --last-failed --last-failed-no-failures none; }

lint: $(VENV)/installed-dev  ## ruff: rules and format
	@echo "== lint: ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/installed-dev  ## mypy, strict
	@echo "== types: mypy"
	@$(BIN)/mypy

unit: $(VENV)/installed-dev $(JOSE)/installed  ## the tests that need no browser
	@echo "== tests: all but the browser's"
	@$(PYTEST) --ignore tests/browser

browser: tools widget/node_modules/installed  ## the tests in a real Chromium: the service's and the widget's
	@echo "== tests: browser"
	@$(WITH_CHROMIUM) && cd widget && npm run test:browser
	@$(BIN)/pytest tests/browser

widget: widget/node_modules/installed  ## build the banner that is committed
	@echo "== widget: build"
	@cd widget && npm run build

widget-test: tools widget/node_modules/installed  ## the widget's types and tests
	@echo "== widget: types"
	@cd widget && npm run check
	@echo "== widget: tests"
	@cd widget && npm test
	@echo "== widget: tests in a browser"
	@$(WITH_CHROMIUM) && cd widget && \
	  { npm run test:browser || { $(AGAIN) && npm run test:browser; }; }

banner: widget/node_modules/installed  ## the committed banner is what the source builds, to the byte
	@echo "== banner: build it again and compare"
	@.ci/same $(BANNER) $(MAKE) --no-print-directory widget

wheel: $(BIN)/python  ## a wheel in DIST, dist/ if not said
	@echo "== wheel"
	@rm -f $(DIST)/*.whl
	@$(PIP) wheel --no-deps --wheel-dir $(DIST) .

installed: wheel  ## the wheel with what it needs in DIR, a folder to run from
	@echo "== install: $(DIR)"
	@$(BIN)/python -m venv --clear --without-pip $(DIR)
	@$(PIP) --python $(DIR)/bin/python install "$$(echo $(DIST)/*.whl)$(EXTRAS:%=[%])"

stages: tools  ## the Dockerfile's steps, without an engine: built, started, asked, stopped
	@echo "== stages of the Dockerfile"
	@$(BIN)/python .ci/stages.py

bench: $(VENV)/installed-dev  ## the benchmark: one table, each row beside a raw ASGI answer
	@$(BIN)/python -m tests.bench

bench-widget: tools widget/node_modules/installed $(PEERS)/installed  ## our banner beside its peers, in Chromium
	@$(BIN)/python -m tests.bench.widget $(OPTIONS)

tools: $(VENV)/installed-dev  ## browsers, Node, PHP, Go, PostgreSQL: found, else installed
	@echo "== tools"
	@$(BIN)/python .ci/tools.py

clean:  ## remove what was built and installed here (never data/)
	rm -rf $(VENV) dist build widget/node_modules $(JOSE) $(PEERS) .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Quick when nothing has changed: the stamps are younger than what they were made from.
$(VENV)/installed: pyproject.toml $(BIN)/python
	@echo "-- installing the service (once)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "-- installing what the tests need (once)"
	@$(PIP) install --editable ".[dev]"
	@touch $@

$(BIN)/python:
	@.ci/venv $(VENV) $(PYTHON)

widget/node_modules/installed: widget/package.json widget/package-lock.json
	@cd widget && npm ci --no-audit --no-fund
	@touch $@

# Another library than ours checks a receipt with it.
$(JOSE)/installed: tests/unit/jose/package.json tests/unit/jose/package-lock.json
	@npm ci --prefix tests/unit/jose --no-audit --no-fund
	@touch $@

# The banners that the benchmark measures ours beside.
$(PEERS)/installed: tests/bench/widget/package.json tests/bench/widget/package-lock.json
	@npm ci --prefix tests/bench/widget --ignore-scripts --no-audit --no-fund
	@touch $@
