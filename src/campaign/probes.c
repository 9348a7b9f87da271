#include "campaign/probes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

struct probe {
	struct probes *all;
	struct probe_record *record;
	struct fetch fetch;
	uv_timer_t timer;
	bool has_fetch, is_timer_closed;
};

static bool
is_same(const struct probe_change *a, const struct probe_change *b)
{
	return a->status == b->status && a->failure == b->failure;
}

bool
probe_record_add(struct probe_record *record, const struct probe_change *said)
{
	record->polls++;
	if (record->changes_n > 0 && is_same(&record->last, said))
		return false;
	record->last = *said;
	if (record->changes_n < PROBE_CHANGES_MAX)
		record->changes[record->changes_n] = *said;
	record->changes_n++;
	return true;
}

static void
probe_on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct probe *probe = context;
	struct probes *all = probe->all;
	struct probe_change said = {
		.status = answer->failure == FAILURE_COUNT ? answer->status : 0, .failure = answer->failure};

	(void)fetch;
	if (probe->record->words[0] == '\0')
		snprintf(probe->record->words, sizeof(probe->record->words), "%s", answer->words);
	/* It is told of the moment when it was asked: an answer that hung for a second was not good until then. What
	 * was asked before the load began is how things stood as it did. */
	said.at_ns = all->now_ns(all->context) - (clock_now_ns(&monotonic_clock) - answer->began_ns);
	said.at_ns = said.at_ns > 0 ? said.at_ns : 0;
	if (probe_record_add(probe->record, &said) && all->on_change != NULL)
		all->on_change(all->context, probe->record, &said);
}

static void
probe_on_timer(uv_timer_t *timer)
{
	struct probe *probe = timer->data;

	if (!probe->fetch.is_busy)
		fetch_begin(&probe->fetch);
}

bool
probes_init(struct probes *probes, uv_loop_t *loop, struct probe_record *records, size_t n, struct error *err)
{
	bool is_good = true;

	*probes = (struct probes){.loop = loop, .n = n, .list = n > 0 ? must_calloc(n, sizeof(*probes->list)) : NULL};
	for (size_t i = 0; i < n; i++) { /* all of them, also where one is bad, so that they end alike */
		struct probe *probe = &probes->list[i];

		probe->all = probes;
		probe->record = &records[i];
		CHECK_OP(uv_timer_init(loop, &probe->timer), ==, 0);
		probe->timer.data = probe;
		probe->has_fetch =
			fetch_init(&probe->fetch, loop, &records[i].probe->fetch, probe_on_answer, probe, err);
		is_good = probe->has_fetch && fetch_resolve(&probe->fetch, err) && is_good;
	}
	return is_good;
}

void
probes_start(struct probes *probes)
{
	for (size_t i = 0; i < probes->n; i++) {
		struct probe *probe = &probes->list[i];
		uint64_t every_ms = (uint64_t)(probe->record->probe->every_ns / NS_PER_MS);

		CHECK_OP(uv_timer_start(&probe->timer, probe_on_timer, 0, every_ms), ==, 0);
	}
}

static void
probe_on_timer_closed(uv_handle_t *handle)
{
	struct probe *probe = handle->data;

	probe->is_timer_closed = true;
}

void
probes_stop(struct probes *probes)
{
	for (size_t i = 0; i < probes->n; i++) {
		if (!uv_is_closing((uv_handle_t *)&probes->list[i].timer))
			uv_close((uv_handle_t *)&probes->list[i].timer, probe_on_timer_closed);
		fetch_close(&probes->list[i].fetch);
	}
	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *probe = &probes->list[i];

		while (!probe->is_timer_closed || (probe->has_fetch && !probe->fetch.is_closed))
			uv_run(probes->loop, UV_RUN_ONCE);
	}
}

void
probes_fini(struct probes *probes)
{
	for (size_t i = 0; i < probes->n; i++)
		fetch_fini(&probes->list[i].fetch);
	free(probes->list);
	*probes = (struct probes){0};
}
