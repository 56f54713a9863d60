#!/bin/sh
# The tests of the collectors look at real windows: this sees to it that there is an X server without a screen.
set -eu
command -v Xvfb >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends xvfb >/dev/null
else
    echo "Xvfb is not installed: the tests of windows are skipped (install it to run them)." >&2
fi
