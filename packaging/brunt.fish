# fish completion for brunt
set -l commands run check target report help

complete -c brunt -n "not __fish_seen_subcommand_from $commands" -f
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -a run -d "drive a load and judge the target"
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -a check -d "validate a profile and show its plan; sends nothing"
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -a target -d "a simulated server with a known capacity"
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -a report -d "print the report of a finished or killed run"
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -a help -d "help on a command or on profiles"
complete -c brunt -n "not __fish_seen_subcommand_from $commands" -l version -d "print the version"

complete -c brunt -n "__fish_seen_subcommand_from run check" -l set -x -d "change a key of the profile: key=value"
complete -c brunt -n "__fish_seen_subcommand_from run" -l out -r -d "write the results exactly there"
complete -c brunt -n "__fish_seen_subcommand_from run" -l events -r -d "write the event stream to a file, or - for stdout"
complete -c brunt -n "__fish_seen_subcommand_from run" -l control -r -d "take control messages from a fifo, or - for stdin"
complete -c brunt -n "__fish_seen_subcommand_from run" -l json -d "print result.json and nothing else"
complete -c brunt -n "__fish_seen_subcommand_from run" -l quiet -d "no progress, a report only on failure"
complete -c brunt -n "__fish_seen_subcommand_from run" -l workers -x -d "processes that share the load"
complete -c brunt -n "__fish_seen_subcommand_from check" -l latency -x -d "how many are in flight at this response time"
complete -c brunt -n "__fish_seen_subcommand_from report" -l format -x -a "json text" -d "how to print it"

complete -c brunt -n "__fish_seen_subcommand_from target" -f
complete -c brunt -n "__fish_seen_subcommand_from target" -l listen -x -d "address to listen on: HOST, HOST PORT or a unix socket"
complete -c brunt -n "__fish_seen_subcommand_from target" -l port -x -d "port; 0 takes a free one"
complete -c brunt -n "__fish_seen_subcommand_from target" -l workers -x -d "requests served at a time"
complete -c brunt -n "__fish_seen_subcommand_from target" -l capacity -x -d "requests per second that it can answer"
complete -c brunt -n "__fish_seen_subcommand_from target" -l service-time -x -d "5ms, exponential:MEAN or lognormal:MEDIAN:SIGMA"
complete -c brunt -n "__fish_seen_subcommand_from target" -l queue -x -d "requests that may wait for a worker"
complete -c brunt -n "__fish_seen_subcommand_from target" -l overload -x -a "503 close hang" -d "what a full queue does: 503, close or hang"
complete -c brunt -n "__fish_seen_subcommand_from target" -l cpu-per-request -x -d "CPU burnt for each request"
complete -c brunt -n "__fish_seen_subcommand_from target" -l memory-per-request -x -d "memory held while a request is served"
complete -c brunt -n "__fish_seen_subcommand_from target" -l leak -x -d "memory kept for good after each request"
complete -c brunt -n "__fish_seen_subcommand_from target" -l errors -x -d "share of requests answered 500"
complete -c brunt -n "__fish_seen_subcommand_from target" -l reset -x -d "share of requests cut by a TCP reset"
complete -c brunt -n "__fish_seen_subcommand_from target" -l stall -x -d "requests that take so much longer"
complete -c brunt -n "__fish_seen_subcommand_from target" -l freeze -x -d "everything stops for LENGTH, every EVERY"
complete -c brunt -n "__fish_seen_subcommand_from target" -l crash-after -x -d "exit once N requests are answered"
complete -c brunt -n "__fish_seen_subcommand_from target" -l response-size -x -d "bytes of body"
complete -c brunt -n "__fish_seen_subcommand_from target" -l connections -x -d "connections open at a time"
complete -c brunt -n "__fish_seen_subcommand_from target" -l seed -x -d "of every random draw"
complete -c brunt -n "__fish_seen_subcommand_from target" -l spin -x -d "how long a wake-up may spin for exactness"
complete -c brunt -n "__fish_seen_subcommand_from target" -l truth -r -d "log arrival and completion of each request"

complete -c brunt -n "__fish_seen_subcommand_from help" -f -a "run check target report profile"
