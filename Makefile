.PHONY: install lint types test docs bench hunt build ci

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

MINUTES ?= 10
SEED ?= 1

hunt:  ## random people against oracles, changed inputs of every format; what breaks a law is kept in found/
	python -m tests.hunt --minutes $(MINUTES) --seed $(SEED) --keep found

build:
	python -m build

ci:
	bash .ci/run
