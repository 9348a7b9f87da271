#!/bin/sh
# judge.sh SDK URL WHAT: npm's client for an API, SDK.js here, asks the server at URL for WHAT and prints what it got as JSON.
# The packages are installed once into $BRUNT_NODE_DIR (default: outsiders/ in the cache directory), never into the source tree.
# Exit 77: there is no node, or the registry is out of reach. That a package cannot be had for any other reason is a failure.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
node_dir=${BRUNT_NODE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/brunt/outsiders}
if ! command -v node >/dev/null; then
	echo "judge.sh: skipped: needs node (Debian: nodejs, npm)" >&2
	exit 77
fi
if [ ! -d "$node_dir/node_modules/openai" ] || [ ! -d "$node_dir/node_modules/@anthropic-ai/sdk" ] ||
	[ ! -d "$node_dir/node_modules/ollama" ]; then
	if ! command -v npm >/dev/null; then
		echo "judge.sh: node is here, but no npm that could install the SDKs (Debian: npm)" >&2
		exit 1
	fi
	mkdir -p "$node_dir"
	if ! timeout 180 npm install --prefix "$node_dir" --no-audit --no-fund --silent openai@6 @anthropic-ai/sdk@0.137 \
		ollama@0.6 >&2; then
		if timeout 30 npm ping >/dev/null 2>&1; then
			echo "judge.sh: npm could not install the SDKs, though the registry answers" >&2
			exit 1
		fi
		echo "judge.sh: skipped: the registry of npm is out of reach" >&2
		exit 77
	fi
fi
NODE_PATH=$node_dir/node_modules exec node "$here/$1.js" "$2" "$3"
