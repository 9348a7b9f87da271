#include "measure/counts.h"

#include <math.h>

#include "base/check.h"

#define FIELD(name)                                                                                                    \
	{                                                                                                              \
#name, offsetof(struct counts, name)                                                                   \
	}

const struct counts_field counts_fields[] = {
	FIELD(scheduled),
	FIELD(sent),
	FIELD(ok),
	FIELD(failed),
	FIELD(unfinished),
	FIELD(dropped),
	FIELD(unsent),
	FIELD(retried),
	FIELD(redirected),
	FIELD(ok_in_window),
	FIELD(bytes_sent),
	FIELD(bytes_received),
	FIELD(bytes_decoded),
	FIELD(sessions_started),
	FIELD(sessions_completed),
	FIELD(sessions_broken),
	FIELD(sessions_full),
	FIELD(sessions_cut),
	FIELD(good),
	FIELD(good_in_window),
	FIELD(generations),
	FIELD(by_chunks),
	FIELD(by_usage),
	FIELD(by_chunk_usage),
	FIELD(completion_tokens),
	FIELD(tokens_in_window),
	FIELD(with_prompt_tokens),
	FIELD(prompt_tokens),
	FIELD(cached_tokens),
	FIELD(cache_hits),
	FIELD(chunks),
	FIELD(coalesced),
	{0},
};

void
counts_add_failures(struct counts *counts, enum failure failure, enum exchange_phase phase, uint64_t n)
{
	counts->by_failure[failure] += n;
	counts->by_phase[failure][phase] += n;
	switch (failure_rows[failure].counts) {
	case COUNTS_FAILED: counts->failed += n; break;
	case COUNTS_UNSENT: counts->unsent += n; break;
	case COUNTS_DROPPED: counts->dropped += n; break;
	}
}

void
counts_add_session(struct counts *counts, enum session_event event)
{
	switch (event) {
	case SESSION_STARTED: counts->sessions_started++; break;
	case SESSION_COMPLETED: counts->sessions_completed++; break;
	case SESSION_BROKEN: counts->sessions_broken++; break;
	case SESSION_FULL: counts->sessions_full++; break;
	case SESSION_CUT: counts->sessions_cut++; break;
	}
}

void
counts_add_generation(struct counts *counts, const struct exchange *x)
{
	const struct generation *g = x->generation;

	/* An error that the profile expects generated nothing, nor does what answers with one JSON. */
	if (x->outcome != OUTCOME_OK ||
		(g->finish == FINISH_NONE && g->completion_tokens == 0 && !g->has_prompt_tokens))
		return;
	counts->generations++;
	counts->by_chunks += g->basis == TOKENS_BY_CHUNKS;
	counts->by_usage += g->basis == TOKENS_BY_USAGE;
	counts->by_chunk_usage += g->basis == TOKENS_BY_CHUNK_USAGE;
	counts->completion_tokens += g->completion_tokens;
	counts->with_prompt_tokens += g->has_prompt_tokens;
	counts->prompt_tokens += g->prompt_tokens;
	counts->cached_tokens += g->cached_tokens;
	counts->cache_hits += g->cached_tokens > 0;
	counts->chunks += g->chunks;
	counts->coalesced += g->coalesced;
	counts->by_finish[g->finish]++;
}

/* Most classes do not occur, and then they have no phases either. */
static void
counts_merge_failure(struct counts *into, const struct counts *from, size_t failure)
{
	if (from->by_failure[failure] == 0)
		return;
	into->by_failure[failure] += from->by_failure[failure];
	for (size_t i = 0; i < EXCHANGE_PHASE_COUNT; i++)
		into->by_phase[failure][i] += from->by_phase[failure][i];
}

void
counts_merge(struct counts *into, const struct counts *from)
{
	for (const struct counts_field *field = counts_fields; field->name != NULL; field++)
		*counts_at(into, field) += counts_value(from, field);
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		counts_merge_failure(into, from, i);
	for (size_t i = 0; i < FINISH_COUNT; i++)
		into->by_finish[i] += from->by_finish[i];
	for (size_t i = 0; i < ARRAY_LEN(into->by_status); i++)
		into->by_status[i] += from->by_status[i];
}

static uint64_t
counts_of_failures(const struct counts *counts, enum failure_counts kind)
{
	uint64_t n = 0;

	for (size_t i = 0; i < FAILURE_COUNT; i++)
		n += failure_rows[i].counts == kind ? counts->by_failure[i] : 0;
	return n;
}

bool
counts_identities_hold(const struct counts *counts)
{
	return counts->scheduled == counts->sent + counts->dropped + counts->unsent &&
	       counts->sent == counts->ok + counts->failed + counts->unfinished &&
	       counts->failed == counts_of_failures(counts, COUNTS_FAILED) &&
	       counts->unsent == counts_of_failures(counts, COUNTS_UNSENT) &&
	       counts->dropped == counts_of_failures(counts, COUNTS_DROPPED);
}

static double
counts_share_of_scheduled(const struct counts *counts, uint64_t n)
{
	return counts->scheduled > 0 ? (double)n / (double)counts->scheduled : NAN;
}

double
counts_error_rate(const struct counts *counts)
{
	return counts_share_of_scheduled(
		counts, counts->failed + counts->dropped + counts->unsent + counts->unfinished);
}

uint64_t
counts_timeouts(const struct counts *counts)
{
	return counts->by_failure[FAILURE_RESPONSE_TIMEOUT] + counts->by_failure[FAILURE_QUEUE_TIMEOUT] +
	       counts->by_failure[FAILURE_CONNECT_TIMEOUT] + counts->by_failure[FAILURE_TLS_TIMEOUT];
}

uint64_t
counts_unconnected(const struct counts *counts)
{
	return counts->by_failure[FAILURE_CONNECT_REFUSED] + counts->by_failure[FAILURE_CONNECT_TIMEOUT] +
	       counts->by_failure[FAILURE_CONNECT_RESET];
}

double
counts_timeout_rate(const struct counts *counts)
{
	return counts_share_of_scheduled(counts, counts_timeouts(counts));
}

static double
counts_share_of_interval(const struct counts *interval, uint64_t n)
{
	uint64_t ended = interval->ok + interval->failed + interval->dropped + interval->unsent;
	uint64_t requests = counts_due_or_ended(interval->scheduled, ended);

	return requests > 0 ? (double)n / (double)requests : NAN;
}

double
counts_interval_error_rate(const struct counts *interval)
{
	return counts_share_of_interval(interval, interval->failed + interval->dropped + interval->unsent);
}

double
counts_interval_timeout_rate(const struct counts *interval)
{
	return counts_share_of_interval(interval, counts_timeouts(interval));
}

uint64_t
counts_client_failures(const struct counts *counts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < FAILURE_COUNT; i++)
		n += failure_rows[i].blames == BLAMES_CLIENT ? counts->by_failure[i] : 0;
	return n;
}
