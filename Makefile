# Every target sets up what it needs first (scripts/setup.sh); nothing has to be prepared by hand.
#
#   make run  ARGS="path/to/dataset"       the window
#   make test PYTEST_ARGS="-k camera"      lint, import contracts, tests
#   PYTHON=python3.12 make test            with a chosen interpreter (when .venv is made)

PY := .venv/bin/python
ARGS ?=
PYTEST_ARGS ?=
# One more than cores: tests wait for windows and processes a third of their time.
TEST_WORKERS ?= 3

# One thread per process: two that fight for a core make torch ten times slower.
TEST_ENV := QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: run test lint format bench doctor-suite screenshots dist audit dependencies checksums setup clean

run:
	@bash scripts/setup.sh --window
	@$(PY) main.py $(ARGS)

test: lint
	$(TEST_ENV) $(PY) -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: setup
	$(PY) -m ruff check .
	.venv/bin/lint-imports --no-logo

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: setup
	$(TEST_ENV) $(PY) -m pytest tests/benchmarks -m benchmark --benchmark-only $(PYTEST_ARGS)

# Plants every fault and examines it: hours on two cores; results in docs/doctor_suite.md.
SUITE := OMP_NUM_THREADS=1 PYTHONPATH=.:tests/support $(PY) tests/support/doctor_suite.py
SUITE_RESULTS := .benchmarks/doctor
doctor-suite: setup
	@mkdir -p $(SUITE_RESULTS)
	$(SUITE) plants --results $(SUITE_RESULTS)/plants.jsonl
	$(SUITE) pairs --results $(SUITE_RESULTS)/pairs.jsonl
	.venv/bin/utnet synthesize $(SUITE_RESULTS)/frames --train-frames 2000 --evaluation-frames 100 \
	    --seed 2001
	$(SUITE) healthy --dataset $(SUITE_RESULTS)/frames --results $(SUITE_RESULTS)/healthy.jsonl
	PYTHONPATH=.:tests/support $(PY) tests/support/doctor_table.py $(SUITE_RESULTS)/*.jsonl \
	    > docs/doctor_suite.md

screenshots: setup
	$(TEST_ENV) $(PY) scripts/screenshots.py $(ARGS)

# The wheel (which needs nothing else of the checkout) and the source package.
dist: setup
	bash scripts/build_dist.sh dist

# Known weaknesses of the pinned libraries; needs the registry's vulnerability data, and fails
# where it does not have them (--strict): a library that was not looked up has not passed. In an
# environment of its own: the tool brings libraries that the program must not get to see.
AUDIT := .benchmarks/audit
audit: setup
	test -x $(AUDIT)/bin/pip-audit || \
	    { $(PY) -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install -q "pip-audit>=2.9,<3"; }
	$(AUDIT)/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

# After constraints.txt changed, and after demo, checkpoint or hand did.
dependencies: setup
	$(PY) scripts/dependencies.py
checksums: setup
	$(PY) scripts/checksums.py

setup:
	@bash scripts/setup.sh

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache \
	    .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
