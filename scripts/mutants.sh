#!/usr/bin/env bash
# Do the tests see it when the code is wrong? Each tests/mutants/*.patch breaks the code on purpose and names the tests that
# must then fail ("Caught-by: scenario_x scenario_y"). In a copy of the tree each of them passes, the patch goes on, and each
# must fail.
#
#   scripts/mutants.sh             every mutant
#   scripts/mutants.sh NAME...     these, by file name without .patch; patterns such as 'peer_*' are welcome
#
# Runs may go side by side: each takes the first folder of build/mutants/ that no other one holds.
set -uo pipefail
cd "$(dirname "$0")/.."

copy= build= log=
mutants=()

take_folder() {
	local n folder
	for n in 1 2 3 4 5 6 7 8; do
		folder=build/mutants/$n
		mkdir -p "$folder"
		exec 9>"$folder/lock"
		if flock -n 9; then
			copy=$folder/tree build=$folder/build log=$PWD/$folder/log
			: >"$log"
			return
		fi
	done
	echo "mutants: build/mutants/1 to $n are all taken by other runs" >&2
	exit 1
}

choose_mutants() {
	local name
	if [ $# -eq 0 ]; then
		mutants=(tests/mutants/*.patch)
	fi
	for name in "$@"; do
		mutants+=(tests/mutants/$name.patch)
	done
	for name in "${mutants[@]}"; do
		[ -f "$name" ] || { echo "mutants: no $name" >&2; exit 2; }
		[ -n "$(caught_by "$name")" ] || { echo "mutants: $name has no line 'Caught-by: TEST'" >&2; exit 2; }
	done
}

caught_by() {
	sed -n 's/^Caught-by: *//p' "$1" | tr '\n' ' '
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

# What a test is built of beside the binary.
target_of() {
	case $1 in
	unit_*) echo "$1" ;;
	cookies_outsiders) echo jar ;;
	compare_outsiders) echo write_arms ;;
	formats_outsiders) echo write_formats ;;
	esac
}

# The binary, and what those tests need that a mutant names.
build_copy() {
	local targets
	targets=$(for patch in "${mutants[@]}"; do for test in $(caught_by "$patch"); do target_of "$test"; done; done | sort -u)
	cmake --build "$build" -j "$(nproc)" --target brunt $targets >>"$log" 2>&1 9>&-
}

# 0: passed, 1: failed, 77: could not run here, 2: there is no such test
run_test() {
	local said
	said=$(ctest --test-dir "$build" -R "^$1\$" --no-tests=error --output-on-failure "${@:2}" 2>&1 9>&-)
	local status=$?
	echo "$said" >>"$log"
	case $said in
	*"No tests were found"*) return 2 ;;
	*"***Skipped"*) return 77 ;;
	esac
	[ $status -eq 0 ]
}

# How each test fares without any mutant, found out before the first one goes on. What judges times may have a bad moment.
declare -A sound
find_soundness() {
	local patch test
	for patch in "${mutants[@]}"; do
		for test in $(caught_by "$patch"); do
			[ -z "${sound[$test]:-}" ] || continue
			run_test "$test" --repeat until-pass:3
			sound[$test]=$?
		done
	done
}

patch_copy() {
	(cd "$copy" && patch -p1 --no-backup-if-mismatch "$@") >>"$log" 2>&1
}

bad=0 caught=0 skipped=0
row() {
	case $3 in
	caught) caught=$((caught + 1)) ;;
	skipped) skipped=$((skipped + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
	printf '%-36s %-40s %s\n' "$(basename "$1" .patch)" "$2" "$3"
}

# Puts a mutant on, runs its tests, takes it off again; the next build is the next mutant's.
try() {
	local patch=$1 test sound_tests=
	for test in $(caught_by "$patch"); do
		case ${sound[$test]} in
		0) sound_tests+=" $test" ;;
		77) row "$patch" "$test" "skipped" ;;
		2) row "$patch" "$test" "no such test" ;;
		*) row "$patch" "$test" "fails without the mutant" ;;
		esac
	done
	[ -n "$sound_tests" ] || return

	if ! patch_copy --dry-run <"$patch"; then
		row "$patch" "-" "does not apply"
		return
	fi
	patch_copy <"$patch"
	if build_copy; then
		for test in $sound_tests; do
			if run_test "$test"; then
				row "$patch" "$test" "MISSED"
			else
				row "$patch" "$test" "caught"
			fi
		done
	else
		row "$patch" "-" "does not build"
	fi
	patch_copy -R <"$patch"
}

choose_mutants "$@"
take_folder
copy_tree
cmake -S "$copy" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug >>"$log" 2>&1 && build_copy || {
	echo "mutants: the tree does not build; see $log" >&2
	exit 1
}

find_soundness
printf '%-36s %-40s %s\n' "mutant" "caught by" "verdict"
for patch in "${mutants[@]}"; do
	try "$patch"
done
if [ $# -eq 0 ]; then
	for scenario in tests/scenario/*.yaml; do
		name=scenario_$(basename "$scenario" .yaml)
		grep -qs "^Caught-by:.*\b$name\b" tests/mutants/*.patch || printf '%-36s %-40s %s\n' "(none)" "$name" "no mutant"
	done
fi
echo "mutants: ${#mutants[@]} mutants; tests that must fail: $caught did, $skipped could not run here, $bad wrong; log in $log"
[ $bad -eq 0 ]
