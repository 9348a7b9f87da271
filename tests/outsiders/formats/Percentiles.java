import java.nio.ByteBuffer;
import java.util.Base64;
import org.HdrHistogram.Histogram;

/** Decodes a V2 histogram (base64, the one argument) and prints its percentiles in milliseconds. */
public class Percentiles {
	public static void main(String[] args) throws Exception {
		ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(args[0]));
		Histogram.decodeFromCompressedByteBuffer(bytes, 0).outputPercentileDistribution(System.out, 5, 1e6);
	}
}
