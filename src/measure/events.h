#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/canary.h"
#include "measure/chronicle.h"
#include "measure/interval.h"
#include "measure/run_file.h"
#include "measure/run_record.h"
#include "measure/verdict.h"

#define EVENT_LINE_MAX ((size_t)64 * 1024 * 1024)
#define CONTROL_LINE_MAX ((size_t)4 * 1024)

/* The event stream (NDJSON), the one seam between a run and whatever watches it: one line each, `"event"` first, times
 * in ns since T0. Every encoder appends one line with its "\n"; false: the buffer's ceiling was reached and nothing was
 * appended. Integers above 2^53 − 1 are strings of digits (RFC 7493 §2.2); what is not known is null; counters that are
 * 0 are left out.
 *
 *   run       {event, v:1, id, name, brunt, started_at, hash, files[{file, hash}], requests[], shard, shards,
 * start_at_ns}: files where the profile names any, the last where it was to begin at a set wall time
 *
 *   phase     {event, at_ns, phase: "baseline"|"warmup"|"measure"|"recover"|"drain"}
 *
 *   level     {event, level, start_ns, end_ns, offered}: declared, before its first interval
 *
 *   interval  {event, seq, start_ns, end_ns, in_flight, …, levels[{level: n|"warmup", last, …, counts, histograms,
 *             exact, requests{NAME: {counts, histograms, exact}}, target, self, scraped}]} with
 *             counts {scheduled, …, failures{CLASS: n}, failed_in{CLASS: {PHASE: n}}, finish{REASON: n}, status{"200":
 *             n}}, histograms {METRIC: V2 base64}, exact {METRIC: [min, max, clamped, "sum", "sum of squares"]}, which
 * is what V2 cannot carry, so that an interval comes back bit for bit, and target, self and scraped {GAUGE: [n, sum,
 * peak, last, min]}; where something is scraped also scraped {NAME: value} as of its end, and scrapes [[good, failed],
 * …] of its endpoints
 *
 *   judged    {event, level, status, findings[{onset_ns, rule, mode, text, measured, threshold}]}
 *
 *   finding   {event, at_ns, onset_ns, rule, mode, text, measured, threshold}: a cause of the level that was judged
 *             BROKEN just before; at_ns is when it was found, onset_ns since when it had held (−1: not known)
 *
 *   shard     {event, at_ns, state, text}: what one of several processes that share a run's load says to whoever leads
 *             them (see enum shard_state); in the merged stream "lost" alone; "began" of one that nobody leads
 *
 *   action    {event, at_ns, name, state: "running"|"done"|"failed", text}: a timed action began or ended; text: why it
 *             failed
 *
 *   probe     {event, at_ns, name, said: "200"|"503"|"connect_refused"|…}: what a probe was told first, and each change
 *
 *   scrape    {event, at_ns, url, failed, text}: the first scrape of an endpoint, and whenever one fails that did not,
 * or is good again; text: why it failed. What was scraped is in the intervals
 *
 *   part      {event, part, of, arm, dir, state: "begun"|"ended", status, exit_code}: one run of an experiment, whose
 * own stream lies in dir; in the experiment's
 *
 *   stage     {event, stage, of, moment: "begins"|"decided"|"told", share, status: "promoted"|…, next_share, reason,
 * failed}: how a canary gets on; failed: whoever was told to promote or roll back did not end       {event, at_ns,
 * status, exit_code, reasons[]} */
struct run_identity {
	const char *id; /* "20261122T020000Z-1a2b3c" */
	int64_t started_wall_ns;
	uint32_t shard, shards;
	int64_t start_at_wall_ns;     /* when its load was to begin, by the wall; 0: as soon as possible */
	int64_t began_wall_ns;        /* when it did; 0: it did not, or nobody noted it */
	const struct run_file *files; /* plan->files, as they were then; the caller's */
	size_t files_n;
};

enum shard_state {
	SHARD_CUT,         /* its load stopped or paused here, within a level */
	SHARD_COMPLETE,    /* a level that ends by its count is through */
	SHARD_IDLE,        /* nothing is under way, all is said; it waits to be told how to go on */
	SHARD_UNREACHABLE, /* it never reached the target; text: the row of failure.def */
	SHARD_RELAXED,     /* it does not spin any more; text: why */
	SHARD_BEGAN,       /* its load began; text: wall time, ns since 1970 */
	SHARD_LOST,        /* its process is gone, or makes no sense; text: what became of it */
	SHARD_STATE_COUNT
};
extern const char *const shard_state_names[SHARD_STATE_COUNT];

