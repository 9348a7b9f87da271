#include "campaign/scrapes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "campaign/background.h"
#include "campaign/fetch.h"
#include "sampler/harvest.h"

/* What is read at once in the thread pool: most expositions are one slice, and few jobs are queued for a large one. */
#define SLICE_BYTES ((size_t)256 * 1024)

struct scrape {
	struct scrapes *all;
	const struct plan_endpoint *plan;
	struct scrape_record *record;
	size_t first; /* of its figures, in the plan's list */
	struct fetch fetch;
	uv_timer_t timer;
	bool has_fetch, is_timer_closed, is_stopping;

	/* The one under way. */
	bool is_under_way, is_answered;
	struct fetch_answer answer;
	enum exposition_format format;
	uint64_t taken_bytes;
	bool is_too_large, is_encoded;
	struct buf field;
	struct buf coming; /* what is not read yet */

	/* The job in the thread pool, whose these are while it runs. */
	struct background_work work;
	bool is_working, has_begun, is_last_slice;
	struct buf slice;
	struct exposition exposition;
	struct harvest *harvest;
	struct harvested harvested[SCRAPED_MAX];
	struct error err; /* of the reading */
};

/* What failed is the exporter, which the sentences of failure.def call the target. */
static void
failure_text(const struct scrape *scrape, char *into, size_t size)
{
	static const char of_target[] = "the target ";
	char said[160];
	const char *text = fetch_answer_text(&scrape->answer, said, sizeof(said));

	if (scrape->is_too_large)
		snprintf(into, size, "it is larger than max_bytes, %llu bytes",
			(unsigned long long)scrape->plan->ceiling_bytes);
	else if (scrape->is_encoded)
		snprintf(into, size, "it is compressed, which nobody asked for");
	else if (error_is_set(&scrape->err) && scrape->answer.failure != FAILURE_RESPONSE_TIMEOUT)
		snprintf(into, size, "%.*s", (int)size - 1, scrape->err.message);
	else if (strncmp(text, of_target, strlen(of_target)) == 0)
		snprintf(into, size, "it %s", text + strlen(of_target));
	else
		snprintf(into, size, "%s", text);
}

/* An answer that is not the exposition says so by its status, whatever was made of its body. */
static bool
is_answer_good(const struct scrape *scrape)
{
	return scrape->answer.failure == FAILURE_COUNT && scrape->answer.status / 100 == 2;
}

static void
note_change(struct scrape *scrape, bool has_failed)
{
	struct scrape_record *record = scrape->record;
	struct scrapes *all = scrape->all;

	if (record->counts.good + record->counts.failed > 1 && record->is_failing == has_failed)
		return;
	record->is_failing = has_failed;
	if (record->changes_n++ >= SCRAPE_CHANGES_MAX)
		return;
	struct scrape_change *change = &record->changes[record->changes_n - 1];
	int64_t now_ns = all->now_ns(all->context);

	*change = (struct scrape_change){.at_ns = now_ns > 0 ? now_ns : 0, .has_failed = has_failed};
	if (has_failed)
		failure_text(scrape, change->text, sizeof(change->text));
	if (all->on_change != NULL)
		all->on_change(all->context, record, change);
}

static void
scrape_end(struct scrape *scrape)
{
	struct scrapes *all = scrape->all;
	bool is_good = is_answer_good(scrape) && !error_is_set(&scrape->err);
	struct scraped scraped = {.endpoint = (size_t)(scrape - all->list),
		.has_failed = !is_good,
		.first = scrape->first,
		.n = scrape->plan->n};

	scrape->is_under_way = false;
	scrape->record->counts.good += is_good;
	scrape->record->counts.failed += !is_good;
	for (size_t i = 0; i < scrape->plan->n && is_good; i++) {
		const struct harvested *harvested = &scrape->harvested[i];

		scraped.values[i] = harvested->value;
		scrape->record->missing[i] =
			harvested->state == HARVEST_GOOD ? NULL : harvest_state_texts[harvested->state];
	}
	note_change(scrape, !is_good);
	all->on_scraped(all->context, &scraped);
}

