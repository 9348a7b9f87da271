#!/usr/bin/env bash
# Measures brunt beside its peers and the floor: throughput, lateness, accuracy, cost and memory, against the bar. Installs
# the peers that Debian has, builds what it needs, and prints a Markdown table; that and the JSON are left in build/.
#
#   scripts/bench.sh                     all of it, under 20 minutes; leave the machine alone meanwhile
#   scripts/bench.sh --quick             fewer cases, medians of 3, under 3 minutes
#   scripts/bench.sh --only SECTION      closed, wrapped, lateness, accuracy, relaxed, scale, start, record or streams
#   scripts/bench.sh --out FILE.json     where the results go, with FILE.md beside them
#
# Where $BRUNT names a brunt, that one is measured, and only the bench's own programs are built.
set -euo pipefail
cd "$(dirname "$0")/.."

peers="wrk apache2-utils nghttp2-client hey httperf siege"

# A peer that cannot be had is named and left out; the bench goes on.
install_peers() {
	local package missing=()
	for package in $peers; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "bench: not installed, and not root on a Debian: ${missing[*]}" >&2
		return 0
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq || true
	for package in "${missing[@]}"; do
		apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "bench: cannot install $package" >&2
	done
}

build() {
	local targets=(bench_programs)
	[ -n "${BRUNT:-}" ] || targets+=(brunt)
	mkdir -p build
	echo "bench: building" >&2
	if ! { cmake --preset release && cmake --build --preset release --target "${targets[@]}"; } >build/bench.log 2>&1; then
		cat build/bench.log >&2
		exit 1
	fi
}

case " $* " in
*" --help "* | *" -h "*)
	sed -n '2,10s/^# \{0,1\}//p' "$0"
	exit 0
	;;
esac

scripts/install-deps.sh --build >&2
install_peers
build
programs=${BENCH_PROGRAMS:-build/release/tests/bench}
exec /usr/bin/python3 tests/bench/bench.py --brunt "${BRUNT:-build/release/brunt}" --programs "$programs" "$@"
