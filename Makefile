# Everything runs in .venv, which the targets make themselves: nothing is needed but Python >= 3.11 and make.

candidates := python3 python3.14 python3.13 python3.12 python3.11 python
modern := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in $(candidates); do $$p $(modern) 2>/dev/null && echo $$p && break; done)

venv := .venv
bin := $(venv)/bin
pip := $(bin)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test test-peers lint messages survey fuzz streams clean
.DEFAULT_GOAL := demo

demo: $(venv)/ready
	$(bin)/diff-compare "log(x1) + x1*x2 - sin(x2)" --at "x1=2, x2=5"
	$(bin)/diff-compare batch samples/physics.txt

# Processes among which the tests are shared: make test PROCESSES=4, or 0 for this one alone.
PROCESSES ?= 2
test: lint
	$(bin)/python -m pytest --numprocesses $(PROCESSES) --dist worksteal

# Other libraries as methods, data frames and notebooks: their tests are skipped where these are not installed.
test-peers: $(venv)/ready-dev
	$(pip) install --editable ".[autograd,jax]" pandas polars ipykernel nbclient
	$(bin)/python -m pytest tests/methods/test_peers.py tests/test_library.py tests/test_notebook.py tests/tracing/test_tracing.py

lint: $(venv)/ready-dev
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy

# Lint and types before every commit.
hooks: $(venv)/ready-dev
	$(pip) install "pre-commit>=4"
	$(bin)/pre-commit install

# Which lines no test runs, in the processes that tests start as well: htmlcov/index.html has all.
coverage: $(venv)/ready-dev
	$(pip) install "coverage>=7.10"
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest $(TESTS)
	$(bin)/coverage combine --quiet
	$(bin)/coverage report --skip-covered --sort=miss
	$(bin)/coverage html --quiet

# The versions that are installed for development, one for every package: green with these.
lock:
	$(pip) install "uv>=0.8"
	$(bin)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --quiet --no-header --no-annotate --output-file requirements-dev.lock

# make bench BENCH="--quick"; BENCH_PYTHON is an interpreter that has other libraries to be measured against.
BENCH_PYTHON ?= $(bin)/python
ifneq ($(wildcard benchmarks/run.py),)
.PHONY: bench
bench: $(venv)/ready
	$(BENCH_PYTHON) benchmarks/run.py $(BENCH)
endif

# Brings what is new in the source into every translation (diffcli/locale/*/LC_MESSAGES/*.po); translate it, and run it again.
messages: $(venv)/ready-dev
	$(bin)/python tests/extraction.py

# Figures about the house: rooms, arrows between them, sizes, names, docstrings.
survey: $(venv)/ready
	$(bin)/python tests/survey.py

# Random texts, comparisons, case files and command lines: make fuzz FUZZ="--seconds 600 --seed 7 --only texts".
fuzz: $(venv)/ready-dev
	PYTHONPATH=tests $(bin)/python -m fuzz $(FUZZ)

# Every command and format in every encoding and language, and on every closed stream; the tests try some of each.
streams: $(venv)/ready-dev
	STREAMS=full $(bin)/python -m pytest tests/cli/test_streams.py

clean:
	rm -rf $(venv) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(bin)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(venv)

# Stamps: the installation is done once, and again when pyproject.toml changes, or a translation, which it compiles.
translations := $(wildcard diffcli/locale/*/LC_MESSAGES/*.po)
$(venv)/ready: pyproject.toml $(translations) | $(bin)/python
	$(pip) install --editable .
	@touch $@

$(venv)/ready-dev: pyproject.toml $(translations) | $(bin)/python
	$(pip) install $(if $(LOCK),--constraint $(LOCK)) --editable ".[dev]"
	@touch $@ $(venv)/ready
