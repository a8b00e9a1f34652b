#!/usr/bin/env bash
# Software: Node.js 24.21.0 (its zlib and its fetch), fflate 0.8.3, fzstd, pako.
# Guess:    compressed files that were appended to each other decompress to all of their contents, as RFC 1952 says
#           of gzip members and RFC 8878 of zstd frames, or else there is an error.
# Seen:     of gzip Node gives both parts. Of zstd it gives the first frame and drops the rest without a word:
#           `zstdDecompress`, its stream, and `fetch` of a zstd response alike; fzstd gives both. The gzip
#           counterpart is fflate: `gunzipSync` and `gunzip` give the first member alone, while the
#           streaming `Gunzip` of the same package gives both, and so does pako.
# So:       logs that are appended compressed, or written by a parallel compressor, lose all but their beginning, and
#           nothing fails. Compare the length with what was written, or split at the frames.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 fflate@0.8.3 fzstd@0.1.1 pako@3.0.3 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { Gunzip, gunzip, gunzipSync } from 'fflate';
import { decompress } from 'fzstd';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isDeepStrictEqual, promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { ungzip } from 'pako';

const appended = (compress) => Buffer.concat([compress('first '), compress('second')]);
const gzip = appended(zlib.gzipSync);
const zstd = appended(zlib.zstdCompressSync);
const stream = (bytes, through) => buffer(Readable.from([bytes]).pipe(through));
async function fetched(bytes, encoding) {
  const server = createServer((_, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const body = await (await fetch(`http://127.0.0.1:${server.address().port}/`)).bytes();
  server.closeAllConnections();
  server.close();
  return body;
}
function gunzipInParts(bytes) {
  const parts = [];
  new Gunzip((part) => parts.push(part)).push(bytes, true);
  return Buffer.concat(parts);
}
const readers = {
  'gzip: node gunzipSync': () => zlib.gunzipSync(gzip),
  'gzip: node stream': () => stream(gzip, zlib.createGunzip()),
  'gzip: node fetch': () => fetched(gzip, 'gzip'),
  'gzip: pako ungzip': () => ungzip(gzip),
  'gzip: fflate Gunzip': () => gunzipInParts(gzip),
  'gzip: fflate gunzipSync': () => gunzipSync(gzip),
  'gzip: fflate gunzip': () => promisify(gunzip)(gzip),
  'zstd: fzstd decompress': () => decompress(zstd),
  'zstd: node zstdDecompressSync': () => zlib.zstdDecompressSync(zstd),
  'zstd: node zstdDecompress': () => promisify(zlib.zstdDecompress)(zstd),
  'zstd: node stream': () => stream(zstd, zlib.createZstdDecompress()),
  'zstd: node fetch': () => fetched(zstd, 'zstd'),
};
const seen = {};
for (const [name, read] of Object.entries(readers)) {
  seen[name] = await (async () => Buffer.from(await read()).toString())().catch((error) => error.message);
}
console.log(process.version, seen);
const cut = (name) => name.startsWith('gzip: fflate gun') || name.startsWith('zstd: node');
const wanted = Object.keys(readers).map((name) => [name, cut(name) ? 'first ' : 'first second']);
const asSeen = isDeepStrictEqual(seen, Object.fromEntries(wanted));
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node_modules/node/bin/node try.mjs
