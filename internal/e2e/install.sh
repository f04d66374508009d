#!/bin/sh
# Installs the OpenID provider that the tests log in at. It needs Node.js 20.19 or later and the npm registry, and
# changes nothing but peer/node_modules, which git ignores.
set -eu
cd "$(dirname "$0")/peer"
node -e 'const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Node.js ${process.version} is older than 20.19`)'
exec npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
