# shellcheck shell=bash
# netlab.sh: throw-away network namespaces for tests and measurements. Source it; it defines functions only.
#
#   trap netlab_cleanup EXIT
#   netlab_host a; netlab_host b               # labels of ours; the real names are unique to this process
#   netlab_emulate NETEM out.json a=10.77.0.1/24 b=10.77.0.2/24 -- --delay 20ms --loss 5% --seed 7
#   netlab_veth a 10.78.0.1/24 b 10.78.0.2/24  # or a plain wire
#   netlab_drop b 2                            # percent of what arrives there, by nft
#   ip netns exec "$(netlab_name a)" COMMAND

netlab_labels=()
netlab_emulator=

# Prints why namespaces cannot be used here, and fails, if so.
netlab_usable() {
  [[ $(id -u) == 0 ]] || { echo "needs root"; return 1; }
  command -v ip >/dev/null || { echo "needs ip (iproute2)"; return 1; }
  local probe="netlab-probe-$$"
  ip netns add "$probe" 2>/dev/null || { echo "cannot make network namespaces"; return 1; }
  ip netns delete "$probe"
}

netlab_tun_usable() {
  { : <>/dev/net/tun; } 2>/dev/null || { echo "needs /dev/net/tun"; return 1; }
}

netlab_nft_usable() {
  command -v nft >/dev/null || { echo "needs nft (nftables)"; return 1; }
}

netlab_host() {  # netlab_host LABEL
  ip netns add "$(netlab_name "$1")"
  netlab_labels+=("$1")
  ip -n "$(netlab_name "$1")" link set lo up
}

netlab_name() { echo "netlab-$$-$1"; }

# Starts the emulator between hosts and returns when their devices are up. Its counts go to OUT when it ends.
netlab_emulate() {  # netlab_emulate NETEM OUT LABEL=ADDRESS/PREFIX... -- NETEM_OPTION...
  local program=$1 out=$2 hosts=()
  shift 2
  while [[ $1 != -- ]]; do
    hosts+=(--host "$(netlab_name "${1%%=*}")=${1#*=}")
    shift
  done
  shift
  "$program" "${hosts[@]}" "$@" >"$out" &
  netlab_emulator=$!
  until grep -qs ready "$out"; do
    kill -0 "$netlab_emulator" 2>/dev/null || { echo "the emulator did not start" >&2; return 1; }
    sleep 0.02
  done
}

netlab_emulate_stop() {
  [[ -n $netlab_emulator ]] || return 0
  kill -TERM "$netlab_emulator" 2>/dev/null || true
  wait "$netlab_emulator" 2>/dev/null || true
  netlab_emulator=
}

netlab_veth() {  # netlab_veth LABEL ADDRESS/PREFIX LABEL ADDRESS/PREFIX
  local one two
  one=$(netlab_name "$1") two=$(netlab_name "$3")
  ip link add name wire0 netns "$one" type veth peer name wire0 netns "$two"
  ip -n "$one" address add "$2" dev wire0
  ip -n "$two" address add "$4" dev wire0
  local name
  for name in "$one" "$two"; do
    # One datagram is one packet, as on a real wire: a drop rule would otherwise take a whole GSO batch.
    ip -n "$name" link set wire0 gso_max_segs 1 up
  done
}

netlab_drop() {  # netlab_drop LABEL PERCENT
  ip netns exec "$(netlab_name "$1")" nft -f - <<RULES
table inet netlab {
  chain in {
    type filter hook input priority 0;
    iifname "wire0" numgen random mod 100 < $2 counter drop
  }
}
RULES
}

netlab_cleanup() {
  netlab_emulate_stop
  local label
  for label in "${netlab_labels[@]}"; do ip netns delete "$(netlab_name "$label")" 2>/dev/null || true; done
  netlab_labels=()
}
