#!/usr/bin/env bash
# Pins every dependency with hashes, for all Python versions from 3.11 on.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
python3 -m venv "$tool"
"$tool/bin/pip" install --quiet uv

pin() {
  "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command "make lock" "$@"
}
pin --extra dev pyproject.toml --output-file requirements.lock
# What runs in the images, without what tests and checks need.
pin pyproject.toml infra/image.in --output-file infra/image.lock
# Extras of single commands: held to the versions above, so that one environment takes them all.
pin infra/benchmarks.in --output-file infra/benchmarks.lock
pin infra/mutation.in --output-file infra/mutation.lock
pin infra/audit.in --output-file infra/audit.lock