/* In the thread pool. */
static void
scrape_work(struct background_work *work)
{
	struct scrape *scrape = container_of(work, struct scrape, work);

	if (!scrape->has_begun) {
		exposition_begin(&scrape->exposition, scrape->format);
		harvest_begin(scrape->harvest, scrape->format);
	}
	scrape->has_begun = true;
	if (!exposition_read(&scrape->exposition, scrape->slice.bytes, scrape->slice.length, &scrape->err))
		return;
	if (scrape->is_last_slice && exposition_end(&scrape->exposition, &scrape->err))
		harvest_end(scrape->harvest, scrape->answer.began_ns, scrape->harvested);
}

static void scrape_go_on(struct scrape *scrape);

static void
scrape_after_work(struct background_work *work, int status)
{
	struct scrape *scrape = container_of(work, struct scrape, work);

	CHECK_OP(status, ==, 0);
	scrape->is_working = false;
	buf_clear(&scrape->slice);
	scrape_go_on(scrape);
}

/* Gives the thread pool what there is, where that is enough; ends it when all was read, or there is no more use. */
static void
scrape_go_on(struct scrape *scrape)
{
	if (scrape->is_working || scrape->is_stopping || !scrape->is_under_way)
		return;
	bool is_broken = error_is_set(&scrape->err);

	if (scrape->is_answered && (scrape->is_last_slice || is_broken || !is_answer_good(scrape))) {
		scrape_end(scrape);
		return;
	}
	if (is_broken || (!scrape->is_answered && scrape->coming.length < SLICE_BYTES))
		return;
	struct buf empty = scrape->slice;

	scrape->slice = scrape->coming;
	scrape->coming = empty;
	scrape->is_last_slice = scrape->is_answered;
	scrape->is_working = true;
	background_queue(scrape->all->loop, &scrape->work, scrape_work, scrape_after_work);
}

static bool
is_header(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

static void
scrape_on_header(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct scrape *scrape = context;

	if (is_header(name, name_length, "Content-Type"))
		scrape->format = exposition_format_of(value, value_length);
	else if (is_header(name, name_length, "Content-Encoding"))
		scrape->is_encoded = !is_header(value, value_length, "identity");
}

static void
scrape_on_body(void *context, const char *bytes, size_t length)
{
	struct scrape *scrape = context;
	bool is_broken = !scrape->is_working && error_is_set(&scrape->err);

	scrape->taken_bytes += length;
	scrape->is_too_large = scrape->taken_bytes > scrape->plan->ceiling_bytes;
	if (scrape->is_too_large || scrape->is_encoded || is_broken) {
		fetch_break_off(&scrape->fetch);
		return;
	}
	if (fetch_status(&scrape->fetch) / 100 != 2)
		return;
	CHECK(buf_add(&scrape->coming, bytes, length)); /* has room for all that is taken */
	scrape_go_on(scrape);
}

static void
scrape_on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct scrape *scrape = context;

	(void)fetch;
	scrape->answer = *answer;
	scrape->is_answered = true;
	scrape_go_on(scrape);
}

static void
scrape_on_timer(uv_timer_t *timer)
{
	struct scrape *scrape = timer->data;

	if (scrape->is_under_way || scrape->is_stopping)
		return;
	scrape->is_under_way = true;
	scrape->is_answered = scrape->has_begun = scrape->is_last_slice = false;
	scrape->is_too_large = scrape->is_encoded = false;
	scrape->format = EXPOSITION_TEXT;
	scrape->taken_bytes = 0;
	scrape->err = (struct error){0};
	buf_clear(&scrape->coming);
	fetch_begin(&scrape->fetch);
}

/* Room for a slice and what comes while it is read, in memory that was touched: later there are only larger ones. */
static void
slice_init(struct buf *slice, uint64_t ceiling_bytes)
{
	size_t room = ceiling_bytes < 2 * SLICE_BYTES ? ceiling_bytes : 2 * SLICE_BYTES;

	buf_init(slice, ceiling_bytes);
	CHECK(buf_reserve(slice, room));
	memset(slice->bytes, 0, room);
}

