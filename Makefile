.PHONY: install lint types test docs bench build ci

install:  ## everything a developer needs, into the current environment
	python -m pip install --editable ".[dev]"

lint:
	python -m ruff check . && python -m ruff format --check .

types:
	python -m mypy --strict src tests

test:
	python -m pytest

docs:
	python -m pytest docs README.md

bench:
	python -m benchmarks

build:
	python -m build

ci:
	bash .ci/run
