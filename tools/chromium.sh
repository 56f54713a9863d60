#!/bin/sh
# The tests of the web app drive a real browser; this sees to it that there is one, and what builds the app.
set -eu
install() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
    else
        echo "$* is not installed: the tests of the web app are skipped (install it to run them)." >&2
    fi
}
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || install chromium
command -v npm >/dev/null 2>&1 || install nodejs npm
