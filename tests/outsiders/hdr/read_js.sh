#!/bin/sh
# read_js.sh LOG: npm's hdr-histogram-js reads an interval log. Prints "tag count min p50 p90 p95 p99 p999 max" per tag, in ns.
# The package is installed once into $BRUNT_NODE_DIR (default: outsiders/ in the cache directory), never into the source tree.
# Exit 77: there is no node or npm, or the registry cannot be reached.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
node_dir=${BRUNT_NODE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/brunt/outsiders}
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "read_js.sh: skipped: needs node and npm" >&2
	exit 77
fi
if [ ! -d "$node_dir/node_modules/hdr-histogram-js" ]; then
	mkdir -p "$node_dir"
	if ! timeout 120 npm install --prefix "$node_dir" --no-audit --no-fund --silent hdr-histogram-js@3 >&2; then
		echo "read_js.sh: skipped: npm could not install hdr-histogram-js" >&2
		exit 77
	fi
fi
NODE_PATH=$node_dir/node_modules exec node "$here/reader.js" "$1"
