#!/usr/bin/env bash
# Software: Node.js 20.20.2, 22.23.1 and 24.21.0 (node:http, as an ES module and by require).
# Guess:    `import { createServer } from 'node:http'` and `require('node:http')` load the same, and neither loads
#           what only `fetch` needs.
# Seen:     from Node 22 on the import loads undici, the whole implementation of fetch, and some 55 modules more than
#           require; that takes longer than all the rest of the start of an empty program. `http` has getters for
#           WebSocket, MessageEvent and CloseEvent, which load undici when they are read; and to make the exports of
#           an ES module of a built-in one, Node reads them all, whichever of them are imported. `node:https` imports
#           http by require, and loads less than http itself.
# So:       where the start counts (a command, a function, a file of tests), take
#           `process.getBuiltinModule('node:http')`, or import it where it is first needed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund \
  n20@npm:node@20.20.2 n22@npm:node@22.23.1 n24@npm:node@24.21.0 >/dev/null || exit 2
echo "import { createServer } from 'node:http';" >import-http.mjs
echo "import { createServer } from 'node:https';" >import-https.mjs
echo "const { createServer } = process.getBuiltinModule('node:http');" >builtin-http.mjs
for program in import-http import-https builtin-http; do
  echo "console.log(process.moduleLoadList.some((one) => one.endsWith(' internal/deps/undici/undici')));" >>"$program.mjs"
done
seen=""
for major in 20 22 24; do
  for program in import-http import-https builtin-http; do
    seen+="$major $program $("node_modules/n$major/bin/node" "$program.mjs")"$'\n'
  done
done
printf '%s' "undici is loaded by:
$seen"
expected="20 import-http false
20 import-https false
20 builtin-http false
22 import-http true
22 import-https false
22 builtin-http false
24 import-http true
24 import-https false
24 builtin-http false
"
if [ "$seen" = "$expected" ]; then echo 'as seen before'; else
  echo CHANGED
  exit 1
fi
