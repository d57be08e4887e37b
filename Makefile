# Needs Python 3.11 or newer and make; everything else is installed into .venv and node_modules.

PYTHON ?= python3
PORT ?= 8000
ADDRESS ?= 127.0.0.1
BIN := .venv/bin
STAMPS := .build/stamps
MANAGE := $(BIN)/python manage.py

# Node comes from a wheel in .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Both installers trust what this machine trusts, as pip does: many companies sign on the way out.
export UV_SYSTEM_CERTS := true
export NODE_USE_SYSTEM_CA := 1

# What the asset build reads: style sheets keep only the classes that these files use.
ASSET_SOURCES := assets.mjs $(shell find static templates dashboards billing_ingest \
	\( -name '*.html' -o -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.py' \) \
	-not -path 'static/vendor/*' 2>/dev/null)

.PHONY: help setup assets demo run test test-heavy vendors lint format bench lock reset
.DEFAULT_GOAL := help

help:
	@echo "make demo        the whole product with a demo company, in var/demo"
	@echo "make run         your own books, empty at first, in var (OUTLAY_HOME=folder, PORT=8000)"
	@echo "make setup       install and build; the other targets call it"
	@echo "make test        the fast tests; make test-heavy runs the slow ones"
	@echo "make vendors     the programs of vendors that slow tests run"
	@echo "make lint        style, types, templates, settings, migrations"
	@echo "make bench       speed, as ratios"
	@echo "make reset       delete everything under OUTLAY_HOME (default var)"

setup: $(STAMPS)/static

assets: $(STAMPS)/assets

$(STAMPS)/python: requirements-setup.lock requirements-dev.lock
	@mkdir -p $(STAMPS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Outlay needs Python 3.11 or newer: make setup PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv \
		|| { echo "The venv module is missing (Debian: apt install python3-venv)"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
# The quick installer reads no pip configuration; where that is needed, pip does the same work.
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock \
		|| $(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(STAMPS)/node: package-lock.json $(STAMPS)/python
	$(BIN)/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/assets: $(ASSET_SOURCES) $(STAMPS)/node
	$(BIN)/npm run --silent build
	@touch $@

$(STAMPS)/static: $(STAMPS)/assets
	@SECRET_KEY=unused-by-collectstatic FIELD_KEY=unused-by-collectstatic \
		$(MANAGE) collectstatic --no-input --clear --verbosity 0
	@touch $@

demo: setup
	@OUTLAY_HOME=$${OUTLAY_HOME:-var/demo} exec $(MANAGE) serve --demo --address $(ADDRESS) --port $(PORT)

run: setup
	@exec $(MANAGE) serve --address $(ADDRESS) --port $(PORT)

test: setup
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow and not heavy"

# Programs of vendors that slow tests run beside the product, in an environment of their own.
vendors: $(STAMPS)/vendors

$(STAMPS)/vendors: requirements-vendors.lock $(STAMPS)/python
	$(BIN)/python -m venv --clear .build/vendors
	VIRTUAL_ENV=.build/vendors $(BIN)/uv pip install --quiet --require-hashes -r requirements-vendors.lock \
		|| .build/vendors/bin/pip install --quiet --require-hashes -r requirements-vendors.lock
	@touch $@

test-heavy: setup vendors
	$(BIN)/pytest -n 2 --dist loadgroup -m "slow or heavy"

lint: setup
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint templates
	$(MANAGE) check --fail-level WARNING
	OUTLAY_HTTPS=True $(MANAGE) check --deploy --fail-level WARNING
	OUTLAY_HOME=$$(mktemp -d) $(MANAGE) makemigrations --check --dry-run

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup
	$(BIN)/python -m bench

# Bring the exact versions up to date with the .in files.
lock: $(STAMPS)/python
	for name in requirements-setup requirements-dev requirements-vendors; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url $$name.in -o $$name.lock; done
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url -c requirements-dev.lock requirements.in -o requirements.lock

reset: setup
	@exec $(MANAGE) delete_books
