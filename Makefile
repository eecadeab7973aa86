# Targets a newcomer guesses. Everything runs inside .venv, which the first target makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# half of what the long tests of CI do is waiting for processes that start
WORKERS ?= $(if $(filter true,$(CI)),3,2)
# whatever starts here finds its modules compiled, instead of compiling them at each start
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo demo-network soak serve test test-browser screenshots query-counts check lint types
.PHONY: bench docs lock clean fmt

demo: $(VENV)/.core ## make the sample city and run the newborn life event
	@$(BIN)/tongban demo

demo-network: $(VENV)/.dev ## the same through real processes: a control plane and four nodes
	@$(BIN)/tongban demo-network

serve: $(VENV)/.core ## the API and the timeline page on http://127.0.0.1:8000
	@$(BIN)/tongban serve

test: $(VENV)/.dev ## everything that is tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	@scripts/chromium || true
	$(BIN)/pytest -n $(WORKERS)

test-browser: $(VENV)/.dev ## every page in Chromium; CI=true: in every view, width and language
	@scripts/chromium
	@$(BIN)/pytest -n $(WORKERS) -m browser tests

screenshots: $(VENV)/.dev ## each page as a picture in build/screenshots: make screenshots [ONLY=home]
	@scripts/chromium
	@cd tests && ../$(BIN)/python -m browser.screenshots $(ONLY)

query-counts: $(VENV)/.dev ## count the queries of each page anew, after a page was changed
	@TONGBAN_QUERY_COUNTS=write $(BIN)/pytest -q -n0 tests/web/test_query_counts.py

check: $(VENV)/.dev ## the inner loop: lint, import rules, types, fast tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/pytest -n $(WORKERS) -q -m "not slow and not postgres and not whole and not browser" --hypothesis-profile=quick

fmt: $(VENV)/.dev
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## every figure beside its peer: make bench [ONLY=tables]
	$(BIN)/python -m benchmarks $(ONLY)

soak: $(VENV)/.dev ## a million calls through two nodes: make soak [SOAK_CALLS=100000]
	$(BIN)/python -m benchmarks.soak $(SOAK_CALLS)

docs: $(VENV)/.dev ## the documentation as a site in build/docs
	$(BIN)/mkdocs build --strict --quiet --site-dir build/docs

lock: $(VENV)/.dev ## after a change of dependencies in pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --all-extras pyproject.toml -c requirements.lock -o requirements-dev.lock

$(VENV)/.core: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (about half a minute) …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.core
	@echo "installing what development needs …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
