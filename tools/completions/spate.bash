# bash completion for spate-publish, spate-relay, spate-watch, spate-probe and spate-simulate.
# The options are those that --help names: they cannot drift apart.

_spate() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $previous in
    --key | --config | --output | -o | --stats-file | --report | --rtt | --compare-map | --places | --resume | --shrink | --replay)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --csv | --state)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    --crypto)
      mapfile -t COMPREPLY < <(compgen -W "real fast" -- "$current")
      return
      ;;
    --churn)
      mapfile -t COMPREPLY < <(compgen -W "on off" -- "$current")
      return
      ;;
    --scheme)
      mapfile -t COMPREPLY < <(compgen -W "spate single-tree pull-mesh random-push all" -- "$current")
      return
      ;;
    --latency)
      mapfile -t COMPREPLY < <(compgen -W "auto 0 200ms 1s" -- "$current")
      return
      ;;
    --listen)
      mapfile -t COMPREPLY < <(compgen -W ":7400 127.0.0.1:7400" -- "$current")
      return
      ;;
  esac
  if [[ $current != -* ]]; then
    [[ ${1##*/} == spate-simulate ]] || return
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -W "$("$1" --list 2>/dev/null | cut -d' ' -f1)" -- "$current"
      compgen -f -X '!*.toml' -- "$current")
    return
  fi
  local options
  options=$("$1" --help 2>/dev/null | sed -n 's/^ *-.*/&/p' | grep -oE -- '(^| |,)--[a-z][a-z-]*' | tr -d ' ,' | sort -u)
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

complete -F _spate spate-publish spate-relay spate-watch spate-probe spate-simulate
