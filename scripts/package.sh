#!/usr/bin/env bash
# Builds the Debian package in build/package, and looks at what came of it: what it depends on, what is in it, whether the
# binary in it runs, and what lintian says where that is installed. Installs nothing.
#
#   scripts/package.sh            prints the package's path at the end
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/package
fail() {
	echo "package: $*" >&2
	exit 1
}

cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON -DCMAKE_INSTALL_PREFIX=/usr \
	-DCMAKE_INSTALL_LIBDIR=lib -DBRUNT_TESTS=OFF -DBRUNT_DEBIAN=ON >/dev/null
cmake --build $build
rm -f $build/*.deb
(cd $build && cpack -G DEB >/dev/null)

packages=("$build"/*.deb)
[ ${#packages[@]} -eq 1 ] && [ -f "${packages[0]}" ] || fail "there is not one package in $build"
package=${packages[0]}
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT

dpkg-deb --info "$package" >/dev/null
depends=$(dpkg-deb --field "$package" Depends)
for library in libc6 libuv1 libcjson1 libyaml-0-2 zlib1g; do
	case ", $depends" in
	*", $library"*) ;;
	*) fail "it does not depend on $library: $depends" ;;
	esac
done

# As on a machine that has it, but for its place: the binary, what helps its users, and profiles that hold.
dpkg-deb -x "$package" "$unpacked"
brunt=$unpacked/usr/bin/brunt
for file in usr/share/man/man1/brunt.1.gz usr/share/bash-completion/completions/brunt usr/share/zsh/site-functions/_brunt \
	usr/share/fish/vendor_completions.d/brunt.fish usr/share/doc/brunt/copyright usr/share/brunt/profiles/quickstart.yaml; do
	[ -f "$unpacked/$file" ] || fail "it lacks /$file"
done
if ldd "$brunt" | grep "not found"; then
	fail "its binary finds not all of its libraries"
fi
version=$("$brunt" --version)
[ "$version" = "brunt $(dpkg-deb --field "$package" Version)" ] || fail "it says of itself that it is '$version'"
for profile in "$unpacked"/usr/share/brunt/profiles/*.yaml; do
	"$brunt" check "$profile" >/dev/null || fail "$(basename "$profile") does not hold"
done
if command -v lintian >/dev/null; then
	lintian --fail-on error "$package"
else
	echo "package: lintian is not installed; what it would say is not known" >&2
fi
echo "package: depends on $depends"
echo "$package"
