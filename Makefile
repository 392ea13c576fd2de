PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check screenshots bench clean

run: .venv/.run-ready
	@if [ -t 0 ] && [ -t 1 ]; then \
	  exec $(BIN)/dmsperf-tui --env embedded; \
	else \
	  echo "no terminal here: running the smoke scenario in batch against the embedded DMS" >&2; \
	  exec $(BIN)/dmsperf-tui --batch --env embedded --scenario dms/smoke; \
	fi

# Three at a time, since most of them wait, and file by file, since tests of one file share what takes long;
# those that measure have the machine to themselves.
test: .venv/.dev-ready
	$(BIN)/pytest -n 3 --dist loadfile tests --ignore=tests/truth
	$(BIN)/pytest tests/truth

check: .venv/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: .venv/.dev-ready
	$(BIN)/python -m tests.screenshots

bench: .venv/.dev-ready
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.run-ready: requirements.txt pyproject.toml
	@echo "setting up .venv (once; under a minute)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev-ready: .venv/.run-ready requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
