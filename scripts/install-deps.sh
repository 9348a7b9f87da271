#!/usr/bin/env bash
# Installs what brunt needs from the distribution (Debian, Ubuntu), and says what.
#
#   scripts/install-deps.sh            what a build needs
#   scripts/install-deps.sh --build    the same
#   scripts/install-deps.sh --test     what the tests need as well
#
# Where everything is there already it touches no network and needs no rights.
set -euo pipefail

usage() {
	sed -n '2,6s/^# \{0,1\}//p' "$0"
}

# One line per need; alternatives are separated by "|", and the first one is installed where none is there.
build_packages() {
	cat <<-'END'
		build-essential
		cmake
		ninja-build
		pkg-config|pkgconf
		libuv1-dev
		node-llhttp|libllhttp-dev
		libcjson-dev
		libyaml-dev
		zlib1g-dev
		libpcre2-dev
		libssl-dev
		libbrotli-dev
		libnghttp2-dev
		libsqlite3-dev
		libnats-dev
		libjs-chart.js
	END
}

test_packages() {
	cat <<-'END'
		libcmocka-dev
		python3
		python3-pytest
		python3-yaml
		python3-jsonschema
		python3-scipy
		python3-prometheus-client
		python3-junitparser
		python3-h2
		python3-grpcio
		python3-croniter
		prometheus-alertmanager
		strace
		patch
		slowhttptest
		tzdata
		python3-websockets
		prometheus
		nginx-light|nginx|nginx-core|nginx-full
		libhdrhistogram-java
		clang
		libclang-rt-dev|libclang-rt-14-dev
		lld
		clang-format
		clang-tidy
		curl
		iproute2
		dnsmasq-base
		tinyproxy-bin|tinyproxy
		nftables
		nats-server
		openssl
		varnish
		chromium|chromium-browser
	END
	# Any JDK and any Node will do, wherever they came from.
	command -v javac >/dev/null || echo default-jdk-headless
	command -v node >/dev/null || echo nodejs
	command -v npm >/dev/null || echo npm
}

needs() {
	build_packages
	[ -z "$with_tests" ] || test_packages
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_known() {
	apt-cache show "$1" >/dev/null 2>&1
}

# Prints the needs none of whose alternatives is installed.
missing_of() {
	local need package
	while read -r need; do
		for package in ${need//|/ }; do
			is_installed "$package" && continue 2
		done
		echo "$need"
	done
}

# Prints, per need, the first alternative that this distribution has.
choose() {
	local need package
	while read -r need; do
		for package in ${need//|/ }; do
			is_known "$package" && { echo "$package"; continue 2; }
		done
		echo "${need%%|*}"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "install-deps: needs root or sudo to run: $*" >&2
		return 1
	fi
}

with_tests=
what="to build brunt"
case "${1:---build}" in
--build) ;;
--test)
	with_tests=yes
	what="to build and test brunt"
	;;
-h | --help)
	usage
	exit 0
	;;
*)
	echo "install-deps: unknown option '$1'" >&2
	usage >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "install-deps: this system has no apt. Install by hand what these Debian packages hold:" >&2
	needs | sed 's/^/  /; s/|/ or /g' >&2
	exit 1
fi

missing=$(needs | missing_of)
if [ -z "$missing" ]; then
	echo "install-deps: all there $what"
	exit 0
fi

as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
mapfile -t packages < <(choose <<<"$missing")
echo "install-deps: installing $what: ${packages[*]}"
# Without recommendations: node-llhttp would bring all of Node along for its three C files.
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"

missing=$(needs | missing_of)
if [ -n "$missing" ]; then
	echo "install-deps: still missing:" $missing >&2
	exit 1
fi
