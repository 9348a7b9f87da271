#!/bin/sh
# read_js.sh LOG: npm's hdr-histogram-js reads an interval log. Prints "tag count min p50 p90 p95 p99 p999 max" per tag, in ns.
# Exit 77: it cannot be had here.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "$here/../../machine/npm.sh" hdr-histogram-js@3 "$here/reader.js" "$1"
