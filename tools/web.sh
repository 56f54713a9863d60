#!/bin/sh
# Builds the web app into src/ipse/server/static, only when something of it changed since the last time.
set -eu
cd "$(dirname "$0")/.."
built=src/ipse/server/static/.built
now=$(git ls-files -z --cached --others --exclude-standard web | sort -z | xargs -0 cat | sha256sum | cut -c1-64)
[ -f "$built" ] && [ "$(cat "$built")" = "$now" ] && exit 0
if ! command -v npm >/dev/null 2>&1; then
    echo "npm is not installed: the web app is not built and its tests are skipped (it needs Node.js 20 or newer)." >&2
    exit 0
fi
cd web
stamp=node_modules/.installed
lock=$(sha256sum package-lock.json | cut -c1-64)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
    # Not `npm ci`: the lock names the optional packages of some platforms only, which that refuses.
    npm install --no-save --no-audit --no-fund --loglevel=error
    echo "$lock" >"$stamp"
fi
npm run --silent build
cd ..
echo "$now" >"$built"
