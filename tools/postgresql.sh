#!/bin/sh
# The tests start a PostgreSQL server of their own; this sees to it that there is one to start.
set -eu
command -v initdb >/dev/null 2>&1 && exit 0
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql >/dev/null
else
    echo "PostgreSQL is not installed: its tests are skipped (install the package postgresql to run them)." >&2
fi
