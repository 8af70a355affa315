# make run      the whole analysis with the default cohort, into runs/default/ (no tracked file is touched)
# make test     every check
# make lab      JupyterLab with the notebooks
# make extras   set up all: JupyterLab, Dask, and what the checks need
# make refresh  make data/raw and data/cohort again, re-execute notebooks/ in place, make the tables of figures/ again
# make exercises  the exercises for a class, from notebooks/exercises/src/: student, teacher, sheets, key
# make site     the web site of the committed notebooks, into docs/_build/site/
# make browser  the site in a headless Chromium, where there is one with its chromedriver
# make bench    set-up timed against pip, notebooks 00-06 against R's own supplement (benchmarks/)
# make oracle   make the stored reference values again (needs R and PSPP)
# make lock     make the locks again from pyproject.toml (for maintainers)
# make clean    remove what the commands above made, .venv and runs/default included; other runs stay
#
# Each sets up .venv by itself; it needs make and a Python from 3.11 to 3.13, nothing else.
# Another interpreter: make run PYTHON=/path/to/python3.12

SHELL    := /bin/sh
PYTHON   ?= python3.13 python3.12 python3.11 python3 python
BIN      := .venv/bin
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PY       := $(BIN)/python
SUPPLEMENT := $(PY) -m helpers.run.cli
PYTEST   := $(PY) -m pytest -n 2 --dist loadfile
NBVAL    := -o addopts= --strict-markers -q --nbval
ORDINARY := notebooks/02_baseline_and_toxicity.ipynb
# a project folder that was moved is set up again: the commands in .venv/bin hold its old place
MOVED    := $(if $(wildcard .venv/.home),$(if $(filter $(CURDIR),$(shell cat .venv/.home)),,moved))

.PHONY: help run test lint unit notebooks lab extras coverage refresh exercises site browser bench oracle lock clean moved

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^$$/q'

run: .venv/.ready-run
	@$(SUPPLEMENT) run

test: lint unit notebooks

lint: .venv/.ready-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(BIN)/lint-imports

unit: .venv/.ready-test
	$(PYTEST) --mpl

# Every stored output against what comes out now; one notebook besides in an ordinary kernel, by nbval.
notebooks: .venv/.ready-test
	$(SUPPLEMENT) refresh --check
	$(PY) -m pytest $(NBVAL) $(ORDINARY)

lab: .venv/.ready-lab
	$(PY) -m jupyterlab notebooks

extras: .venv/.ready-run .venv/.ready-test .venv/.ready-lab

coverage: .venv/.ready-test
	$(PY) -m coverage erase
	COVERAGE_FILE=$(CURDIR)/.coverage $(PY) -m coverage run -m pytest -n 2 --dist loadfile
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

refresh: .venv/.ready-test
	@$(PY) -m helpers.synthesis.extracts
	@$(PY) -m helpers.calibration.stored_search
	@$(SUPPLEMENT) refresh
	@$(SUPPLEMENT) teach exercises

exercises: .venv/.ready-run
	@$(SUPPLEMENT) teach exercises

site: .venv/.ready-run
	@$(SUPPLEMENT) site

browser: .venv/.ready-test
	@$(PY) tests/browser/pages.py

bench: .venv/.ready-test
	@$(PY) benchmarks/bench.py

oracle: .venv/.ready-test
	@for tool in Rscript pspp; do command -v $$tool >/dev/null || \
	  { echo "make oracle needs R (with survival) and PSPP: $$tool was not found." >&2; exit 1; }; done
	@cd tests/oracle && for script in *.R; do [ ! -e "$$script" ] || Rscript --vanilla "$$script" || exit 1; done
	@cd tests/oracle && for script in *.sps; do [ ! -e "$$script" ] || pspp -O format=csv -o "$${script%.sps}.out.csv" "$$script" || exit 1; done

lock:
	@$(call python,lock)

# Only what these commands made: runs under other names and other pages stay.
clean:
	@for candidate in $(PYTHON); do \
	  command -v "$$candidate" >/dev/null || continue; \
	  if "$$candidate" -B -m helpers.run.folders runs/default docs/_build/site; then break; fi; done
	@rmdir runs docs/_build 2>/dev/null || true
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find helpers tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready-run: requirements.lock pyproject.toml .ci/environment.py $(MOVED)
	@$(call python,run)
	@touch $@

.venv/.ready-test: requirements.lock requirements-test.lock pyproject.toml .ci/environment.py $(MOVED)
	@$(call python,test)
	@touch .venv/.ready-run $@

.venv/.ready-lab: requirements.lock requirements-lab.lock pyproject.toml .ci/environment.py $(MOVED)
	@$(call python,lab)
	@touch .venv/.ready-run $@

moved: ;

define python
found=; \
for candidate in $(PYTHON); do \
  if "$$candidate" -c "$(SUITABLE)" 2>/dev/null; then found=$$candidate; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "This supplement needs a Python from 3.11 to 3.13 with its venv module; none was found among: $(PYTHON)." >&2; \
  exit 1; \
fi; \
"$$found" .ci/environment.py $(1)
endef
