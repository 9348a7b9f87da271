#pragma once

#include "base/buf.h"
#include "measure/summary.h"
#include "measure/verdict.h"

/* The gauges that are available, by their names, as an object of this name. */
void event_add_gauges(struct buf *into, const char *name, const struct reading *reading);

/* The last interval as figures, for whoever shows a run while it lasts and decodes no histograms (`--figures`):
 *
 *   figures   {event, start_ns, at_ns, level: n|"warmup"|null, offered, in_flight, scheduled, sent, ok, failed,
 *             dropped, unsent, unfinished, retried, achieved_per_s, tokens_per_s, failures{CLASS: n}, p50_ns, p95_ns,
 *             p99_ns, max_ns, ttft_p95_ns, lateness_p99_ns, target{GAUGE: value}, generator{GAUGE: value},
 *             scraped{NAME: value}, slos[{expr, op, unit, wanted, wanted_to, stretch, value, above_timeout, status}]}
 *
 * Counters are of this interval alone, the SLOs' values of what they are held to so far (judge_stand); null is not
 * known. One line, with its "\n"; false: the buffer's ceiling was reached and nothing was appended. */
bool event_encode_figures(
	struct buf *into, const struct summary *summary, const struct slo_verdict *slos, size_t slos_n);
