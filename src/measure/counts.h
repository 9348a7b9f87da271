#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"

/* Counters of a level, a request or a run. Three of them are counted where they happen (scheduled when an arrival is
 * taken from the schedule, sent when its first byte was handed to the kernel, the outcome when it ended), so that the
 * identities below can be wrong, and are checked. */
struct counts {
	uint64_t scheduled, sent;
	uint64_t ok, failed, unfinished, dropped, unsent;
	uint64_t retried;      /* requests sent a second time: on the wire = sent + retried + redirected */
	uint64_t redirected;   /* redirects followed: on the wire = sent + retried + redirected */
	uint64_t ok_in_window; /* oks that completed inside the level's window, whichever level they were due in */
	uint64_t by_failure[FAILURE_COUNT];
	uint64_t by_phase[FAILURE_COUNT][EXCHANGE_PHASE_COUNT]; /* how far they had come: adds up to by_failure */
	uint64_t by_status[500]; /* [status − 100]; every complete or partial response with a status */
	uint64_t bytes_sent, bytes_received, bytes_decoded;
	/* Of flows, in the cells of their first step: started = completed + broken + full + cut. */
	uint64_t sessions_started;   /* in the level of their arrival; each of the others in that of their last step */
	uint64_t sessions_completed; /* all their steps were performed */
	uint64_t sessions_broken;    /* a step failed */
	uint64_t sessions_full;      /* their conversation came to its ceiling */
	uint64_t sessions_cut;       /* the load ended or paused first */
	uint64_t good, good_in_window; /* oks that hold all of good_when; the latter as ok_in_window is */
	/* Of generated answers, successes alone. */
	uint64_t generations;
	uint64_t by_chunks, by_usage, by_chunk_usage; /* how many had their tokens counted in which way: token_basis */
	uint64_t completion_tokens, tokens_in_window; /* the latter as ok_in_window is */
	uint64_t with_prompt_tokens;                  /* how many whose server counted the prompt … */
	uint64_t prompt_tokens, cached_tokens;        /* … and what it counted */
	uint64_t cache_hits;                          /* of them, those with any cached token */
	uint64_t chunks, coalesced;
	uint64_t by_finish[FINISH_COUNT];
};

enum session_event { SESSION_STARTED, SESSION_COMPLETED, SESSION_BROKEN, SESSION_FULL, SESSION_CUT };

/* The plain counters by the names that they have in every output; ended by a null name. by_failure, by_finish and
 * by_status have their own: failure_rows, finish_names, and the status as text. */
struct counts_field {
	const char *name;
	size_t offset; /* of a uint64_t in struct counts */
};
extern const struct counts_field counts_fields[];

static inline uint64_t *
counts_at(struct counts *counts, const struct counts_field *field)
{
	return (uint64_t *)(void *)((char *)counts + field->offset);
}

static inline uint64_t
counts_value(const struct counts *counts, const struct counts_field *field)
{
	return *(const uint64_t *)(const void *)((const char *)counts + field->offset);
}

/* n of one class, in the sums too. */
void counts_add_failures(struct counts *counts, enum failure failure, enum exchange_phase phase, uint64_t n);
void counts_add_session(struct counts *counts, enum session_event event);
/* A success that was generated; others are left out. */
void counts_add_generation(struct counts *counts, const struct exchange *x);
void counts_merge(struct counts *into, const struct counts *from);
/* scheduled = sent + dropped + unsent, sent = ok + failed + unfinished, and the classes add up. */
bool counts_identities_hold(const struct counts *counts);
double counts_error_rate(
	const struct counts *counts); /* (failed + dropped + unsent + unfinished) / scheduled; NAN for 0 */
/* What the failures of an interval are a share of: some that ended in it were due before it. */
static inline uint64_t
counts_due_or_ended(uint64_t scheduled, uint64_t ended)
{
	return scheduled > ended ? scheduled : ended;
}
double counts_interval_error_rate(const struct counts *interval);   /* NAN: nothing was due, nor ended */
double counts_interval_timeout_rate(const struct counts *interval); /* as it */
uint64_t counts_timeouts(const struct counts *counts);              /* timeout + those of queue, connect and TLS */
uint64_t counts_unconnected(const struct counts *counts);     /* connect_refused + connect_timeout + connect_reset */
double counts_timeout_rate(const struct counts *counts);      /* timeouts / scheduled */
uint64_t counts_client_failures(const struct counts *counts); /* those that blame CLIENT */
