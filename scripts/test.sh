#!/usr/bin/env bash
# Everything that must hold before a change is good: builds with gcc, and with clang under ASan and UBSan; unit, scenario,
# tidy and format checks. Ends with ctest's summary; exits non-zero and names the steps where something failed.
#
#   scripts/test.sh            all of it
#   scripts/test.sh --quick    gcc alone, without the scenarios
#   scripts/test.sh --shipped  gcc alone, each profile of profiles/ against a server: seven minutes, left out of the above
set -uo pipefail
cd "$(dirname "$0")/.."

export CLICOLOR=0 NO_COLOR=1 CTEST_OUTPUT_ON_FAILURE=1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99
jobs=$(nproc)
at_once=$((jobs + 1))
sleepers=$((3 * jobs + 1)) # scenarios that do not judge times sleep most of theirs
LATE_S=900
failed=()

# Runs a command under a heading, with the time it took.
timed() {
	local name=$1
	shift
	echo
	echo "== $name"
	local begun=$SECONDS status=0
	"$@" || status=$?
	echo "== $name: $((SECONDS - begun)) s"
	return $status
}

fail() {
	failed+=("$1")
	echo "== $1: FAILED" >&2
	return 1
}

step() {
	timed "$@" || fail "$1"
}

build() {
	local preset=$1
	step "configure $preset" cmake --preset "$preset" -Wno-dev &&
		step "build $preset" cmake --build --preset "$preset" -j "$jobs"
}

# Builds a preset with what whoever else runs leaves of the CPUs. Its output waits for build_begun_is_done.
begin_build() {
	begun_log=$(mktemp) || fail "the build beside the tests" || return
	set -m # a process group of its own, which the trap can end
	(
		chrt --idle --pid 0 "$BASHPID"
		build "$1"
	) >"$begun_log" 2>&1 </dev/null &
	begun_pid=$!
	set +m
	trap 'kill -- "-$begun_pid" 2>/dev/null; rm -f "$begun_log"' EXIT
}

build_begun_is_done() {
	local status=0
	wait "$begun_pid" || status=$?
	cat "$begun_log"
	[ "$status" = 0 ] || fail "the build beside the tests"
}

# What the host took of all CPUs' time since the machine started, and that time.
ticks() {
	awk '/^cpu / { print $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat
}

# In percent, since ticks said "$1 $2".
stolen_since() {
	ticks | awk -v stolen="$1" -v all="$2" '{ printf "%d", 100 * ($1 - stolen) / ($2 > all ? $2 - all : 1) }'
}

# Whether what failed in PRESET's last run may have failed for want of a machine: the host took $2% of the CPUs, a test says itself
# that they were taken from it (tests/machine), or others spoil it in ways that no counter tells ($3): it judges times, or ran
# beside more of its own kind than there are CPUs for.
is_excused() {
	[ "$2" -ge 2 ] || [ -n "$3" ] || grep -q '^TO BE TRIED AGAIN' "build/$1/Testing/Temporary/LastTest.log"
}

# tests PRESET ctest-arguments…
#
# A shared machine's host may take its CPUs away for seconds, after which a server that was to answer within one has not: what
# fails while that happens is tried again, twice, or once where it is late already, one test at a time. What judges times is
# tried again whatever the machine says: it has failed when it never came out right. So is, once, what failed in a crowd.
# All else that fails on a machine that is there has failed.
tests() {
	local preset=$1 tries=$((SECONDS < LATE_S ? 2 : 1)) before taken left kind=
	shift
	[[ "$*" != "-L timing"* && "$*" != "-L light"* ]] || kind=timing
	[ "$at_once" -le $((jobs + 1)) ] || kind=crowd
	before=$(ticks)
	BRUNT_TRIES_LEFT=$tries timed "test $preset" ctest --preset "$preset" -j "$at_once" --no-tests=error "$@" && return
	while [ "$tries" -gt 0 ]; do
		# shellcheck disable=SC2086 # two words
		taken=$(stolen_since $before)
		left=$(wc -l <"build/$preset/Testing/Temporary/LastTestsFailed.log")
		is_excused "$preset" "$taken" "$kind" && [ "$left" -le 30 ] || break
		tries=$((tries - 1)) before=$(ticks)
		[ "$kind" = timing ] || kind=
		echo "== once more, what failed ($left), one at a time; the host took $taken% of the CPUs meanwhile"
		BRUNT_TRIES_LEFT=$tries timed "test $preset again" ctest --preset "$preset" --rerun-failed -j 1 --no-tests=error && return
	done
	fail "test $preset"
}

case "${1:-}" in
"") quick= ;;
--quick | --shipped) quick=$1 ;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac

step "install dependencies" scripts/install-deps.sh --test || exit 1

if [ "$quick" = --shipped ]; then
	build dev && tests dev -L shipped
elif [ "$quick" = --quick ]; then
	build dev && tests dev -LE scenario
else
	# What units and scenarios do is the same whatever the compiler, and sanitizers see more of it; but they slow a server and
	# its load alike, so that scenarios which judge timing are left to the plain build, and so is what a thousand simulated
	# runs must come to.
	#
	# Last come those that neither times nor a machine taken away can touch: they are never skipped, and ctest's last summary is
	# of tests that ran.
	build asan && begin_build dev && at_once=$sleepers tests asan -LE 'timing|source|simulated|shipped'
	[ -n "${begun_pid:-}" ] && build_begun_is_done &&
		tests dev -L timing -LE 'light|shipped' && tests dev -L light -LE shipped && tests dev -L 'source|simulated'
fi

if [ ${#failed[@]} -gt 0 ]; then
	printf 'test.sh: failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
