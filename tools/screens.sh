#!/bin/sh
# The tests of the collectors look at real windows: this sees to it that there are an X server and a Wayland
# compositor without a screen, and a bus.
set -eu
wanted=""
command -v Xvfb >/dev/null 2>&1 || wanted="$wanted xvfb"
command -v sway >/dev/null 2>&1 || wanted="$wanted sway"
command -v dbus-daemon >/dev/null 2>&1 || wanted="$wanted dbus-daemon"
[ -z "$wanted" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $wanted >/dev/null
else
    echo "Not installed:$wanted. The tests that look at them are skipped (install them to run these)." >&2
fi
