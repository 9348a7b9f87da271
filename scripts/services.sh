#!/usr/bin/env bash
# Shipped profiles, shortened, against servers that people run, over TLS, by HTTP/1.1 and HTTP/2: what brunt says that it sent must be what each server
# says that it received. Installs the servers that Debian packages, builds brunt, prints a table; status 1 where a count differs.
#
#   scripts/services.sh                 nginx, h2o, HAProxy, Apache and Node, and nghttpd, which speaks HTTP/2 alone
#   scripts/services.sh nginx node      these
#
# BRUNT=FILE: a binary that is there already. It takes some five minutes for all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
for pair in nginx:nginx-light h2o:h2o haproxy:haproxy apache2:apache2 node:nodejs nghttpd:nghttp2-server; do
	PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
done
if [ "${#packages[@]}" -gt 0 ]; then
	sudo=$([ "$(id -u)" = 0 ] || echo sudo)
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
if [ -z "${BRUNT:-}" ]; then
	scripts/install-deps.sh
	cmake --preset release -DBRUNT_TESTS=OFF >/dev/null
	cmake --build --preset release --target brunt >/dev/null
	BRUNT=build/release/brunt
fi
exec timeout -k 5 1800 /usr/bin/python3 tests/services/services.py "$BRUNT" "$@"
