# Two commands on a fresh machine: `make demo` and `make test`. The rest serves those who change
# the code. One virtual environment, from one lock with hashes; a stamp says it is ready, so that a
# second run installs nothing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format lint types imports bench sample map lock clean debian-tools

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT ?= data/exports
PYTEST_ARGS ?= -n auto

APT := DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends
CAN_APT := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' \
	  | while IFS='|' read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

demo: $(READY) ## set up, then run the embedded sample commune offline
	$(BIN)/parzan demo --out $(OUT)

test: $(READY) debian-tools ## set up, then the whole test suite
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint types imports test ## what CI runs

format: $(READY) ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY) ## style and common mistakes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

imports: $(READY) ## which module may import which
	$(BIN)/lint-imports

bench: $(READY) ## speed and memory, one table, all measured in the same run
	$(BIN)/python -m tests.benchmarks
	PARZAN_KILLS=20 PARZAN_WORKERS=1,4,8 $(BIN)/python -m pytest tests/integration/test_refresh.py -k 'killed or number_of_workers'

sample: $(READY) ## draw the sample commune again (data/sample)
	$(BIN)/python data/sample/make_sample.py

map: demo debian-tools ## draw the map of the demo again (data/sample/carte.png, needs QGIS)
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 data/sample/draw_map.py $(OUT)/62/62999.gpkg data/sample/carte.png

lock: ## resolve the dependencies again (requirements.lock)
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --group dev --extra dagster \
	  --generate-hashes --no-strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  pyproject.toml --output-file requirements.lock

clean: ## remove what the other commands made, products included
	rm -rf $(VENV) $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# A half-made environment (killed run, moved folder, upgraded Python) has no working pip: start again.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "parzan needs Python 3.11 or later; found: $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  { $(CAN_APT); } || { echo "python3-venv is missing. Run: sudo apt-get install python3-venv" >&2; exit 1; }; \
	  apt-get -q update && $(APT) install python3-venv; }
	@$(BIN)/pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The products are opened in the system's QGIS and the pages in a real browser. Neither is needed to
# run parzan: without them the tests that use them are skipped, and say so.
debian-tools:
	@missing=; \
	[ -d /usr/lib/python3/dist-packages/qgis ] && command -v qgis >/dev/null || missing="qgis python3-qgis"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	[ -n "$$missing" ] || exit 0; \
	if $(CAN_APT); then \
	  echo "Installing $$missing (Debian), once…" >&2; \
	  mkdir -p build; { apt-get -q update && $(APT) install $$missing; } >build/apt.log 2>&1 \
	    || echo "Could not install $$missing (see build/apt.log): the tests that need them will be skipped." >&2; \
	else \
	  echo "Missing: $$missing. The tests that need them will be skipped. To run them: sudo apt-get install $$missing" >&2; \
	fi
