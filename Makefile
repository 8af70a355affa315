# make run      the whole analysis with the default cohort, into runs/default/ (no tracked file is touched)
# make test     every check
# make refresh  make data/raw and data/cohort again, re-execute notebooks/ in place, redraw figures/
# make site     the web site of the committed notebooks, into docs/_build/site/
# make bench    time the estimators against R and other libraries, and the series against papermill, into docs/benchmarks.md
# make oracle   make the stored reference values again (needs R and PSPP)
# make clean    remove what the commands above made, .venv included
#
# Each sets up .venv by itself; it needs make and a Python from 3.11 to 3.13, nothing else.
# Another interpreter: make run PYTHON=/path/to/python3.12

SHELL    := /bin/sh
PYTHON   ?= python3.13 python3.12 python3.11 python3 python
BIN      := .venv/bin
READY    := .venv/.ready
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PIP      := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST   := $(BIN)/python -m pytest -n 2 --dist loadfile
NBVAL    := -o addopts= --strict-markers -q --nbval
FORKED   := $(BIN)/python -m helpers.run.kernels
ORDINARY := notebooks/05_kaplan_meier.ipynb

.PHONY: help run test lint unit notebooks refresh site bench oracle clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^$$/q'

run: $(READY)
	@$(BIN)/supplement run

test: lint unit notebooks

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

unit: $(READY)
	$(PYTEST) --mpl

# Strict comparison of every stored output: in forked kernels, and one notebook in ordinary ones.
notebooks: $(READY)
	$(FORKED) $(PYTEST) $(NBVAL) notebooks
	$(PYTEST) $(NBVAL) $(ORDINARY)

refresh: $(READY)
	@$(BIN)/python -m helpers.synthesis.extracts
	@$(BIN)/supplement refresh

site: $(READY)
	@$(BIN)/supplement site

bench: $(READY)
	@$(BIN)/python docs/bench.py
	@$(BIN)/python docs/bench_series.py

oracle: $(READY)
	@for tool in Rscript pspp; do command -v $$tool >/dev/null || \
	  { echo "make oracle needs R (with survival) and PSPP: $$tool was not found." >&2; exit 1; }; done
	@cd tests/oracle && for script in *.R; do [ ! -e "$$script" ] || Rscript --vanilla "$$script" || exit 1; done
	@cd tests/oracle && for script in *.sps; do [ ! -e "$$script" ] || pspp -O format=csv -o "$${script%.sps}.out.csv" "$$script" || exit 1; done

clean:
	rm -rf .venv runs docs/_build build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@if ! $(BIN)/python -c "$(SUITABLE)" 2>/dev/null; then \
	  found=; \
	  for candidate in $(PYTHON); do \
	    if "$$candidate" -c "$(SUITABLE)" 2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "This supplement needs a Python from 3.11 to 3.13 with its venv module; none was found among: $(PYTHON)." >&2; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with $$($$found --version)."; \
	  "$$found" -m venv --clear .venv; \
	fi
	@echo "Installing requirements.lock into .venv (once; a minute or two)."
	@$(PIP) install --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q helpers
	@touch $@
