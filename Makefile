# What installs or reports progress writes to standard error, so that `make demo ARGS=--json` writes nothing but JSON
# to standard output, the first time too.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help demo screenshots chromium test test-node test-clients test-faults lint types types-deployed types-all format docs messages bench lock clean package test-packages

BIN := .venv/bin
PIP := -m pip --disable-pip-version-check -qq install
UV := uv==0.13.9

help: ## list the targets
	sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' Makefile | awk -F '|' '{ printf "make %-12s %s\n", $$1, $$2 }'
	echo "ARGS is handed on: make demo ARGS=--json, make test ARGS='-k trust -x', make lock ARGS=--upgrade"

demo: .venv/.ready ## run the scenarios on the local cloud and show each step
	$(BIN)/python -m demo $(ARGS)

TARGET := fc3

package: .venv/.ready ## build the archives that are deployed, into dist/ (TARGET=fc2: for services of FC 2.0)
	$(BIN)/python -m packing --target $(TARGET) $(ARGS)

screenshots: .venv/.ready ## make the pictures of the console anew (needs chromium)
	$(BIN)/python -m docs.generator.screenshots

# The browser tests need Chromium. Where this user may, it is installed; where not, those tests say what is missing.
chromium:
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  exec >&2; echo "Installing Chromium for the browser tests."; \
	  { apt-get install -y -qq chromium || { apt-get update -qq && apt-get install -y -qq chromium; } \
	    || sudo -n apt-get install -y -qq chromium; } </dev/null || \
	  echo "Chromium could not be installed; the browser tests will fail. Debian: apt-get install chromium"; }

# Every step runs, whatever the one before it found. pytest comes last, so its closing line is the last one. Many tests
# wait for other processes rather than for a processor: three run at once, on two processors too.
test: .venv/.ready chromium ## check style, types and floors, and run the whole suite
	failed=; \
	$(MAKE) -k -j2 lint types || failed="$$failed lint or types"; \
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS) || failed="$$failed pytest"; \
	test -z "$$failed" || { echo "make test: failed:$$failed" >&2; exit 1; }

test-packages: .venv/.ready ## run every end-to-end test from the archives, under FC 3.0 and FC 2.0
	failed=0; \
	$(BIN)/python -m pytest -n 2 tests/e2e --archives=all $(ARGS) || failed=1; \
	$(BIN)/python -m pytest -n 2 tests/e2e --archives=all --fc2 $(ARGS) || failed=1; \
	exit $$failed

# Not part of `make test`: these need Node and npm, or packages that cannot share a virtualenv with the functions' SDKs.
test-node: .venv/.ready ## run Alibaba Cloud's clients for Node against a local cloud (needs node 20)
	$(BIN)/python -m tests.clients_node

test-clients: .venv/.ready ## run Alibaba Cloud's other clients for Python against a local cloud
	$(BIN)/python -m tests.clients_python

test-faults: .venv/.ready ## play every fault at every cloud call of the headline scenarios, and print the table
	ROLEMEND_FAULTS=all $(BIN)/python -m pytest -n 2 tests/matrix $(ARGS)

lint: .venv/.ready ## check style, and that each floor knows only those under it
	failed=0; \
	$(BIN)/python -m ruff check --quiet --output-format concise . || failed=1; \
	$(BIN)/python -m ruff format --quiet --check --output-format concise . || failed=1; \
	$(BIN)/lint-imports --no-logo || failed=1; \
	exit $$failed

# functions/ and shared/ also run on Python 3.10.
types: types-deployed types-all ## check types
types-deployed: .venv/.ready
	$(BIN)/python -m mypy --python-version 3.10 shared functions
types-all: .venv/.ready
	$(BIN)/python -m mypy --python-version 3.11 .

format: .venv/.ready ## lay the code out, and mend what ruff can mend by itself
	$(BIN)/python -m ruff check --quiet --fix-only .
	$(BIN)/python -m ruff format --quiet .

# The same texts give the same three files, byte for byte, so that a difference is a text that was changed. What was
# changed in English is marked fuzzy in the .po and not compiled, until its translation is mended and the mark removed.
LOCALE := shared/rolemend/locale

docs: .venv/.ready ## write docs/checklists.md anew from the checks
	$(BIN)/python -m docs.generator

messages: .venv/.ready ## gather the texts that people read, and compile their translations
	$(BIN)/pybabel -q extract -F pyproject.toml --no-default-keywords -k text --omit-header --no-location \
	  --sort-output --no-wrap -o $(LOCALE)/rolemend.pot shared/rolemend
	$(BIN)/pybabel -q update -D rolemend -d $(LOCALE) -i $(LOCALE)/rolemend.pot --ignore-pot-creation-date \
	  --ignore-obsolete --no-wrap
	$(BIN)/pybabel -q compile -D rolemend -d $(LOCALE)

bench: .venv/.bench ## run the benchmarks
	$(BIN)/python -m bench $(ARGS)

# Their dependencies are those of the lock, in the versions of the rest of .venv. If they cannot be had, the table says so.
.venv/.bench: .venv/.ready requirements-bench.lock
	exec >&2; $(BIN)/python $(PIP) --no-deps --require-hashes -r requirements-bench.lock || \
	  echo "The other policy engines could not be installed; the table will say so."
	touch $@

clean: ## take away everything that was made here
	rm -rf .venv .venv-lock build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtualenv works only where it was made: the stamp names that place, so that a copied or moved checkout makes its own.
$(shell test "$$(cat .venv/.ready 2>/dev/null)" = "$$(pwd -P)" || rm -f .venv/.ready)

.venv/.ready: pyproject.toml requirements.lock requirements-build.lock
	exec >&2; set -e; \
	if [ ! -e $@ ]; then \
	  for name in $(or $(PYTHON),python3 python3.13 python3.12 python3.11) none; do \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  done; \
	  if [ "$$name" = none ]; then echo "This needs Python 3.11 or later: name one with make PYTHON=..."; exit 1; fi; \
	  echo "Making .venv with $$("$$name" --version), once; this takes about a minute."; \
	  "$$name" -m venv --clear .venv; \
	fi; \
	$(BIN)/python $(PIP) --require-hashes -r requirements-build.lock; \
	$(BIN)/python $(PIP) --require-hashes --no-build-isolation -r requirements.lock; \
	$(BIN)/python $(PIP) --no-deps --no-build-isolation -e .; \
	pwd -P >$@

# Four locks: the functions' layer (Python 3.10 and later), everything (3.11 and later), what the benchmarks add, and what
# builds the packages that are published as source only. The settings of the machine it runs on must not show in them.
COMPILE := env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	.venv-lock/bin/uv pip compile --no-config --quiet --universal --generate-hashes --no-header --no-annotate $(ARGS)

lock: ## pin the dependencies anew
	exec >&2; set -e; \
	$(or $(PYTHON),python3) -m venv --clear .venv-lock; \
	.venv-lock/bin/python $(PIP) '$(UV)'; \
	$(COMPILE) --python-version 3.10 pyproject.toml -o requirements-layer.lock; \
	$(COMPILE) --python-version 3.11 pyproject.toml --extra local --group dev -c requirements-layer.lock -o requirements.lock; \
	$(COMPILE) --python-version 3.11 --group bench --override requirements.lock -o requirements-bench.lock; \
	$(COMPILE) --python-version 3.11 --group build -c requirements.lock -o requirements-build.lock
