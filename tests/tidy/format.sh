#!/bin/sh
# Fails where clang-format would change a line; `format.sh --fix` changes it. Tables (*.def) are aligned by hand.
cd "$(dirname "$0")/../.." || exit 1
if [ "${1:-}" = --fix ]; then
	set -- -i
else
	set -- --dry-run -Werror
fi
find src tests -name '*.[ch]' -print0 | xargs -0 clang-format "$@"
