#!/usr/bin/env bash
# Do the tests see it when the code is wrong? Each tests/mutants/*.patch breaks the code on purpose and names the test that
# must then fail ("Caught-by: scenario_x"). In a copy of the tree: the test passes, the patch goes on, the test must fail.
#
#   scripts/mutants.sh             every mutant
#   scripts/mutants.sh NAME...     these, by file name without .patch
set -uo pipefail
cd "$(dirname "$0")/.."

copy=build/mutants/tree
build=build/mutants/build
log=$PWD/build/mutants/log
mutants=()

choose_mutants() {
	local name
	if [ $# -eq 0 ]; then
		mutants=(tests/mutants/*.patch)
	fi
	for name in "$@"; do
		mutants+=("tests/mutants/$name.patch")
	done
	for name in "${mutants[@]}"; do
		[ -f "$name" ] || { echo "mutants: no $name" >&2; exit 2; }
		[ -n "$(caught_by "$name")" ] || { echo "mutants: $name has no line 'Caught-by: TEST'" >&2; exit 2; }
	done
}

caught_by() {
	sed -n 's/^Caught-by: *\([A-Za-z0-9_]*\) *$/\1/p' "$1" | head -1
}

# The sources as they are now, committed or not; what did not change keeps its time, so that little is built again.
copy_tree() {
	mkdir -p "$copy" "$build"
	git ls-files -z -co --exclude-standard | while IFS= read -r -d '' path; do
		[ -f "$path" ] && ! cmp -s "$path" "$copy/$path" || continue
		mkdir -p "$copy/$(dirname "$path")"
		cp "$path" "$copy/$path"
	done
	(cd "$copy" && find . -type f -not -path '*/__pycache__/*' | sed 's|^\./||') | while read -r path; do
		[ -f "$path" ] || rm -f "$copy/$path"
	done
}

build_copy() {
	cmake --build "$build" -j "$(nproc)" >>"$log" 2>&1
}

# 0: passed, 1: failed, 77: could not run here, 2: there is no such test
run_test() {
	local said
	said=$(ctest --test-dir "$build" -R "^$1\$" --no-tests=error 2>&1)
	local status=$?
	echo "$said" >>"$log"
	case $said in
	*"No tests were found"*) return 2 ;;
	*"***Skipped"*) return 77 ;;
	esac
	[ $status -eq 0 ]
}

# One mutant: prints the word for the table.
try() {
	local patch=$PWD/$1 test=$2 verdict
	if ! (cd "$copy" && patch -p1 --forward --no-backup-if-mismatch <"$patch") >>"$log" 2>&1; then
		echo "does not apply"
		(cd "$copy" && patch -p1 -R --force --no-backup-if-mismatch <"$patch") >>"$log" 2>&1
		return
	fi
	if build_copy; then
		run_test "$test"
		case $? in
		0) verdict="MISSED" ;;
		77) verdict="skipped" ;;
		*) verdict="caught" ;;
		esac
	else
		verdict="does not build"
	fi
	(cd "$copy" && patch -p1 -R --no-backup-if-mismatch <"$patch") >>"$log" 2>&1
	echo "$verdict"
}

choose_mutants "$@"
mkdir -p build/mutants
: >"$log"
copy_tree
cmake -S "$copy" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug >>"$log" 2>&1 && build_copy || {
	echo "mutants: the tree does not build; see $log" >&2
	exit 1
}

bad=0 caught=0 skipped=0
declare -A sound
printf '%-44s %-36s %s\n' "mutant" "caught by" "verdict"
for patch in "${mutants[@]}"; do
	test=$(caught_by "$patch")
	if [ -z "${sound[$test]:-}" ]; then
		build_copy && run_test "$test"
		sound[$test]=$?
	fi
	case ${sound[$test]} in
	0) verdict=$(try "$patch" "$test") ;;
	77) verdict="skipped" ;;
	2) verdict="no such test" ;;
	*) verdict="fails without the mutant" ;;
	esac
	case $verdict in
	caught) caught=$((caught + 1)) ;;
	skipped) skipped=$((skipped + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
	printf '%-44s %-36s %s\n' "$(basename "$patch" .patch)" "$test" "$verdict"
done
if [ $# -eq 0 ]; then
	for scenario in tests/scenario/*.yaml; do
		name=scenario_$(basename "$scenario" .yaml)
		grep -qs "^Caught-by: *$name *\$" tests/mutants/*.patch || printf '%-44s %-36s %s\n' "(none)" "$name" "no mutant"
	done
fi
echo "mutants: $caught of ${#mutants[@]} caught, $skipped skipped, $bad wrong; log in $log"
[ $bad -eq 0 ]
