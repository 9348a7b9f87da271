#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/interval.h"
#include "measure/verdict.h"

#define EVENT_LINE_MAX ((size_t)64 * 1024 * 1024)
#define CONTROL_LINE_MAX ((size_t)4 * 1024)

/* The event stream (NDJSON), the one seam between a run and whatever watches it: one line each, `"event"` first, times
 * in ns since T0. Every encoder appends one line with its "\n"; false: the buffer's ceiling was reached and nothing was
 * appended. Integers above 2^53 − 1 are strings of digits (RFC 7493 §2.2); what is not known is null; counters that are
 * 0 are left out.
 *
 *   run       {event, v:1, id, name, brunt, started_at, hash, requests[], shard, shards}
 *
 *   phase     {event, at_ns, phase: "baseline"|"warmup"|"measure"|"recover"|"drain"}
 *
 *   level     {event, level, start_ns, end_ns, offered}: declared, before its first interval
 *
 *   interval  {event, seq, start_ns, end_ns, in_flight, …, levels[{level: n|"warmup", last, …, counts, histograms,
 *             exact, requests{NAME: {counts, histograms, exact}}, target, self}]} with
 *             counts {scheduled, …, failures{CLASS: n}, status{"200": n}}, histograms {METRIC: V2 base64},
 *             exact {METRIC: [min, max, clamped, "sum", "sum of squares"]}, which is what V2 cannot carry, so that an
 *             interval comes back bit for bit, and target and self {GAUGE: [n, sum, peak, last, min]}
 *
 *   judged    {event, level, status, findings[{onset_ns, rule, mode, text, measured, threshold}]}
 *
 *   finding   {event, at_ns, onset_ns, rule, mode, text, measured, threshold}: a cause of the level that was judged
 *             BROKEN just before; at_ns is when it was found, onset_ns since when it had held (−1: not known)
 *
 *   end       {event, at_ns, status, exit_code, reasons[]} */
struct run_identity {
	const char *id; /* "20261122T020000Z-1a2b3c" */
	int64_t started_wall_ns;
	uint32_t shard, shards;
};

bool event_encode_run(struct buf *into, const struct run_identity *identity, const struct plan *plan);
bool event_encode_phase(struct buf *into, const char *phase, int64_t at_ns);
bool event_encode_level(struct buf *into, uint32_t level, int64_t start_ns, int64_t end_ns, double offered);
bool event_encode_interval(struct buf *into, const struct interval *interval, const struct plan *plan);
bool event_encode_judged(struct buf *into, const struct level_verdict *verdict);
bool event_encode_finding(struct buf *into, const struct finding *finding, int64_t at_ns);
bool event_encode_end(struct buf *into, const struct verdict *verdict, int64_t at_ns);

/* One line back. interval: filled for "interval" events (from interval_new, for plan->requests_n requests); left empty
 * where the line is wrong. An event of an unknown name is EVENT_UNKNOWN, not an error: later versions may have more. */
enum event_kind {
	EVENT_RUN,
	EVENT_PHASE,
	EVENT_LEVEL,
	EVENT_INTERVAL,
	EVENT_JUDGED,
	EVENT_FINDING,
	EVENT_END,
	EVENT_UNKNOWN
};

struct event {
	enum event_kind kind;
	int64_t at_ns;
	uint32_t level;
	int64_t start_ns, end_ns;
	double offered;
	char text[64]; /* run: id; phase: its name; judged, end: status; finding: rule */
	int exit_code;
	char hash[17]; /* run: of its profile */
	uint32_t shard, shards;
};

bool event_decode(const char *line, size_t length, const struct plan *plan, struct event *event,
	struct interval *interval, struct error *err);

/* An interval of one's own, for decoding into. Untouched slots and histograms cost no memory. */
struct interval *interval_new(uint32_t requests_n, uint32_t levels_max);
void interval_free(struct interval *interval);
void interval_reset(struct interval *interval);

/* The control stream (NDJSON) into a run: {"control": "level", "rate": 120, "at_ns": 5000000000}, {"control": "drain"},
 * {"control": "stop"}. */
enum control_kind { CONTROL_LEVEL, CONTROL_DRAIN, CONTROL_STOP };

struct control {
	enum control_kind kind;
	double level;  /* CONTROL_LEVEL: per second, or users */
	int64_t at_ns; /* since T0; −1: at once */
};

bool control_decode(const char *line, size_t length, struct control *control, struct error *err);
