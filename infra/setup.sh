#!/usr/bin/env bash
# Creates the environment from requirements.lock. Usage: infra/setup.sh DIRECTORY
set -euo pipefail
venv=$1
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

python=
for candidate in python3 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || { say "需要 Python 3.11 或更新的版本 (Python 3.11 or newer is needed)"; exit 1; }

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
    # Debian keeps ensurepip in a package of its own.
    say "python3-venv 缺失，正在安装 (installing the missing python3-venv)"
    rm -rf "$venv"
    sudo=
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    { $sudo apt-get update -qq && $sudo apt-get install -y -qq python3-venv; } >/dev/null || {
      say "请先安装 python3-venv 再试 (install python3-venv, then try again)"
      exit 1
    }
    "$python" -m venv "$venv"
  fi
fi
say "正在按锁定文件安装依赖 (installing the locked dependencies)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
