# shellcheck shell=bash
# trial.sh: one measured run of  bench-feed | publisher -> watcher... | bench-sink.  Source it; functions only.
#
#   feed_options=(--rate 5M --duration 8s) srt_latency=120
#   trial "$dir" spate && value "$dir/sink" latency_us_p99
#
# A trial leaves in DIR feed.json, publish.json (what the publisher cost) and per watcher watch-I.json (its cost)
# and sink-I.json (what came out); `watch` and `sink` are the first watcher's. What tools write to stderr is there too.

# What a trial reads; trial_defaults sets them all.
trial_defaults() {
  feed_options=(--rate 5M --duration 8s)
  address=127.0.0.1         # the publisher's
  publish_in=() watch_in=() # commands to run the tools under: taskset, ip netns exec
  watchers=1
  watch_options=()          # spate-watch's
  publish_options=()        # spate-publish's
  srt_latency=120           # ms
  srt_unbuffered=           # not empty: srt-live-transmit's stdout goes out unbuffered
  limit=60s                 # of any one process
  harm=()                   # a command that runs beside it all, for as long as it likes; LINK in it is the link
}

trial_pids=()

value() {  # value FILE-WITHOUT-SUFFIX KEY
  sed -n "s/.*\"$2\": *\([^,}]*\).*/\1/p" "$1.json" 2>/dev/null
}

tool_usable() {
  case $1 in
    spate) [[ -x $BIN/spate-publish && -x $BIN/spate-watch ]] ;;
    srt) command -v srt-live-transmit >/dev/null ;;
  esac
}

gone_within() {  # gone_within SECONDS PID: whether it ended by itself
  local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
  while kill -0 "$2" 2>/dev/null; do
    ((${EPOCHREALTIME/./} < deadline)) || return 1
    sleep 0.05
  done
}

end_within() {  # end_within SECONDS PID
  gone_within "$1" "$2" || kill -TERM "$2" 2>/dev/null || true
  wait "$2" 2>/dev/null || true
}

# Sets `link` to what the watchers take.
start_publisher() {  # start_publisher DIR TOOL PORT
  local dir=$1 command
  if [[ $2 == srt ]]; then
    local options="latency=$srt_latency&passphrase=sixteen-or-longer&pbkeylen=16${SRT_OPTIONS:+&$SRT_OPTIONS}"
    command=(srt-live-transmit -q -chunk:1316 file://con "srt://$address:$3?mode=listener&$options")
    link="srt://$address:$3?mode=caller&$options"
  else
    command=("$BIN/spate-publish" --listen "$address:$3" "${publish_options[@]}")
  fi
  "$BIN/bench-run" "$dir/publish.json" "$limit" "${publish_in[@]}" "${command[@]}" \
    <"$dir/feed" >"$dir/link" 2>"$dir/publish.err" &
  publisher=$!
  trial_pids+=("$publisher")
  if [[ $2 == srt ]]; then
    sleep 0.5  # until it listens
    return
  fi
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    read -r link <"$dir/link" && return
    sleep 0.05
  done
  echo "no link from spate-publish: $(head -n 1 "$dir/publish.err")" >&2
  return 1
}

start_watcher() {  # start_watcher DIR TOOL INDEX
  local dir=$1 index=$3 command
  if [[ $2 == srt ]]; then
    command=(srt-live-transmit -q -chunk:1316 "$link" file://con)
    [[ -z $srt_unbuffered ]] || command=(stdbuf -o0 "${command[@]}")
  else
    command=("$BIN/spate-watch" --state none "$link" "${watch_options[@]}")
  fi
  mkfifo "$dir/out-$index"
  "$BIN/bench-sink" <"$dir/out-$index" >"$dir/sink-$index.json" &
  sink_pids+=("$!")
  "$BIN/bench-run" "$dir/watch-$index.json" "$limit" "${watch_in[@]}" "${command[@]}" \
    >"$dir/out-$index" 2>"$dir/watch-$index.err" &
  watch_pids+=("$!")
}

trial() {  # trial DIR TOOL
  local dir=$1 tool=$2 feeder publisher link index pid
  local sink_pids=() watch_pids=()
  mkdir -p "$dir"
  mkfifo "$dir/feed" "$dir/go"
  : >"$dir/link"
  # The feed starts on our word, when every watcher has had time to join.
  (read -r _ <"$dir/go" && exec "$BIN/bench-feed" "${feed_options[@]}" --report "$dir/feed.json") >"$dir/feed" &
  feeder=$!
  trial_pids+=("$feeder")
  start_publisher "$dir" "$tool" $((20000 + RANDOM % 10000)) || { stop_trials; return 1; }
  for ((index = 0; index < watchers; ++index)); do start_watcher "$dir" "$tool" "$index"; done
  trial_pids+=("${watch_pids[@]}" "${sink_pids[@]}")
  sleep $((1 + watchers / 16))
  echo go >"$dir/go"
  local harmer=
  if ((${#harm[@]})); then
    sleep 1  # until all play
    "$BIN/bench-run" "$dir/harm-run.json" "$limit" "${harm[@]//LINK/$link}" >"$dir/harm.json" 2>"$dir/harm.err" &
    harmer=$!
    trial_pids+=("$harmer")
  fi
  wait "$feeder" || true
  # srt-live-transmit does not end with its input: it gets the time to deliver what it holds.
  local publisher_grace=5 watcher_grace=3
  [[ $tool == spate ]] || publisher_grace=2 watcher_grace=0
  end_within "$publisher_grace" "$publisher"
  for pid in "${watch_pids[@]}"; do end_within "$watcher_grace" "$pid"; done
  for pid in "${sink_pids[@]}"; do wait "$pid" || true; done
  [[ -z $harmer ]] || end_within 2 "$harmer"
  trial_pids=()
  ln -s sink-0.json "$dir/sink.json"
  ln -s watch-0.json "$dir/watch.json"
}

stop_trials() {
  local pid
  for pid in "${trial_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${trial_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  trial_pids=()
}

# What a trial showed.
calculate() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }" 2>/dev/null || echo -; }  # calculate EXPRESSION [DECIMALS]
delivered_percent() { calculate "100 * $(value "$1/sink" packets) / $(value "$1/feed" packets)" 3; }
cpu_per_gb() {
  calculate "($(value "$1/publish" cpu_s) + $(value "$1/watch" cpu_s)) / $(value "$1/sink" bytes) * 1e9" 1
}
latency_ms() { calculate "$(value "$1/sink" "latency_us_$2") / 1000"; }  # latency_ms DIR p50
lossless() {  # every packet arrived, and the feed was not held back
  [[ $(value "$1/sink" packets) == "$(value "$1/feed" packets)" && $(value "$1/sink" corrupt_bytes) == 0 ]] &&
    (($(value "$1/feed" behind_ms) <= 100))
}
