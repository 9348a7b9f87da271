#include "measure/counts.h"

#include <math.h>

#include "base/check.h"

void
counts_merge(struct counts *into, const struct counts *from)
{
	into->scheduled += from->scheduled;
	into->sent += from->sent;
	into->ok += from->ok;
	into->failed += from->failed;
	into->unfinished += from->unfinished;
	into->dropped += from->dropped;
	into->unsent += from->unsent;
	into->retried += from->retried;
	into->ok_in_window += from->ok_in_window;
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		into->by_failure[i] += from->by_failure[i];
	for (size_t i = 0; i < ARRAY_LEN(into->by_status); i++)
		into->by_status[i] += from->by_status[i];
	into->bytes_sent += from->bytes_sent;
	into->bytes_received += from->bytes_received;
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

double
counts_timeout_rate(const struct counts *counts)
{
	return counts_share_of_scheduled(counts, counts->by_failure[FAILURE_RESPONSE_TIMEOUT] +
							 counts->by_failure[FAILURE_QUEUE_TIMEOUT] +
							 counts->by_failure[FAILURE_CONNECT_TIMEOUT]);
}

uint64_t
counts_client_failures(const struct counts *counts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < FAILURE_COUNT; i++)
		n += failure_rows[i].blames == BLAMES_CLIENT ? counts->by_failure[i] : 0;
	return n;
}