static void
give_harvest(void *context, const struct exposition_sample *sample)
{
	harvest_add(context, sample);
}

static bool
scrape_init(struct scrape *scrape, struct scrapes *all, size_t i, const struct plan_scrape *plan,
	struct scrape_record *record, struct error *err)
{
	const struct plan_endpoint *endpoint = &plan->endpoints[i];

	*scrape = (struct scrape){.all = all,
		.plan = endpoint,
		.record = record,
		.first = (size_t)(endpoint->list - plan->list),
		.harvest = harvest_new(endpoint)};
	exposition_init(&scrape->exposition, give_harvest, scrape->harvest);
	buf_init(&scrape->field, PROTOCOL_FIELD_MAX);
	slice_init(&scrape->coming, endpoint->ceiling_bytes);
	slice_init(&scrape->slice, endpoint->ceiling_bytes);
	CHECK_OP(uv_timer_init(all->loop, &scrape->timer), ==, 0);
	scrape->timer.data = scrape;
	scrape->has_fetch = fetch_init(&scrape->fetch, all->loop, &endpoint->fetch, scrape_on_answer, scrape, err);
	scrape->fetch.ear = (struct protocol_ear){
		.on_header = scrape_on_header, .on_body = scrape_on_body, .context = scrape, .field = &scrape->field};
	return scrape->has_fetch && fetch_resolve(&scrape->fetch, err);
}

bool
scrapes_init(struct scrapes *scrapes, uv_loop_t *loop, const struct plan_scrape *plan, struct scrape_record *records,
	struct error *err)
{
	size_t n = plan->endpoints_n;
	bool is_good = true;

	*scrapes =
		(struct scrapes){.loop = loop, .n = n, .list = n > 0 ? must_calloc(n, sizeof(*scrapes->list)) : NULL};
	for (size_t i = 0; i < n; i++) { /* all of them, also where one is bad, so that they end alike */
		struct error what = {0};

		if (scrape_init(&scrapes->list[i], scrapes, i, plan, &records[i], &what))
			continue;
		is_good = is_good && error_set(err, "scrape: %s", what.message);
	}
	return is_good;
}

void
scrapes_start(struct scrapes *scrapes)
{
	for (size_t i = 0; i < scrapes->n; i++) {
		struct scrape *scrape = &scrapes->list[i];
		uint64_t every_ms = (uint64_t)(scrape->plan->every_ns / NS_PER_MS);

		CHECK_OP(uv_timer_start(&scrape->timer, scrape_on_timer, 0, every_ms), ==, 0);
	}
}

static void
scrape_on_timer_closed(uv_handle_t *handle)
{
	struct scrape *scrape = handle->data;

	scrape->is_timer_closed = true;
}

static bool
is_stopped(const struct scrape *scrape)
{
	return scrape->is_timer_closed && !scrape->is_working && (!scrape->has_fetch || scrape->fetch.is_closed);
}

void
scrapes_stop(struct scrapes *scrapes)
{
	for (size_t i = 0; i < scrapes->n; i++) {
		struct scrape *scrape = &scrapes->list[i];

		scrape->is_stopping = true;
		if (!uv_is_closing((uv_handle_t *)&scrape->timer))
			uv_close((uv_handle_t *)&scrape->timer, scrape_on_timer_closed);
		fetch_close(&scrape->fetch);
	}
	for (size_t i = 0; i < scrapes->n; i++)
		while (!is_stopped(&scrapes->list[i]))
			uv_run(scrapes->loop, UV_RUN_ONCE);
}

void
scrapes_fini(struct scrapes *scrapes)
{
	for (size_t i = 0; i < scrapes->n; i++) {
		struct scrape *scrape = &scrapes->list[i];

		fetch_fini(&scrape->fetch);
		exposition_fini(&scrape->exposition);
		harvest_free(scrape->harvest);
		buf_fini(&scrape->field);
		buf_fini(&scrape->coming);
		buf_fini(&scrape->slice);
	}
	free(scrapes->list);
	*scrapes = (struct scrapes){0};
}
