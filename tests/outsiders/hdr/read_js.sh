#!/bin/sh
# read_js.sh LOG: npm's hdr-histogram-js reads an interval log. Prints "tag count min p50 p90 p95 p99 p999 max" per tag, in ns.
# The package is installed once into $BRUNT_NODE_DIR (default: outsiders/ in the cache directory), never into the source tree.
# Exit 77: there is no node, or the registry is out of reach. That the package cannot be had for any other reason is a failure.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
node_dir=${BRUNT_NODE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/brunt/outsiders}
if ! command -v node >/dev/null; then
	echo "read_js.sh: skipped: needs node (Debian: nodejs, npm)" >&2
	exit 77
fi
if [ ! -d "$node_dir/node_modules/hdr-histogram-js" ]; then
	if ! command -v npm >/dev/null; then
		echo "read_js.sh: node is here, but no npm that could install hdr-histogram-js (Debian: npm)" >&2
		exit 1
	fi
	mkdir -p "$node_dir"
	if ! timeout 120 npm install --prefix "$node_dir" --no-audit --no-fund --silent hdr-histogram-js@3 >&2; then
		if timeout 30 npm ping >/dev/null 2>&1; then
			echo "read_js.sh: npm could not install hdr-histogram-js, though the registry answers" >&2
			exit 1
		fi
		echo "read_js.sh: skipped: the registry of npm is out of reach" >&2
		exit 77
	fi
fi
NODE_PATH=$node_dir/node_modules exec node "$here/reader.js" "$1"
