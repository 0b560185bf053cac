#!/usr/bin/env bash
# Sets up all that a command needs: `scripts/setup.sh run` to use the application, `dev` to check the
# code, `test` to test it, `package` to make packages of it. Does nothing, quickly, when everything is in place.
#
# System packages are listed in packaging/debian-packages.txt. Python packages go into .venv/ (for packages:
# build/package/venv/), in the exact versions and with the hashes of requirements/. llama.cpp is compiled once, for
# this processor, or for packages once more with a back end for each kind of processor; the wheels are kept in
# ${XDG_CACHE_HOME:-~/.cache}/assistant-app/wheels for later clones and environments.
# ASSISTANT_PYTHON names the Python to use.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
portable=
cache=${XDG_CACHE_HOME:-$HOME/.cache}/assistant-app
llama=llama-cpp-python

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

case ${1:-run} in
run) sections="build run" lock=app voice=wanted ;;
dev) sections="build run" lock=dev voice= ;;
test) sections="build run test" lock=dev voice=needed ;;
package) sections="build run package" lock=package voice=needed venv=build/package/venv portable=yes ;;
*) die "usage: scripts/setup.sh run|dev|test|package" ;;
esac

# --- system packages

# Prints the packages of the given sections that are not installed, one a line, "a | b" as it stands.
missing_packages() {
    { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null || true; } | awk -v wanted=" $* " '
        FNR == NR { if ($1 == "ii") have[$2] = 1; next }
        /^\[/ { section = substr($0, 2, length($0) - 2); next }
        /^#/ || /^ *$/ { next }
        index(wanted, " " section " ") {
            n = split($0, names, / *\| */)
            for (i = 1; i <= n; i++) if (names[i] in have) next
            print
        }' - packaging/debian-packages.txt
}

# Reads lines of alternatives, prints of each the first that apt knows.
known_names() {
    local line name
    while read -r line; do
        for name in ${line//|/ }; do
            if apt-cache show "$name" >/dev/null 2>&1; then
                printf '%s\n' "$name"
                break
            fi
        done
    done
}

# Prints the command prefix for root's rights ("env" for root itself); fails when there is none.
root_command() {
    if [[ $(id -u) == 0 ]]; then
        echo env
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
        echo sudo
    else
        return 1
    fi
}

# Installs the packages of the given sections; says what could not be installed and goes on, for the
# steps that follow know best whether they can do without.
install_packages() {
    local missing root
    missing=$(missing_packages "$@")
    [[ -n $missing ]] || return 0
    if ! command -v apt-get >/dev/null; then
        say "This system has no apt; if something fails below, install what these Debian packages hold: ${missing//$'\n'/, }."
        return 0
    fi
    if ! root=$(root_command); then
        say "These system packages are missing and only an administrator can install them: ${missing//$'\n'/, }."
        say "Ask for: apt-get install ${missing//$'\n'/ }"
        return 0
    fi
    say "Installing system packages: ${missing//$'\n'/, }."
    if ! $root apt-get update -q >/dev/null </dev/null; then
        say "The package lists could not be refreshed; is there a network connection?"
    fi
    # shellcheck disable=SC2046
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        $(known_names <<<"$missing") </dev/null >/dev/null || true
    missing=$(missing_packages "$@")
    [[ -z $missing ]] || say "These system packages could not be installed: ${missing//$'\n'/, }."
}

# --- Python

# Prints a Python of at least 3.11 that can make virtual environments; fails when there is none.
find_python() {
    local python
    for python in ${ASSISTANT_PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
        if "$python" -c 'import ctypes, ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    return 1
}

make_venv() {
    local python
    if [[ -x $venv/bin/python ]] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    if ! python=$(find_python); then
        install_packages python
        python=$(find_python) || die "Assistant needs Python 3.11 or newer with its venv module, and there is none here; on Debian 12 or later: apt-get install python3 python3-venv"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

# One build for any processor: a library for each kind, of which llama.cpp opens the best. They have to lie beside
# libllama, and a package offers no web server that would want OpenSSL.
portable_options="-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DLLAMA_OPENSSL=OFF \
-DLLAMA_CURL=OFF -DCMAKE_INSTALL_BINDIR=llama_cpp/lib -DCMAKE_INSTALL_LIBDIR=llama_cpp/lib"

# What the compiled wheel depends on: version, and processor or the options of the portable build.
llama_key() {
    local version processor
    version=$(sed -n "s/^$llama==\([^ ]*\).*/\1/p" requirements/app.txt)
    if [[ -n $portable ]]; then
        echo "$version-$(uname -m)-portable-$(sha256sum <<<"$portable_options" | cut -c1-12)"
        return 0
    fi
    processor=$(awk '/^(flags|Features)/ { print; exit }' /proc/cpuinfo 2>/dev/null | sha256sum | cut -c1-12)
    echo "$version-$(uname -m)-$processor"
}

# Installs llama.cpp for Python, compiling it when no wheel is in the cache.
install_llama() {
    local key folder wheel work
    key=$(llama_key)-$("$venv/bin/python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
    [[ $(cat "$venv/.llama" 2>/dev/null) == "$key" ]] && return 0
    folder=$cache/wheels/$key
    if ! ls "$folder"/*.whl >/dev/null 2>&1; then
        command -v c++ >/dev/null || die "llama.cpp must be compiled once and there is no C++ compiler; on Debian: apt-get install g++"
        if [[ -n $portable ]]; then
            say "Building llama.cpp for every kind of processor, about a quarter of an hour, once."
            export CMAKE_ARGS=$portable_options
        else
            say "Building llama.cpp, about five minutes, once."
        fi
        mkdir -p "$cache/wheels"
        work=$(mktemp -d "$cache/wheels/.build-XXXXXX")
        # shellcheck disable=SC2064
        trap "rm -rf '$work'" EXIT
        awk -v name="$llama==" 'index($0, name) == 1 { on = 1 } on { print } on && !/\\$/ { exit }' \
            requirements/app.txt >"$work/llama.txt"
        if ! "$venv/bin/python" -m pip wheel ${portable:+--no-cache-dir} --no-deps --require-hashes \
            -r "$work/llama.txt" -w "$work" \
            >"$work/log" 2>&1; then
            grep -v '^WARNING' "$work/log" | tail -n 30 >&2
            die "llama.cpp could not be built; the last lines above say why (no network connection, or too little memory or disk space?)."
        fi
        mkdir -p "$folder"
        mv "$work"/*.whl "$folder"/
    fi
    wheel=$(ls "$folder"/*.whl)
    pip_install --no-deps --force-reinstall "$wheel"
    echo "$key" >"$venv/.llama"
}

pip_install() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input "$@" ||
        die "Python packages could not be installed; the lines above say why (no network connection?)."
}

# Installs the exact torch of pyproject.toml: the build for processors, from where pip is set up to look or
# from the PyTorch project's index; on macOS and Windows that of PyPI is one; else the one for CUDA.
install_torch() {
    local version
    version=$(sed -n 's/.*"torch==\([0-9.]*\)".*/\1/p' pyproject.toml)
    [[ $("$venv/bin/python" -m pip show torch 2>/dev/null) == *"Version: $version"* ]] && return 0
    say "Installing torch $version."
    if [[ $(uname -s) == Linux ]]; then
        local pip=("$venv/bin/python" -m pip install -qq --no-input --no-deps "torch==$version+cpu")
        "${pip[@]}" 2>/dev/null && return 0
        "${pip[@]}" --retries 1 --timeout 20 --index-url https://download.pytorch.org/whl/cpu 2>/dev/null && return 0
    fi
    pip_install "torch==$version"
}

# What the environment was made from: lock file, project file, processor.
fingerprint() {
    echo "$(cat "requirements/$1.txt" pyproject.toml | sha256sum | cut -c1-32) $(llama_key)"
}

is_marked() {
    [[ $(cat "$venv/.ready-$1" 2>/dev/null) == "$(fingerprint "$1")" ]]
}

is_ready() {
    [[ -x $venv/bin/python ]] && { is_marked "$lock" || { [[ $lock == app ]] && is_marked dev; }; } &&
        { [[ -z $voice ]] || is_marked voice; }
}

# shellcheck disable=SC2086
install_packages $sections
is_ready && exit 0

mkdir -p "$cache"
exec 9>"$cache/setup.lock"
flock -n 9 || { say "Another set-up is running; waiting for it." && flock 9; }
is_ready && exit 0

make_venv
rm -f "$venv"/.ready-*
say "Installing Python packages into $venv."
install_llama
pip_install --require-hashes -r "requirements/$lock.txt"
pip_install --no-deps --editable .
# Whisper and torch. To use the application they are worth a wait, but not worth failing for.
install_voice() {
    pip_install --no-deps --require-hashes -r requirements/voice.txt
    install_torch
    fingerprint voice >"$venv/.ready-voice"
}
case $voice in
needed) install_voice ;;
wanted)
    (install_voice) || say "Speech recognition could not be installed; everything else works. The next start tries again."
    ;;
esac
fingerprint "$lock" >"$venv/.ready-$lock"
