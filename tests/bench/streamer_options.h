#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of both servers of streamed answers: N tokens, one at once and one more every gap, and a gap after the last the end.
 */
struct streamer_options {
	uint64_t port, tokens;
	int64_t gap_ns;
	bool is_together; /* all streams move at the same multiples of the gap, not each by itself */
};

/* Linux's default. Where the machine's own is bbr, its pacing arms a timer for each connection, and whatever a send has
 * to wait for that is late by a cause that is neither this program's nor the reader's. */
#define STREAMER_CONGESTION "cubic"

/* False: it was said on stderr what would be right. */
bool streamer_options_parse(struct streamer_options *options, int argc, char **argv);
/* When the stream of a request that came at at_ns has its first token due. */
int64_t streamer_begin_ns(const struct streamer_options *options, int64_t at_ns);
