# bash completion for brunt
_brunt() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} flags=
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "run stress import check agent target serve jobs submit stop watch compare merge baseline report help --help --version" -- "$current"))
		return
	fi
	case $previous in
	--out | --events | --control | --save | --body-file | --config | --token-file | --ca-file | --truth | --state | --baselines | --nats-creds | --nats-password-file | --nats-token-file | --nats-ca | --nats-cert | --nats-key)
		COMPREPLY=($(compgen -f -- "$current"))
		return
		;;
	--format)
		COMPREPLY=($(compgen -W "text json html markdown csv hgrm junit prometheus influx otlp" -- "$current"))
		return
		;;
	--method)
		COMPREPLY=($(compgen -W "GET POST PUT DELETE PATCH HEAD OPTIONS" -- "$current"))
		return
		;;
	--shard)
		COMPREPLY=($(compgen -W "env slurm slurm_array kubernetes openmpi" -- "$current"))
		return
		;;
	--overload)
		COMPREPLY=($(compgen -W "503 close hang" -- "$current"))
		return
		;;
	--cache)
		COMPREPLY=($(compgen -W "off session prefix" -- "$current"))
		return
		;;
	--baseline)
		COMPREPLY=($(compgen -W "$(brunt baseline list 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$current") $(compgen -f -- "$current"))
		return
		;;
	--help | --force | --replace | --json | --drain | --kill | --all | --resume | --no-queue | --wait | --quiet | --llm | --no-batching | --insecure | --as-flow | --as-trace | --writes | --no-assets | --with-secrets) ;;
	--*) return ;; # a number, a time, an address: nothing to propose
	esac
	case $command in
	run)
		flags="--set --out --events --figures --control --format --json --quiet --allow --workers --shard --start-at --baseline --baselines
			--nats --shards --nats-creds --nats-user --nats-password-file --nats-token-file --nats-ca --nats-cert --nats-key
			--rate --users --requests --duration --method --header --body --body-file --data --user --insecure --timeout --slo --save --help"
		;;
	stress)
		flags="--from --max --every --width --confirm --limit --method --header --body --body-file --data --user --insecure --timeout --slo --save
			--set --out --events --figures --format --json --quiet --allow --workers --baseline --baselines --help"
		;;
	import)
		flags="--out --url --host --most --as-flow --as-trace --writes --no-assets --with-secrets --help"
		if [ "$COMP_CWORD" -eq 2 ]; then
			COMPREPLY=($(compgen -W "curl har openapi vegeta urls access-log --help" -- "$current"))
			return
		fi
		;;
	check) flags="--set --latency --help" ;;
	merge)
		flags="--expect --out --format --json --quiet --baseline --baselines
			--nats --nats-creds --nats-user --nats-password-file --nats-token-file --nats-ca --nats-cert --nats-key --help"
		;;
	compare) flags="--tolerance --format --force --baselines --help" ;;
	baseline)
		flags="--replace --rolling --force --baselines --help"
		if [ "$COMP_CWORD" -eq 2 ]; then
			COMPREPLY=($(compgen -W "save list show rm" -- "$current"))
			return
		fi
		;;
	report) flags="--format --out --help" ;;
	target)
		flags="--listen --port --cert --key --workers --capacity --service-time --queue --overload --cpu-per-request --memory-per-request
			--leak --errors --reset --stall --freeze --crash-after --response-size --connections --seed --spin --truth
			--llm --model --prefill --prefill-per-token --step --step-per-sequence --max-batch --no-batching
			--tokens-per-chunk --noise --answer-tokens --reasoning --tool-call --cache --cache-saves --cache-tokens
			--pool --cold-start --cold-after --coalesce --keep-alive-comments --empty-deltas --stream-errors
			--truncate --mix-sessions --start-up --fail-from --fail-for --fail-workers --retries --breaker
			--breaker-for --drain --swap --save-per-token --load-per-token --state --help"
		;;
	agent)
		flags="--nats --name --allow --out --max-rate --max-users --max-connections --max-duration
			--nats-creds --nats-user --nats-password-file --nats-token-file --nats-ca --nats-cert --nats-key --help"
		;;
	serve)
		flags="--config --listen --monitor-only --help"
		;;
	jobs)
		flags="--json --server --token-file --ca-file --help"
		;;
	submit)
		flags="--set --baseline --workers --shards --no-queue --wait --server --token-file --ca-file --help"
		;;
	stop)
		flags="--drain --kill --all --resume --nats --nats-creds --nats-user --nats-password-file --nats-token-file --nats-ca --nats-cert --nats-key
			--server --token-file --ca-file --help"
		;;
	watch)
		flags="--json --server --token-file --ca-file --help"
		;;
	help)
		COMPREPLY=($(compgen -W "run stress import check agent target serve jobs submit stop watch compare merge baseline report profile" -- "$current"))
		return
		;;
	esac
	if [[ $current == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$current"))
	elif [ "$command" != target ] && [ "$command" != stress ]; then
		COMPREPLY=($(compgen -f -- "$current"))
	fi
}
complete -o filenames -F _brunt brunt
