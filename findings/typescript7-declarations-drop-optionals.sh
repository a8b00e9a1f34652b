#!/usr/bin/env bash
# Software: typescript 7.0.2 (native) beside typescript 5.9.3.
# Guess:    a declaration file gives a function the type that it has in its source, in both.
# Seen:     both compilers take `pick(1).b` in the source, where the literals of a conditional expression
#           are normalised ({ a } | { b } becomes { a; b?: undefined } | { a?: undefined; b }). 5.9 writes
#           the optional members into the declaration file; 7.0 leaves them out of it, for a conditional
#           expression though not for an array literal. Against the file of 7.0 the very same expression
#           is TS2339, in both compilers.
# So:       a package that is built by 7.0 can break its users' builds though its own sources compile.
#           Write the return type of an exported function that gives literals of different shapes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 5.9.3 7.0.2; do
  npm install --silent --no-audit --no-fund --prefix "ts$version" "typescript@$version" >/dev/null || exit 2
done
cat > library.mts <<'TS'
export const pick = (n: number) => (n > 1 ? { a: 1 } : { b: 2 });
export const list = (n: number) => [n > 1 ? { a: 1 } : { b: 2 }, { c: 3 }];
export const inTheSource: number | undefined = pick(1).b;
TS
cat > user.mts <<'TS'
import { list, pick } from './library.mjs';
export const outside: number | undefined = pick(1).b;
export const listed: number | undefined = list(1)[0]?.b;
TS
options=(--strict --module nodenext --target es2022)
seen=""
for writer in 5.9.3 7.0.2; do
  mkdir "by$writer"
  cp user.mts "by$writer/"
  "ts$writer/node_modules/.bin/tsc" "${options[@]}" --declaration --emitDeclarationOnly \
    --outDir "by$writer" library.mts || seen+="$writer refuses its source; "
  for reader in 5.9.3 7.0.2; do
    errors=$("ts$reader/node_modules/.bin/tsc" "${options[@]}" --noEmit "by$writer/user.mts" | grep -c TS2339 || true)
    seen+="written by $writer, read by $reader: $errors; "
  done
done
expected="written by 5.9.3, read by 5.9.3: 0; written by 5.9.3, read by 7.0.2: 0; "
expected+="written by 7.0.2, read by 5.9.3: 1; written by 7.0.2, read by 7.0.2: 1; "
grep -n 'pick' by*/library.d.mts -A 6
echo "errors: $seen"
if [ "$seen" = "$expected" ]; then echo 'as seen before'; else echo CHANGED; exit 1; fi
