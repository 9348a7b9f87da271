#!/usr/bin/env bash
# One load from several machines, on one machine that plays them (tests/cluster): what takes too long, or too much, for the
# usual tests. Installs what it needs, builds brunt, and skips aloud what cannot be done here.
#
#   scripts/cluster.sh slurm       three nodes of Slurm, one of which is killed: two minutes
#   scripts/cluster.sh nats [--runs N] [--seed N]
#                                  nats-server, three agents, who leads and a target in network namespaces of their own; what
#                                  may happen to them, and N random schedules of faults (50): three minutes and 20 s each
#
# Where $BRUNT names a brunt, that one is used.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
	sed -n '2,10s/^# \{0,1\}//p' "$0"
}

# PROGRAM:PACKAGE…: installs the packages whose programs are not there.
install() {
	local pair packages=() sudo
	for pair in "$@"; do
		PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
	done
	[ "${#packages[@]}" -gt 0 ] || return 0
	sudo=$([ "$(id -u)" = 0 ] || echo sudo)
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
		echo "cluster: could not install ${packages[*]}" >&2
}

build() {
	[ -z "${BRUNT:-}" ] || return 0
	scripts/install-deps.sh --test >&2
	cmake --preset release -DBRUNT_TESTS=OFF >/dev/null
	cmake --build --preset release --target brunt >/dev/null
	BRUNT=build/release/brunt
}

# --runs N --seed N, for pytest; nothing else.
schedules() {
	local runs=50 seed=1
	while [ $# -gt 1 ]; do
		case "$1" in
		--runs) runs=$2 ;;
		--seed) seed=$2 ;;
		*) break ;;
		esac
		shift 2
	done
	[ $# = 0 ] || { usage >&2; exit 2; }
	options=(--runs "$runs" --seed "$seed")
}

case "${1:-}" in
nats)
	shift
	schedules "$@"
	install nats-server:nats-server ip:iproute2 curl:curl
	build
	BRUNT=$(realpath "$BRUNT")
	export BRUNT PYTHONPATH=tests/machine
	exec /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider tests/cluster/test_machines.py "${options[@]}"
	;;
slurm)
	install munged:munge slurmctld:slurmctld slurmd:slurmd srun:slurm-client
	build
	BRUNT=$(realpath "$BRUNT")
	export BRUNT
	exec timeout -k 5 900 /usr/bin/python3 -m pytest -q -rsP -p no:cacheprovider tests/cluster/slurm
	;;
-h | --help)
	usage
	;;
*)
	usage >&2
	exit 2
	;;
esac
