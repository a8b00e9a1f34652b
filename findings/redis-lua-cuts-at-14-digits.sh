#!/usr/bin/env bash
# Software: redis-server with its Lua and cjson (seen on 7.0.15).
# Guess:    a script that decodes JSON and encodes it again gives the same whole numbers up to 2^53, as JavaScript does;
#           and if it does not, then a number that was cut is cut wherever it goes.
# Seen:     the number is kept, and each way out writes it differently. An argument of `redis.call` and a reply have
#           all 16 digits of a time in microseconds; `cjson.encode` and `..` write 14 of them, and round:
#           1700000000000123 becomes 1.7000000000001e+15, which is 23 microseconds off. 100000000000001 becomes 1e+14.
# So:       in a script keep times in microseconds and ids of 15 digits and more as strings, in the JSON too, and make
#           keys with string.format('%.0f', n).
set -euo pipefail
command -v redis-server redis-cli >/dev/null || { echo 'redis is not on this machine'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' >/dev/null &
server=$!
trap 'kill "$server"; rm -rf "$folder"' EXIT
for _ in $(seq 100); do [ -S redis.sock ] && break || sleep 0.1; done
run() { redis-cli -s redis.sock eval "$1" 0 "$2"; }
seen=""
for n in 99999999999999 100000000000001 1700000000000123; do
  seen+="$n: "
  seen+="reply $(run 'return tonumber(ARGV[1])' $n), "
  seen+="call $(run 'redis.call("SET", "k", tonumber(ARGV[1])) return redis.call("GET", "k")' $n), "
  seen+="format $(run 'return string.format("%.0f", tonumber(ARGV[1]))' $n), "
  seen+="concat $(run 'return "" .. tonumber(ARGV[1])' $n), "
  seen+="json $(run 'return cjson.encode(cjson.decode(ARGV[1]))' "{\"n\":$n}")"$'\n'
done
redis-server --version
printf '%s' "$seen"
line() { printf '%s: reply %s, call %s, format %s, concat %s, json {"n":%s}\n' "$1" "$1" "$1" "$1" "$2" "$2"; }
expected="$(line 99999999999999 99999999999999; line 100000000000001 1e+14; line 1700000000000123 1.7000000000001e+15)"
if [ "$seen" = "$expected"$'\n' ]; then echo 'as seen before'; else echo CHANGED; exit 1; fi
