#!/usr/bin/env bash
# netem_test.sh NETEM: the emulator loses the same packets for the same seed, never delivers early, keeps order
# without jitter, and accounts for every packet. Ends with 77 (skipped) where namespaces or TUN are not to be had.
set -euo pipefail

netem=$1
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/net/netlab.sh
source "$here/netlab.sh"
for need in netlab_usable netlab_tun_usable; do
  reason=$($need) || { echo "skipped: $reason"; exit 77; }
done
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }

dir=$(mktemp -d)
trap 'netlab_cleanup; rm -rf "$dir"' EXIT
fail() { echo "$1"; exit 1; }
count() { sed -n "s/.*\"$2\": *\([^,}]*\).*/\1/p" "$dir/$1.json"; }  # count RUN KEY

netlab_host a
netlab_host b
netlab_host c

# run NAME NETEM_OPTION...: 400 datagrams from a to b; numbers and delays of the arrivals in NAME.arrived.
run() {
  local name=$1 receiver
  shift
  netlab_emulate "$netem" "$dir/$name.json" a=10.77.0.1/24 b=10.77.0.2/24 c=10.77.0.3/24 -- "$@"
  ip netns exec "$(netlab_name b)" python3 "$here/udp_probe.py" receive 9000 2 >"$dir/$name.out" &
  receiver=$!
  until grep -qs ready "$dir/$name.out"; do sleep 0.02; done
  ip netns exec "$(netlab_name a)" python3 "$here/udp_probe.py" send 10.77.0.2 9000 400 1000 200
  wait "$receiver"
  netlab_emulate_stop
  sed 1d "$dir/$name.out" >"$dir/$name.arrived"
}
numbers() { cut -d' ' -f1 "$dir/$1.arrived"; }

run first --delay 20ms --loss 10% --seed 7
run again --delay 20ms --loss 10% --seed 7
run other --delay 20ms --loss 10% --seed 8
run jittery --delay 20ms --jitter 5ms --loss 10% --seed 7

[[ $(numbers first) == "$(numbers again)" ]] || fail "the same seed lost other packets"
[[ $(numbers first) != "$(numbers other)" ]] || fail "another seed lost the same packets"
[[ $(numbers first) == "$(numbers first | sort -n)" ]] || fail "reordered without jitter"
[[ $(numbers first) == "$(numbers jittery | sort -n)" ]] || fail "jitter changed which packets were lost"
[[ $(numbers jittery) != "$(numbers jittery | sort -n)" ]] || fail "jitter did not reorder"
awk '$2 < 20000000 { exit 1 }' "$dir"/first.arrived "$dir"/jittery.arrived || fail "a packet came early"

arrived=$(numbers first | wc -l)
[[ $(count first received) == 400 ]] || fail "not every packet reached the emulator"
[[ $(count first delivered) == "$arrived" ]] || fail "delivered $(count first delivered), arrived $arrived"
[[ $((arrived + $(count first lost))) == 400 ]] || fail "packets are unaccounted for"
echo "netem: lost $(count first lost) of 400, late p99 $(count first late_us_p99) us, max $(count first late_us_max) us"
