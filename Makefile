# Two commands: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Threads of numeric libraries beside each other only slow each other down.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM := false
export HF_HUB_OFFLINE := 1
# What was compiled is kept; else each of the hundreds of processes that tests start compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE
# Tests beside each other, by file, in the order of tests/conftest.py: else files of one long test come last.
BESIDE := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test check types covered fix bench bench-events bench-quality soak docs web serve clean
.DEFAULT_GOAL := test

$(VENV)/.core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("ipse needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,llm]'
	tools/postgresql.sh
	tools/chromium.sh
	tools/screens.sh
	touch $@

$(VENV)/.llm: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[llm]'
	touch $@

demo: $(VENV)/$(if $(filter 0,$(ADAPTER)),.core,.llm)   ## import three exports of a made-up person, train, score, answer; ADAPTER=0: without a language model
	$(BIN)/python examples/demo/run.py $(if $(filter 0,$(ADAPTER)),--no-adapter)

test: $(VENV)/.dev   ## the test suite
	$(BIN)/python -m pytest $(BESIDE)

check: $(VENV)/.dev web   ## every gate, and the tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py --check
	$(MAKE) -j 2 types covered

types: $(VENV)/.dev
	$(BIN)/mypy

covered: $(VENV)/.dev
	$(BIN)/python -m pytest $(BESIDE) --cov --cov-report=
	$(BIN)/coverage report
	$(BIN)/coverage report --include='*/ipse/consent.py,*/ipse/audit.py,*/ipse/privacy/*,*/ipse/vault/*' --fail-under=100

web:   ## the web app, built into the package where something of it changed
	tools/web.sh

serve: $(VENV)/.core web   ## the service and its web app on your vault
	$(BIN)/ipse serve

fix: $(VENV)/.dev   ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev   ## regenerate the reference pages
	$(BIN)/python tools/docs.py

bench: $(VENV)/.dev   ## the benchmarks that take minutes, each beside its peer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	$(BIN)/python benchmarks/run.py

bench-quality: $(VENV)/.dev   ## clones of real people, some hours; what was made is kept; writes docs/concepts/quality.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	$(BIN)/python benchmarks/quality.py --all

bench-events: $(VENV)/.dev   ## learning from events on public data; writes docs/concepts/events-quality.md
	$(BIN)/python benchmarks/events.py

soak: $(VENV)/.dev   ## the long forms of the fault tests
	IPSE_SOAK=1 $(BIN)/python -m pytest $(BESIDE) tests/sources tests/privacy tests/datasets tests/vault tests/tools tests/faults tests/drafts tests/pipeline/test_sending_once.py tests/server/test_drafts.py tests/server/test_schema.py tests/learners tests/scorecard/test_real_people.py

clean:   ## remove what was built; never a vault
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage* build dist .demo
