import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/** Merges all lines of each tag of an interval log and prints: tag count min p50 p90 p95 p99 p999 max, in ns. */
public class Reader {
	public static void main(String[] args) throws Exception {
		Map<String, Histogram> byTag = new TreeMap<>();
		HistogramLogReader reader = new HistogramLogReader(new File(args[0]));
		while (reader.hasNext()) {
			EncodableHistogram line = reader.nextIntervalHistogram();
			if (line == null)
				throw new IllegalStateException("a line that is no histogram");
			byTag.computeIfAbsent(line.getTag(), tag -> new Histogram(1, 3600000000000L, 3)).add((Histogram) line);
		}
		for (Map.Entry<String, Histogram> entry : byTag.entrySet()) {
			Histogram h = entry.getValue();
			System.out.printf("%s %d %d %d %d %d %d %d %d%n", entry.getKey(), h.getTotalCount(), h.getMinValue(),
				h.getValueAtPercentile(50), h.getValueAtPercentile(90), h.getValueAtPercentile(95),
				h.getValueAtPercentile(99), h.getValueAtPercentile(99.9), h.getMaxValue());
		}
	}
}
