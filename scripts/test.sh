#!/usr/bin/env bash
# Everything that must hold before a change is good: builds with gcc, and with clang under ASan and UBSan; unit, scenario,
# tidy and format checks. Ends with ctest's summary; exits non-zero and names the steps where something failed.
#
#   scripts/test.sh            all of it
#   scripts/test.sh --quick    gcc alone, without the scenarios
#   scripts/test.sh --shipped  gcc alone, the shipped profiles that judge times: three minutes, left out of the above
set -uo pipefail
cd "$(dirname "$0")/.."

export CLICOLOR=0 NO_COLOR=1 CTEST_OUTPUT_ON_FAILURE=1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99
jobs=$(nproc)
failed=()

step() {
	local name=$1
	shift
	echo
	echo "== $name"
	local begun=$SECONDS status=0
	"$@" || status=$?
	echo "== $name: $((SECONDS - begun)) s"
	[ $status -eq 0 ] && return
	failed+=("$name")
	echo "== $name: FAILED" >&2
	return 1
}

build() {
	local preset=$1
	step "configure $preset" cmake --preset "$preset" -Wno-dev &&
		step "build $preset" cmake --build --preset "$preset" -j "$jobs"
}

# tests PRESET ctest-arguments…
tests() {
	local preset=$1
	shift
	# One more than there are CPUs: scenarios sleep most of the time.
	step "test $preset" ctest --preset "$preset" -j "$((jobs + 1))" --no-tests=error "$@"
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
	build dev && tests dev -L timing -L shipped --repeat until-pass:5
elif [ "$quick" = --quick ]; then
	build dev && tests dev -LE scenario
else
	# What scenarios do is the same whatever the compiler, and sanitizers see more of it; but they slow a server and its load
	# alike, so that scenarios which judge timing are left to the plain build.
	build asan && tests asan -LE 'timing|source|simulated|shipped'
	build dev && tests dev -LE 'timing|scenario'
	# What judges times and rates against a server's own count asks for a machine that is there; a shared one may take a whole
	# CPU away for a while, so that each of those has three tries, and counts as skipped where none of them found it calm.
	[ -x build/dev/brunt ] && tests dev -L timing -LE shipped --repeat until-pass:3
fi

if [ ${#failed[@]} -gt 0 ]; then
	printf 'test.sh: failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
