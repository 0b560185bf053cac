#!/usr/bin/env bash
# Writes requirements/app.txt and requirements/dev.txt from pyproject.toml: exact versions with PyPI's hashes.
# Extra package sources of this machine (pip.conf, environment) are left out, so the hashes are PyPI's.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX -u UV_EXTRA_INDEX_URL \
        .venv/bin/uv pip compile pyproject.toml --no-config --universal --python-version 3.11 --generate-hashes \
        --system-certs --custom-compile-command "make lock" --quiet "$@"
}

lock --output-file requirements/app.txt
lock --extra dev --constraint requirements/app.txt --output-file requirements/dev.txt
