# The two commands: `make run` and `make test`. Each sets up what it needs.
#
#   make run PORT=8090 STATE=/some/folder     another port, another state folder

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CXX ?= c++
export CXX

RUN_STAMP := $(VENV)/.run
DEV_STAMP := $(VENV)/.dev

.PHONY: run test check native format faults bench audit screenshots clean

run: $(RUN_STAMP) native
	@exec $(BIN)/lensbus up $(if $(PORT),--port $(PORT)) $(if $(STATE),--state "$(STATE)") $(if $(CONFIG),--config "$(CONFIG)")

# Most of these tests wait for something, so two of them run side by side. Whole systems run alone.
test: $(DEV_STAMP) native
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/unit tests/contract
	$(BIN)/pytest -m "not slow" tests/system tests/faults

check: $(DEV_STAMP) native
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/unit

format: $(DEV_STAMP)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

native: | $(VENV)
	@command -v "$(firstword $(CXX))" >/dev/null || { echo "lensbus: no C++ compiler '$(CXX)' was found: install one (Debian: apt-get install g++) or set CXX" >&2; exit 2; }
	@$(MAKE) --no-print-directory -s -C services/native

# Every row of the fault matrix at full size, and what else takes minutes. Some need root, strace,
# chromium, firefox-esr and prometheus; without them they are skipped and say so.
faults: $(DEV_STAMP) native
	$(BIN)/pytest tests/faults
	$(BIN)/pytest -m slow --ignore=tests/faults

bench: $(DEV_STAMP) native
	for bench in tests/bench/bench_*.py; do $(BIN)/python $$bench || exit 1; done

# Known weaknesses of the packages in use; needs the network.
audit: $(DEV_STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --local --skip-editable

# The pictures of the console in README and docs, of a running system in chromium.
screenshots: $(DEV_STAMP) native
	cd tests && ../$(BIN)/python -m kit.screenshots

$(VENV):
	@command -v $(PYTHON) >/dev/null || { echo "lensbus: $(PYTHON) was not found: install Python 3.11 or newer" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lensbus: $(PYTHON) is too old, Python 3.11 or newer is needed" >&2; exit 2; }
	$(PYTHON) -m venv --upgrade-deps $(VENV)

$(RUN_STAMP): pyproject.toml | $(VENV) native
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

$(DEV_STAMP): pyproject.toml | $(VENV) native
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(RUN_STAMP)

clean:
	rm -rf $(VENV) build dist services/native/build services/lensbus_services/sony/native
