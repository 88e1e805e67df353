#!/bin/sh
# Write the hashed locks from pyproject.toml: one resolution, so that all three agree.
# No index address is written into them: they work behind any mirror.
# Arguments go to uv (`--upgrade`, `--upgrade-package NAME`).
set -eu
cd "$(dirname "$0")/.."

compile() { # OUTPUT ARGUMENTS…
    output=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock" \
        --output-file "requirements/$output.txt" pyproject.toml "$@"
}

# Newer ones have no wheel for a glibc before 2.27; there pip takes an older one by itself.
echo 'pillow<12.3' >.venv/constraints.txt
compile dev --constraints .venv/constraints.txt --group dev "$@"
compile run --constraints requirements/dev.txt "$@"
# Groups alone, without the project's own dependencies: what `make dist` adds to the development tools, what
# builds the extension, and the build tools.
for group in dist vsix build; do
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock" --constraints requirements/dev.txt \
        --output-file "requirements/$group.txt" --group "$group" "$@"
done
# Every system and Python that is supported has to have wheels for all of it.
.venv/bin/python packaging/wheels.py
