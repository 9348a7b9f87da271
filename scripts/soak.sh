#!/usr/bin/env bash
# Holds what comparisons and searches claim about chance against many real runs (tests/soak/README.md): ten minutes per
# claim, half an hour for compare, an hour and a half for search.
#
#   scripts/soak.sh                      every claim, 20 runs each
#   scripts/soak.sh same --runs 5        one claim, fewer runs
#   scripts/soak.sh siege [--daemon]     attacks on an HTTP server instead: slowhttptest and worse; on the daemon and its API
#   scripts/soak.sh kills [--seed N]     SIGKILL to the daemon, its jobs or both, 100 times: nothing that was finished is lost
#   scripts/soak.sh watched [--page]    a job of 20,000/s, with and without 50 streams, clients and pages that watch it
#
# Each says more by --help. Where $BRUNT names a brunt, that one is used.
set -euo pipefail
cd "$(dirname "$0")/.."

claims=soak
case "${1:-}" in
siege) claims=siege ;;
kills) claims=killed ;;
watched) claims=watched ;;
--help | -h)
	sed -n '2,12s/^# \{0,1\}//p' "$0"
	exit 0
	;;
esac
[ $claims = soak ] || shift

if [ -z "${BRUNT:-}" ]; then
	scripts/install-deps.sh --build >&2
	mkdir -p build
	echo "soak: building" >&2
	if ! { cmake --preset release && cmake --build --preset release --target brunt; } >build/soak.log 2>&1; then
		cat build/soak.log >&2
		exit 1
	fi
fi
exec /usr/bin/python3 tests/soak/$claims.py --brunt "${BRUNT:-build/release/brunt}" "$@"
