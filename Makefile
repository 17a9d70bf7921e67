# `make` lists its targets. Nothing needs to be activated.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

repro: setup     ## run what is new or changed of the whole pipeline, then say where the report is
	@python -m stages.check
	@dvc repro
	@echo
	@echo "The report: reports/index.html"
	@echo "The runs:   . .venv/bin/activate; mlflow ui --backend-store-uri sqlite:///mlflow.db"

test: setup      ## the tests
	@python -m pytest

check: setup     ## style and types
	@ruff check .
	@ruff format --check .
	@mypy

bench: setup     ## speed as ratios, written to reports/bench.json
	@python -m bench

setup: .venv/.made-from-lock mlflow.db ## .venv from requirements.lock, and the runs' database

# Made anew when the lock changes, so that no package outlives its line.
.venv/.made-from-lock: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "noisyau needs Python 3.11 or newer; say which: make PYTHON=python3.11 ...")'
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

# The tables are made here, once: processes that start together must not race to make them.
mlflow.db:
	@mlflow db upgrade sqlite:///mlflow.db 2> .venv/mlflow.log || { cat .venv/mlflow.log; exit 1; }

clean-parts:     ## forget half-finished work and decoded arrays (.parts/)
	rm -rf .parts

.PHONY: help repro test check bench setup clean-parts
.DEFAULT_GOAL := help
