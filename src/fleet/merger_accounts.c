#include "fleet/merger_parts.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"

/* What is kept of each shard by itself: what it has begun and not ended, and how it stands beside the others. */

static struct debt *
debt_of(const struct merger *merger, struct merger_shard *shard, uint32_t level)
{
	struct debt *unused = NULL;

	for (size_t i = 0; i < MERGER_LEVELS_MAX; i++) {
		struct debt *debt = &shard->debts[i];

		if (debt->is_used && debt->level == level)
			return debt;
		if (!debt->is_used && unused == NULL)
			unused = debt;
	}
	if (unused == NULL)
		return NULL;
	if (unused->requests == NULL)
		unused->requests = must_calloc(merger->plan->requests_n, sizeof(*unused->requests));
	unused->is_used = true;
	unused->level = level;
	return unused;
}

static void
debt_clear(const struct merger *merger, struct debt *debt)
{
	for (size_t i = 0; i < merger->plan->requests_n; i++)
		debt->requests[i] = (struct owed){0};
	debt->is_used = false;
}

/* What was scheduled or sent and has not ended yet, or the other way round where it began in an earlier interval. */
static bool
note_debts(const struct merger *merger, struct merger_shard *shard, const struct interval_level *level)
{
	struct debt *debt = debt_of(merger, shard, level->level);

	if (debt == NULL)
		return false;
	for (size_t i = 0; i < merger->plan->requests_n; i++) {
		const struct counts *c = &level->requests[i].counts;

		debt->requests[i].unsent += (int64_t)(c->scheduled - c->sent - c->dropped - c->unsent);
		debt->requests[i].unfinished += (int64_t)(c->sent - c->ok - c->failed - c->unfinished);
	}
	if (level->is_last)
		debt_clear(merger, debt);
	return true;
}

/* Figures of a warm-up are nobody's; its counts are. */
static void
note_account(struct shard_account *account, const struct interval_level *level)
{
	const struct counts *c = &level->all.counts;
	const struct histogram *lateness = &level->all.histograms[METRIC_LATENESS];

	account->scheduled += c->scheduled;
	account->sent += c->sent;
	account->ok += c->ok;
	account->failed += c->failed;
	account->dropped += c->dropped;
	account->unsent += c->unsent;
	account->unfinished += c->unfinished;
	gauge_stats_merge(&account->cpu, &level->self.gauges[GAUGE_CPU]);
	if (level->level == LEVEL_WARMUP)
		return;
	account->ok_in_window += c->ok_in_window;
	account->window_ns += level->window_ns;
	if (lateness->total == 0)
		return;
	if (!histogram_is_ready(&account->lateness))
		histogram_init(&account->lateness);
	histogram_merge(&account->lateness, lateness);
}

bool
merger_note_levels(struct merger *merger, struct merger_shard *shard, const struct interval *interval)
{
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		if (!level->is_used)
			continue;
		if (!note_debts(merger, shard, level))
			return false;
		merger->sent += level->all.counts.sent;
		note_account(&shard->account, level);
		if (level->level == LEVEL_WARMUP) {
			shard->warmup_is_closed = level->is_last;
			merger->has_warmup = true;
		} else {
			if (level->is_last && level->level >= shard->closed_below)
				shard->closed_below = level->level + 1;
			merger_begin_level(merger, level->level);
		}
	}
	return true;
}

static void
pay_debt(const struct merger *merger, struct merger_shard *shard, struct debt *debt)
{
	struct interval_level *level = interval_level_of(merger->next, debt->level);

	for (size_t i = 0; level != NULL && i < merger->plan->requests_n; i++) {
		const struct owed *owed = &debt->requests[i];
		struct counts *cells[] = {&level->all.counts, &level->requests[i].counts};

		for (size_t c = 0; c < ARRAY_LEN(cells); c++) {
			counts_add_failures(cells[c], FAILURE_CANCELLED, EXCHANGE_QUEUE,
				(uint64_t)(owed->unsent > 0 ? owed->unsent : 0));
			cells[c]->unfinished += (uint64_t)(owed->unfinished > 0 ? owed->unfinished : 0);
		}
		shard->account.unsent += (uint64_t)(owed->unsent > 0 ? owed->unsent : 0);
		shard->account.unfinished += (uint64_t)(owed->unfinished > 0 ? owed->unfinished : 0);
	}
	debt_clear(merger, debt);
}

void
merger_pay_debts(struct merger *merger, struct merger_shard *shard)
{
	for (size_t i = 0; i < MERGER_LEVELS_MAX; i++)
		if (shard->debts[i].is_used)
			pay_debt(merger, shard, &shard->debts[i]);
}

void
merger_account(const struct merger *merger, uint32_t index, struct shard_record *record)
{
	const struct shard_account *account = &merger->shards[index].account;
	const struct histogram *lateness = &account->lateness;
	bool has_p99 = histogram_is_ready(lateness) && histogram_shows(lateness->total, 0.99);

	record->shard = index;
	record->scheduled = account->scheduled;
	record->sent = account->sent;
	record->ok = account->ok;
	record->failed = account->failed;
	record->dropped = account->dropped;
	record->unsent = account->unsent;
	record->unfinished = account->unfinished;
	record->achieved_per_s =
		account->window_ns > 0 ? (double)account->ok_in_window / ns_to_s(account->window_ns) : NAN;
	record->lateness_p99_ns = has_p99 ? histogram_quantile_ns(lateness, 0.99) : -1;
	record->cpu_avg = gauge_stats_avg(&account->cpu);
	record->cpu_peak = account->cpu.n > 0 ? account->cpu.peak : NAN;
}
