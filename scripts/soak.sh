#!/usr/bin/env bash
# Holds what comparisons and searches claim about chance against many real runs (tests/soak/README.md): ten minutes per
# claim, half an hour for compare, an hour and a half for search.
#
#   scripts/soak.sh                      every claim, 20 runs each
#   scripts/soak.sh same --runs 5        one claim, fewer runs
#   scripts/soak.sh siege                 attacks on the HTTP server instead: slowhttptest and worse
#
# Where $BRUNT names a brunt, that one is used.
set -euo pipefail
cd "$(dirname "$0")/.."

case " $* " in
*" --help "* | *" -h "*)
	sed -n '2,9s/^# \{0,1\}//p' "$0"
	exit 0
	;;
esac

if [ -z "${BRUNT:-}" ]; then
	scripts/install-deps.sh --build >&2
	mkdir -p build
	echo "soak: building" >&2
	if ! { cmake --preset release && cmake --build --preset release --target brunt; } >build/soak.log 2>&1; then
		cat build/soak.log >&2
		exit 1
	fi
fi
if [ "${1:-}" = siege ]; then
	shift
	exec /usr/bin/python3 tests/soak/siege.py --brunt "${BRUNT:-build/release/brunt}" "$@"
fi
exec /usr/bin/python3 tests/soak/soak.py --brunt "${BRUNT:-build/release/brunt}" "$@"
