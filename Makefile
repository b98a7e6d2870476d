# `make serve` builds the course and serves it; `make test` runs every check. Both do all their set-up first,
# can be interrupted, and are fast the second time.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PORT ?= 8000
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help accessible bench bench-certify bench-grading books clean coverage crawl lighthouse links lint lock \
  reproducible screenshots serve setup site soak system test unit browser

help:            ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 16

serve: setup     ## set up, build both languages, serve the site on a local address, follow changes
	@$(BIN)/course site serve --watch --port $(PORT)

test: setup system lint site unit browser  ## set up, then all checks and tests

setup: $(VENV)/.ready   ## the Python environment with its pinned packages

$(VENV)/.ready: requirements.txt pyproject.toml labs/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || \
	  { echo "Python 3.11 or 3.12 is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv is missing; run: sudo apt-get install python3-venv"; exit 1; }
	@echo "Installing the pinned Python packages, a few minutes the first time"
	@set -o pipefail; total=$$(grep -c '^[a-zA-Z0-9]' requirements.txt); \
	  $(PIP) install -r requirements.txt 2>&1 | tee $(VENV)/install.log | \
	  awk -v total=$$total '/^(Collecting|Requirement already)/ { printf "\r  %d of %d looked up", ++n, total; fflush() } \
	    /^Installing collected/ { printf "\n  installing …"; fflush() } END { print "" }' || \
	  { tail -n 5 $(VENV)/install.log; echo "pip failed; see $(VENV)/install.log, then run the same command again"; exit 1; }
	@$(PIP) install --quiet --no-deps --no-build-isolation -e labs -e .
	@touch $@

system:          # Debian packages that grading and the browser tests need
	@bash publish/system.sh

site: setup      ## build the site into _build/site
	@$(BIN)/course site build

books: setup system ## the book of each language as PDF and ePub, into _build/books; two minutes
	@$(BIN)/course site books

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

unit: site system  # the site first: two processes of tests must not build its parts at once
	@$(BIN)/python -m pytest -m "not browser" -n auto --dist loadgroup

browser: site system  # those that measure times come last, alone
	@$(BIN)/python -m pytest -m "browser and not alone" -n auto --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m pytest -m "browser and alone" tests/browser

accessible: site system ## axe, reflow and text spacing on every page, both languages, light and dark; ten minutes
	@COURSE_EVERY_PAGE=1 $(BIN)/python -m pytest -n auto tests/browser/test_access_pages.py

lighthouse: site system ## marks of Lighthouse for a few pages, median of five runs; a short one: ARGS="--runs 1"
	@$(BIN)/python -m publish.quality.lighthouse $(ARGS)

links: site      ## ask the addresses outside that pages link to whether they are still there
	@$(BIN)/python -m publish.quality.links

crawl: site system ## walk through the whole site without a network, as kept in the browser and from an offline pack
	@COURSE_CRAWL=1 $(BIN)/python -m pytest -s tests/browser/test_offline.py -k "network"

coverage: setup  ## share of linelab's lines and branches that its tests reach; under 95 % fails
	@$(BIN)/python -m coverage run --branch --source labs/linelab -m pytest -q tests/linelab
	@$(BIN)/python -m coverage report --skip-covered --fail-under 95

soak: setup system ## damaged notebooks and killed gradings, many more than `make test` tries; an hour
	@COURSE_SOAK=1 $(BIN)/python -m pytest tests/autograder/test_fuzz.py tests/autograder/test_kills.py

bench: setup     ## speed and memory of linelab beside its peers, in an environment of their own
	@$(PYTHON) -m venv _build/bench-venv
	@_build/bench-venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet -r tests/bench/requirements.txt
	@_build/bench-venv/bin/python tests/bench/run.py

bench-grading: setup system  ## speed of grading beside stock nbgrader; a short one: ARGS="--count 20 --rounds 2"
	@$(BIN)/python tests/bench/grading.py $(ARGS)

reproducible: setup  ## publish this checkout twice, as on two machines, and compare every byte; ten minutes
	@$(BIN)/python -m publish.reproduce

bench-certify: setup  ## time to certify 1,000 and 10,000 trainees: signed JSON, PDF, ledger
	@$(BIN)/python tests/bench/certify.py

screenshots: site ## take the pictures of docs/ again
	@$(BIN)/python docs/screenshots.py

lock: setup      ## bring requirements.txt in line with pyproject.toml; `make lock UPGRADE=--upgrade` renews all pins
	@$(BIN)/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --extra dev \
	  --no-emit-index-url pyproject.toml -o requirements.txt

clean:           ## remove what was built; verified downloads in .cache stay
	@rm -rf _build
