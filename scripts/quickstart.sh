#!/usr/bin/env bash
# The shortest way to see brunt at work: installs what a build needs, builds it, starts a simulated server that can answer
# 400 requests per second, and lets brunt find that out by itself. Takes about a minute; leaves results in results/.
#
#   scripts/quickstart.sh [FLAG...]    flags for `brunt run`, such as --set load.steps.to=600/s
#
# Where $BRUNT names a brunt that is built already, that one is used, and nothing is installed or built.
set -euo pipefail
cd "$(dirname "$0")/.."

capacity=400/s
workers=4
queue=40

build_brunt() {
	scripts/install-deps.sh --build
	mkdir -p build
	echo "quickstart: building"
	if ! { cmake --preset release && cmake --build --preset release --target brunt; } >build/quickstart.log 2>&1; then
		cat build/quickstart.log >&2
		exit 1
	fi
}

brunt=${BRUNT:-}
if [ -z "$brunt" ]; then
	build_brunt
	brunt=build/release/brunt
fi

target_log=$(mktemp)
target_pid=
end_target() {
	[ -z "$target_pid" ] || { kill "$target_pid" && wait "$target_pid"; } 2>/dev/null || true
	rm -f "$target_log"
}
trap end_target EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$brunt" target --port 0 --capacity "$capacity" --workers "$workers" --queue "$queue" >"$target_log" 2>&1 &
target_pid=$!

url=
for _ in $(seq 100); do
	url=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$target_log")
	[ -z "$url" ] || break
	kill -0 "$target_pid" 2>/dev/null || break
	sleep 0.1
done
if [ -z "$url" ]; then
	echo "quickstart: the target did not start:" >&2
	cat "$target_log" >&2
	exit 1
fi
port=${url##*:}
port=${port%%/*}

echo "quickstart: a server with a capacity of $capacity listens on $url; now brunt looks for its limit"
echo
"$brunt" run profiles/quickstart.yaml --set "target.url=$url" --set "target.watch.port=$port" "$@"
