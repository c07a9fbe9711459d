# Mailroom. `make run` sets everything up and runs it; `make test` runs every test. What each target does: README.md.

PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --require-hashes
TEST_JOBS ?= 3

.SILENT:
.PHONY: run setup test check bench faults fuzz mutations lock
.DELETE_ON_ERROR:

run: setup
	$(BIN)/python -m scripts.run

setup:
	$(MAKE) --no-print-directory -j2 .venv/installed node_modules/installed
	$(BIN)/python -m scripts.prepare

test: setup .venv/installed-dev
	sh scripts/test-needs.sh
	$(BIN)/python -m scripts.run_tests --jobs $(TEST_JOBS)

# Each of them by itself, so that `make -k check` says everything that is wrong.
CHECKS = format lint types imports templates migrations settings translations lock
check: $(CHECKS:%=check-%)
$(CHECKS:%=check-%): setup .venv/installed-dev
check-format:
	$(BIN)/ruff format --check --quiet .
check-lint:
	$(BIN)/ruff check --quiet .
check-types:
	$(BIN)/mypy --no-error-summary
check-imports:
	$(BIN)/lint-imports --no-logo
check-templates:
	$(BIN)/djlint --quiet --lint templates
check-migrations:
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 1
check-settings:
	$(BIN)/python manage.py check --fail-level WARNING
check-translations:
	$(BIN)/python -m scripts.translations check
check-lock: build/lock-checked

# Once for each state of the lock: pip reads every package for it.
LOCK = requirements.txt requirements-dev.txt requirements-node.txt requirements-pip.txt
build/lock-checked: pyproject.toml $(LOCK) scripts/check_lock.py .venv/installed-dev
	$(BIN)/python -m scripts.check_lock
	mkdir -p $(@D)
	touch $@

# What the issues give a figure for: a table, and build/bench.json.
bench: setup
	$(BIN)/python -m bench

# Mailings under faults, on real processes (docs/reliability.md). FAULTS holds options, e.g. FAULTS="--seed 7 --mailings 100".
faults: setup .venv/installed-dev
	sh scripts/test-needs.sh
	$(BIN)/python -m tests.faults $(FAULTS)

# Random requests at every address, on both databases. FUZZ holds options, e.g. FUZZ="--seed 7 --count 500".
fuzz: setup .venv/installed-dev
	sh scripts/test-needs.sh
	$(BIN)/python -m tests.fuzz $(FUZZ)

# Each guard of the promises taken away in turn: some test has to notice (docs/reliability.md).
mutations: setup .venv/installed-dev
	sh scripts/test-needs.sh
	$(BIN)/python -m tests.mutations

# Pins every dependency anew, from pyproject.toml and package.json, with hashes and without any registry's address.
lock:
	sh scripts/lock.sh

.venv/made:
	test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it (apt-get install python3, or brew install python)." >&2; exit 1; }
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: install it (apt-get install python3-venv)." >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	touch $@

.venv/installed: requirements.txt .venv/made
	$(PIP) -r requirements.txt
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(PIP) -r requirements-dev.txt
	touch $@

# The machine's npm; else Node from a wheel.
ifeq ($(shell command -v npm),)
NPM = $(BIN)/python -m scripts.npm
node_modules/installed: .venv/installed-node
.venv/installed-node: requirements-node.txt .venv/installed
	$(PIP) -r requirements-node.txt
	touch $@
else
NPM = npm
endif

node_modules/installed: package-lock.json package.json
	$(NPM) ci --silent --ignore-scripts --no-audit --no-fund
	touch $@
