# Every target sets up what it needs first; see scripts/setup.sh.
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest

.DEFAULT_GOAL := help
.PHONY: help run test check bench screenshots translations lock package package-test clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

run: ## Open the window (or converse in the terminal where there is no display).
	@scripts/setup.sh run
	@scripts/run.sh

test: ## Run all tests: unit, integration, windows, the whole application.
	@scripts/setup.sh test
	@scripts/test.sh

check: ## Check style, types, layers and translations.
	@scripts/setup.sh dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) scripts/translations.py --check

bench: ## Measure speed and memory against the goals.
	@scripts/setup.sh test
	@$(PYTHON) -m tests.benchmarks.run

screenshots: ## Write pictures of every state of the window to build/screenshots/.
	@scripts/setup.sh test
	@$(PYTHON) scripts/screenshots.py build/screenshots

translations: ## Collect texts for translators and compile the translations.
	@scripts/setup.sh dev
	@$(PYTHON) scripts/translations.py

lock: ## Write the lock files anew from pyproject.toml.
	@scripts/setup.sh dev
	@scripts/lock.sh

package: ## Make the packages for Linux in dist/.
	@scripts/package.sh

package-test: ## Install and use the packages of dist/ in clean Debian systems (as root).
	@scripts/package_test.sh

clean: ## Remove what the other targets made, the virtual environment included.
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find assistant_app tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
