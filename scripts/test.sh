#!/usr/bin/env bash
# Runs the tests in the order unit, integration, gui, e2e, in one pytest run: quick and small ones first.
# Arguments are passed on to pytest and replace the default selection.
set -euo pipefail
cd "$(dirname "$0")/.."

# Windows of the gui tests exist in memory only; the e2e tests start an X server of their own.
export QT_QPA_PLATFORM=offscreen
# Nobody's data, keys, proxies or language decide about a test.
export LC_ALL=C.UTF-8 LANGUAGE=en PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring
unset DISPLAY WAYLAND_DISPLAY ASSISTANT_HOME DBUS_SESSION_BUS_ADDRESS

[[ $# -gt 0 ]] || set -- tests/unit tests/integration tests/gui tests/e2e
exec .venv/bin/python -m pytest "$@"
