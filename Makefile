# make demo   set everything up and run the whole thing on a class that is made up
# make test   set everything up and run the tests
# Both are enough on a fresh Debian or Ubuntu with Python 3.11 or newer. A second run starts in seconds.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test slow hostile check lint types course setup system clean

demo: setup
	$(BIN)/grader demo demo-class

test: setup
	$(BIN)/pytest -n $(JOBS) --dist worksteal

# The long tests: the demo, real data, the wheel, every page in a browser; then those that need the machine to themselves.
slow: setup
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "slow and not hostile and not alone"
	$(BIN)/pytest -m "slow and alone"

# The corpus of attacks on a real sandbox.
hostile: setup
	$(BIN)/pytest -m hostile

# Style, types, whether the course's notebooks and scripts are in step, and every test.
check: lint types course test slow hostile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

course: setup
	$(BIN)/python solutions/build.py --check

setup: system $(READY)

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(READY)

# System packages: bubblewrap for the sandbox, chromium for the tests of the page.
system:
	@sh .ci/system-packages

clean:
	rm -rf $(VENV) demo-class