bool event_encode_run(struct buf *into, const struct run_identity *identity, const struct plan *plan);
bool event_encode_phase(struct buf *into, const char *phase, int64_t at_ns);
bool event_encode_level(struct buf *into, uint32_t level, int64_t start_ns, int64_t end_ns, double offered);
bool event_encode_interval(struct buf *into, const struct interval *interval, const struct plan *plan);
bool event_encode_judged(struct buf *into, const struct level_verdict *verdict);
bool event_encode_finding(struct buf *into, const struct finding *finding, int64_t at_ns);
bool event_encode_shard(struct buf *into, enum shard_state state, int64_t at_ns, const char *text);
bool event_encode_action(struct buf *into, const struct action_record *record, enum action_state state, int64_t at_ns);
bool event_encode_scrape(struct buf *into, const struct plan_endpoint *endpoint, const struct scrape_change *change);
bool event_encode_probe(struct buf *into, const struct plan_probe *probe, const struct probe_change *change);
/* record NULL: it begins. */
bool event_encode_part(
	struct buf *into, size_t part, size_t of, const char *arm, const char *dir, const struct run_record *record);
bool event_encode_stage(
	struct buf *into, size_t stage, size_t of, enum canary_moment moment, const struct canary_stage_record *record);
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
	EVENT_SHARD,
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
	enum shard_state state;
	char detail[160]; /* shard: its text */
};

bool event_decode(const char *line, size_t length, const struct plan *plan, struct event *event,
	struct interval *interval, struct error *err);

/* An interval of one's own, for decoding into. Untouched slots and histograms cost no memory. */
struct interval *interval_new(uint32_t requests_n, uint32_t levels_max);
/* One that keeps only what does not add up with other processes' (windows, peaks, readings, how things stand), while
 * the rest of it was added elsewhere, by interval_add. Its cells are empty, and cost no memory. */
struct interval *interval_new_outline(uint32_t requests_n, uint32_t levels_max);
void interval_free(struct interval *interval);
void interval_reset(struct interval *interval);

/* The control stream (NDJSON) into a run, `"control"` first. What anybody may say:
 *
 *   level     {control, rate, at_ns, settle_ns, for_ns}: from then on (−1: at once) the load is steady at so much, per
 *             second or users; for so long (0: to its end), the first settle_ns of which count as warm-up
 *   drain     {control}: no more load; what is under way is waited for
 *   stop      {control}: the same, and nothing is waited for
 *
 * What only the leader of several processes says to each of them, so that their levels are the same:
 *
 *   start     {control, at_ns}: T0, on the machine's monotonic clock
 *   pause     {control}: no more load; it says when it is idle
 *   resume    {control, level, span, at_ns}: once idle, from at_ns on, with the schedule's level `span` from its start,
 *             as level `level` of the run
 *   end       {control}: it may end; nothing more is wanted of it
 *   beat      {control}: somebody leads. Said every second or so where it is said at all: a shard that has heard it
 *             once, and then nothing for CONTROL_SILENCE_NS, ends its load */
#define CONTROL_SILENCE_NS (INT64_C(10) * 1000000000)
enum control_kind {
	CONTROL_LEVEL,
	CONTROL_DRAIN,
	CONTROL_STOP,
	CONTROL_START,
	CONTROL_PAUSE,
	CONTROL_RESUME,
	CONTROL_END,
	CONTROL_BEAT,
	CONTROL_KIND_COUNT
};

struct control {
	enum control_kind kind;
	int64_t at_ns; /* since T0; −1: at once */
	/* CONTROL_LEVEL: per second, or users; for so long, and then nothing more is due until another level is said
	 * (0: to the load's end); the first settle_ns are no part of the level, but of the warm-up. */
	double level;
	int64_t settle_ns, for_ns;
	/* CONTROL_RESUME */
	uint32_t first_level;
	uint32_t span;
};

bool control_decode(const char *line, size_t length, struct control *control, struct error *err);
bool control_encode(struct buf *into, const struct control *control);
static inline bool
control_is_of_leader(const struct control *control)
{
	return control->kind >= CONTROL_START;
}
