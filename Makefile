# Two commands: `make run` enhances the samples (or INPUT=...), `make test` checks everything.
# Each makes its own environment the first time and again only when pyproject.toml changes.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test bench clean

INPUT ?=
PRESET ?= balanced
OUT ?= results
export INPUT PRESET OUT

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$p; break; fi; done)
TORCH := torch==2.13.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu
PIP := -m pip install -qq --disable-pip-version-check

help:
	@echo "make run                        enhance the bundled photo and clip, and verify the bundles"
	@echo "make run INPUT=photo.jpg        your own file; several: INPUT=\"a.jpg 'b c.mp4'\""
	@echo "         PRESET=forensic-safe   or balanced, presentation"
	@echo "         OUT=folder             where results go (default: results)"
	@echo "make test                       lint, types, contracts, tests, the README's commands"
	@echo "make bench                      measure, and print the table"
	@echo "make clean                      remove the environments and caches (never results)"

run: .make/run
	@set -e; \
	if [ -z "$$INPUT" ]; then set -- samples/photo.jpg samples/clip.mp4; \
	elif [ -e "$$INPUT" ]; then set -- "$$INPUT"; \
	else eval "set -- $$INPUT"; fi; \
	touch .make/started; \
	.venv/bin/evident run "$$@" --preset "$$PRESET" --out "$$OUT"; \
	echo; echo "Verifying with evident verify:"; \
	find "$$OUT" -name bundle.zip -newer .make/started -print0 \
	| xargs -0 -n 1 .venv/bin/evident verify

test: .make/test
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports
	.venv-dev/bin/python -m pytest

bench: .make/test
	.venv-dev/bin/python -m benchmarks.table

clean:
	rm -rf .venv .venv-dev .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.make/run: pyproject.toml
	@$(if $(PYTHON),:,echo "Evident needs Python 3.11 or newer; none was found. Install one, or set PYTHON=..." >&2; exit 1)
	@echo "Making .venv (once; takes a minute) ..."
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) --editable ".[cpu]"
	@mkdir -p .make && touch $@

.make/test: pyproject.toml
	@$(if $(PYTHON),:,echo "Evident needs Python 3.11 or newer; none was found. Install one, or set PYTHON=..." >&2; exit 1)
	@echo "Making .venv-dev (once; takes a few minutes) ..."
	@test -x .venv-dev/bin/python || $(PYTHON) -m venv .venv-dev
	@.venv-dev/bin/python -c 'import torch' 2>/dev/null \
	|| .venv-dev/bin/python $(PIP) --retries 0 --timeout 15 --index-url $(TORCH_INDEX) "$(TORCH)" 2>/dev/null \
	|| .venv-dev/bin/python $(PIP) "$(TORCH)"
	@.venv-dev/bin/python $(PIP) --editable ".[dev]"
	@mkdir -p .make && touch $@
