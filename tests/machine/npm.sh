#!/bin/sh
# npm.sh "PACKAGE@VERSION…" SCRIPT [ARGUMENT…]: node runs SCRIPT, which has these packages of npm's at hand (require, or import by $NODE_PATH).
# They are installed once into $BRUNT_NODE_DIR (default: outsiders/ in the cache directory), never into the source tree.
# Exit 77: there is no node, or the registry is out of reach. That a package cannot be had for any other reason is a failure.
set -eu
packages=$1
shift
node_dir=${BRUNT_NODE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/brunt/outsiders}

all_there() {
	for package in $packages; do
		[ -d "$node_dir/node_modules/${package%@*}" ] || return 1
	done
}

if ! command -v node >/dev/null; then
	echo "npm.sh: skipped: needs node (Debian: nodejs, npm)" >&2
	exit 77
fi
mkdir -p "$node_dir"
exec 9>"$node_dir/lock"
flock 9 # other tests may want other packages of the same folder
if ! all_there; then
	if ! command -v npm >/dev/null; then
		echo "npm.sh: node is here, but no npm that could install $packages (Debian: npm)" >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # several
	if ! timeout 180 npm install --prefix "$node_dir" --no-audit --no-fund --silent $packages >&2; then
		if timeout 30 npm ping >/dev/null 2>&1; then
			echo "npm.sh: npm could not install $packages, though the registry answers" >&2
			exit 1
		fi
		echo "npm.sh: skipped: the registry of npm is out of reach" >&2
		exit 77
	fi
fi
exec 9>&-
NODE_PATH=$node_dir/node_modules exec node "$@"
