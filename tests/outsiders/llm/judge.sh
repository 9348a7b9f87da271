#!/bin/sh
# judge.sh SDK URL WHAT: npm's client for an API, SDK.js here, asks the server at URL for WHAT and prints what it got as JSON.
# Exit 77: it cannot be had here.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "$here/../../machine/npm.sh" "openai@6 @anthropic-ai/sdk@0.137 ollama@0.6" "$here/$1.js" "$2" "$3"
