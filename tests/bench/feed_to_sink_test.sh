#!/usr/bin/env bash
# feed_to_sink_test.sh BIN: bench-sink finds nothing wrong with an untouched stream and names each kind of damage.
set -euo pipefail

bin=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

expect() {  # expect JSON KEY VALUE
  local found
  found=$(sed -n "s/.*\"$2\": *\([^,}]*\).*/\1/p" <<<"$1")
  [[ $found == "$3" ]] || { echo "expected $2 $3 in $1"; exit 1; }
}
packets() { dd if="$dir/stream" bs=188 skip="$1" count="$2" status=none; }  # packets FIRST COUNT

"$bin/bench-feed" --rate 0 --bytes 36848 --report "$dir/feed.json" >"$dir/stream"
[[ $(stat -c %s "$dir/stream") == 36848 ]]
expect "$(<"$dir/feed.json")" packets 196

whole=$("$bin/bench-sink" <"$dir/stream")
expect "$whole" packets 196
expect "$whole" bytes 36848
for key in missing duplicate reordered corrupt_bytes; do expect "$whole" "$key" 0; done

# Packet 10 lost, 20 twice, one byte of 30 changed, 40 and 41 swapped, the last cut off in its middle.
damaged=$({
  packets 0 10; packets 11 10; packets 20 10
  packets 30 1 | head -c 100; printf X; packets 30 1 | tail -c 87
  packets 31 9; packets 41 1; packets 40 1; packets 42 153; packets 195 1 | head -c 50
} | "$bin/bench-sink")
expect "$damaged" packets 193
expect "$damaged" missing 2
expect "$damaged" duplicate 1
expect "$damaged" reordered 1
expect "$damaged" corrupt_bytes 238

# A paced stream carries as many packets as its rate and length say, in bursts and smooth; a reader that leaves is
# an error.
for shape in --cadence=20ms --smooth; do
  paced=$("$bin/bench-feed" --rate 10M --duration 300ms "$shape" | "$bin/bench-sink")
  expect "$paced" packets 1988
  expect "$paced" missing 0
done
status=0
"$bin/bench-feed" --rate 0 --bytes 10M > >(head -c 1000 >"$dir/head") || status=$?
[[ $status == 1 ]] || { echo "expected exit 1 when the reader leaves, not $status"; exit 1; }

status=0
"$bin/bench-run" "$dir/run.json" 100ms sleep 20 || status=$?
[[ $status == 143 ]] || { echo "expected SIGTERM past the limit, not $status"; exit 1; }
expect "$(<"$dir/run.json")" overran true
echo "feed and sink agree"
