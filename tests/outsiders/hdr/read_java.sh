#!/bin/sh
# read_java.sh LOG: Java's HdrHistogram reads an interval log. Prints "tag count min p50 p90 p95 p99 p999 max" per tag, in ns.
# Exit 77: there is no Java or no library (Debian: default-jdk-headless, libhdrhistogram-java).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
jar=${HDRHISTOGRAM_JAR:-}
for candidate in /usr/share/java/hdrhistogram.jar /usr/share/java/HdrHistogram.jar; do
	[ -n "$jar" ] || [ ! -e "$candidate" ] || jar=$candidate
done
if [ -z "$jar" ] || ! command -v java >/dev/null; then
	echo "read_java.sh: skipped: needs java and libhdrhistogram-java" >&2
	exit 77
fi
exec java -XX:TieredStopAtLevel=1 -cp "$jar" "$here/Reader.java" "$1"
