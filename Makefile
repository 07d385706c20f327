# Two commands: `make run` enhances the samples (or INPUT=...), `make test` checks everything.
# Each makes its own environment the first time, and again only when pyproject.toml changes or
# this folder was moved. Nothing here is newer than GNU make 3.81 and a POSIX shell.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test bench chaos clean FORCE

# What a person gives reaches the shell as it was typed: make expands no `$` in a file's name.
override INPUT := $(value INPUT)
override PRESET := $(if $(value PRESET),$(value PRESET),balanced)
override OUT := $(if $(value OUT),$(value OUT),results)
override PYTHON := $(value PYTHON)
export INPUT PRESET OUT PYTHON

TORCH := 2.13.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu
PIP := -m pip install -qq --disable-pip-version-check

help:
	@echo "make run                      enhance the bundled photo and clip, and verify the bundles"
	@echo "make run INPUT=photo.jpg      your own file; several: INPUT=\"a.jpg 'b c.mp4' d/*.png\""
	@echo "         PRESET=...           forensic-safe, balanced (the default here) or presentation"
	@echo "         OUT=folder           where results go (default: results)"
	@echo "make test                     lint, types, import contracts, tests, the README's commands"
	@echo "make bench                    measure, and print the table"
	@echo "make chaos                    kill processes and servers under load; nothing may be lost"
	@echo "make clean                    remove environments and caches (never results)"
	@echo "PYTHON=...                    the Python (3.11 or newer) that environments are made with"

# One path as it is, blanks and all; otherwise a list as a shell reads it, of which nothing is run.
# Bundles are verified even where another input of the same call failed; the first failure is
# what this ends with.
run: .venv/.made
	@set -e; \
	if [ -z "$$INPUT" ]; then set -- samples/photo.jpg samples/clip.mp4; \
	elif [ -e "$$INPUT" ]; then set -- "$$INPUT"; \
	else \
		lines=$$(printf '%s' "$$INPUT" | wc -l); \
		case "$$INPUT" in *[\`\$$\;\&\|\<\>\(\)\#]*) lines=1;; esac; \
		[ "$$lines" -eq 0 ] || { echo "INPUT: no such file: $$INPUT" >&2; exit 2; }; \
		(eval "set -- $$INPUT") 2>/dev/null || { \
			echo "INPUT: a quotation mark is not closed: $$INPUT" >&2; exit 2; }; \
		eval "set -- $$INPUT"; \
	fi; \
	begun=.venv/.begun.$$$$; trap 'rm -f "$$begun"' EXIT; : >"$$begun"; \
	status=0; .venv/bin/evident run --preset "$$PRESET" --out "$$OUT" -- "$$@" || status=$$?; \
	[ $$status -le 1 ] && [ -d "$$OUT" ] || exit $$status; \
	find "$$OUT" -name bundle.zip -newer "$$begun" -exec sh -c ' \
		failed=0; for bundle do \
			echo; .venv/bin/evident verify "$$bundle" || failed=1; \
		done; exit $$failed' sh {} + || status=1; \
	exit $$status

test: .venv-dev/.made
	.venv-dev/bin/python -m ruff check .
	.venv-dev/bin/python -m ruff format --check .
	.venv-dev/bin/python -m mypy
	.venv-dev/bin/lint-imports
	.venv-dev/bin/python -m pytest

bench: .venv-dev/.made
	@.venv-dev/bin/python -m benchmarks.table

chaos: .venv-dev/.made
	CI=true EVIDENT_CHAOS_ALL=1 EVIDENT_CHAOS_JOBS=60 EVIDENT_CHAOS_DEATHS=6 .venv-dev/bin/python -m pytest -s -v --timeout 3600 tests/chaos

clean:
	rm -rf .venv .venv-dev .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis

# $(call environment,FOLDER) makes a virtual environment with the first Python that is new enough,
# where none stands that works; one that was made elsewhere does not.
define environment
set -e; \
if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; \
else set -- python3.13 python3.12 python3.11 python3; fi; \
found=; for python do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then found=$$python; break; fi; \
done; \
[ -n "$$found" ] || { \
	echo "Evident needs Python 3.11 or newer, and $${PYTHON:-no python3 here} is not one." >&2; \
	echo "Install one, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }; \
echo "Making $(1) (once; takes $(2)) ..."; \
if { [ ! -e $(1)/.made ] || $(call is_here,$(1)); } \
	&& $(1)/bin/python -m pip --version >/dev/null 2>&1; then :; \
else "$$found" -m venv --clear $(1); fi
endef

# An environment knows its own path; it says in `.made` where that was.
is_here = [ "$$(cat $(1)/.made 2>/dev/null)" = "$$(pwd -P)" ]

.venv/.made: pyproject.toml $(shell $(call is_here,.venv) || echo FORCE)
	@$(call environment,.venv,a minute)
	@.venv/bin/python $(PIP) --editable ".[cpu,credentials,time-stamps]"
	@pwd -P >$@

# torch first and by itself: from the index of its builds without CUDA where that can be reached.
.venv-dev/.made: pyproject.toml $(shell $(call is_here,.venv-dev) || echo FORCE)
	@$(call environment,.venv-dev,a few minutes)
	@.venv-dev/bin/python -c 'import sys, torch; sys.exit(torch.__version__.split("+")[0] != "$(TORCH)")' 2>/dev/null \
	|| .venv-dev/bin/python $(PIP) --retries 0 --timeout 15 --index-url $(TORCH_INDEX) torch==$(TORCH) 2>/dev/null \
	|| .venv-dev/bin/python $(PIP) torch==$(TORCH)
	@.venv-dev/bin/python $(PIP) --editable ".[dev]"
	@pwd -P >$@
