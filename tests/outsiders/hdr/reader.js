// Merges all lines of each tag of an interval log and prints: tag count min p50 p90 p95 p99 p999 max, in ns.
const fs = require("fs");
const { HistogramLogReader, build } = require("hdr-histogram-js");

const BITS = 64; // counts as doubles: the packed 16 and 32 bits would overflow

const reader = new HistogramLogReader(fs.readFileSync(process.argv[2], "utf8"), BITS);
const byTag = new Map();
for (let line; (line = reader.nextIntervalHistogram()) !== null;) {
	if (!byTag.has(line.tag))
		byTag.set(line.tag, build({
			bitBucketSize: BITS,
			lowestDiscernibleValue: 1,
			highestTrackableValue: 3600000000000,
			numberOfSignificantValueDigits: 3,
		}));
	byTag.get(line.tag).add(line);
}
for (const tag of [...byTag.keys()].sort()) {
	const h = byTag.get(tag);
	const figures = [50, 90, 95, 99, 99.9].map((percentile) => h.getValueAtPercentile(percentile));
	const min = h.getCountAtIndex(0) > 0 ? 0 : h.minNonZeroValue;
	console.log(tag, h.totalCount, min, ...figures, h.maxValue);
}
