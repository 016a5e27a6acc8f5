# fish completion for spate-publish, spate-relay, spate-watch, spate-probe and spate-simulate.
# The options are those that --help names: they cannot drift apart.

function __spate_options
    set -l tool (commandline -opc)[1]
    $tool --help 2>/dev/null | string match -r '^ +(?:-[a-z],)?--[a-z-]+.*' | while read -l line
        set -l name (string match -r -- '--[a-z-]+' $line)
        set -l help (string match -rg '\S {2,}(\S.*)$' -- $line)
        printf '%s\t%s\n' $name[1] $help
    end
end

for tool in spate-publish spate-relay spate-watch spate-probe spate-simulate
    complete -c $tool -f
    complete -c $tool -n 'string match -q -- "-*" (commandline -ct)' -a '(__spate_options)'
    for option in key config output stats-file report rtt compare-map places resume shrink replay
        complete -c $tool -l $option -rF
    end
    complete -c $tool -s o -rF
    complete -c $tool -l latency -xa 'auto 0 200ms 1s'
    complete -c $tool -l listen -xa ':7400 127.0.0.1:7400'
end

for tool in spate-relay spate-watch
    complete -c $tool -l state -xa 'none (__fish_complete_directories)'
end

complete -c spate-simulate -l csv -xa '(__fish_complete_directories)'
complete -c spate-simulate -l crypto -xa 'real fast'
complete -c spate-simulate -l churn -xa 'on off'
complete -c spate-simulate -l scheme -xa 'spate single-tree pull-mesh random-push all'
complete -c spate-simulate -n 'not string match -q -- "-*" (commandline -ct)' \
    -a "(spate-simulate --list 2>/dev/null | string replace '  ' \t)"
complete -c spate-simulate -n 'not string match -q -- "-*" (commandline -ct)' -a '(__fish_complete_suffix .toml)'
