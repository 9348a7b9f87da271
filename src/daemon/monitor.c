#include "daemon/monitor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/background.h"
#include "campaign/scrapes.h"
#include "measure/figures_event.h"
#include "measure/json.h"
#include "measure/scraped.h"
#include "sampler/sampler.h"

#define EVERY_MS 1000
#define WATCHED_MAX 1024
#define FIGURES_MAX ((size_t)64 * 1024)

struct monitor {
	uv_loop_t *loop;
	const struct monitor_config *config;
	struct relay *relay;
	uv_timer_t timer;
	bool is_started, is_stopping, is_timer_closed;
	int64_t began_ns;           /* CLOCK_MONOTONIC */
	int64_t told_ns, before_ns; /* since then: the last figures, and those before; −1: there were none */
	char watched[WATCHED_MAX];

	/* The process, as of the last look. */
	struct reading reading;
	struct error why_not;
	bool is_there;

	/* The look under way: these are the thread pool's as long as it lasts. */
	struct background_work work;
	bool is_looking;
	struct sampler *sampler; /* NULL: it was not found yet */
	struct reading seen;
	struct error why_unseen;

	struct scrapes scrapes;
	bool is_scraping;
	struct error why_no_scrapes;
	struct scrape_record *records;
	double scraped[SCRAPED_MAX];
};

/* --- whom --- */

static int
process_text(const struct plan_watch *watch, char *into, size_t size)
{
	const struct {
		const char *what, *name;
	} names[] = {{"pid file", watch->pid_file}, {"process", watch->process}, {"cgroup", watch->cgroup},
		{"unit", watch->unit}, {"container", watch->container}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].name != NULL)
			return snprintf(into, size, "%s %s", names[i].what, names[i].name);
	return watch->pid != 0 ? snprintf(into, size, "pid %llu", (unsigned long long)watch->pid)
			       : snprintf(into, size, "port %llu", (unsigned long long)watch->port);
}

static void
name_watched(struct monitor *m)
{
	const struct monitor_config *config = m->config;
	size_t n = config->has_process ? (size_t)process_text(&config->process, m->watched, sizeof(m->watched)) : 0;

	for (size_t i = 0; i < config->scrape.endpoints_n && n < sizeof(m->watched); i++)
		n += (size_t)snprintf(m->watched + n, sizeof(m->watched) - n, "%s%s", n > 0 ? ", " : "",
			config->scrape.endpoints[i].fetch.place.shown);
}

bool
monitor_is_on(const struct monitor *monitor)
{
	return monitor->config->has_process || monitor->config->scrape.endpoints_n > 0;
}

struct monitor *
monitor_new(uv_loop_t *loop, const struct monitor_config *config)
{
	struct monitor *m = must_alloc(sizeof(*m));

	m->loop = loop;
	m->config = config;
	m->relay = relay_new(loop, true);
	m->told_ns = m->before_ns = -1;
	reading_init(&m->reading);
	scraped_now_init(m->scraped);
	name_watched(m);
	CHECK_OP(uv_timer_init(loop, &m->timer), ==, 0);
	m->timer.data = m;
	return m;
}

/* --- how it stands --- */

static int64_t
since_began_ns(void *context)
{
	const struct monitor *m = context;

	return clock_now_ns(&monotonic_clock) - m->began_ns;
}

static void
add_figures(const struct monitor *m, struct buf *into, const char *name)
{
	json_open(into, name, '{');
	if (m->before_ns >= 0)
		json_add_i64(into, "start_ns", m->before_ns);
	json_add_i64(into, "at_ns", m->told_ns);
	event_add_gauges(into, "target", &m->reading);
	json_open(into, "scraped", '{');
	for (size_t i = 0; i < m->config->scrape.n; i++)
		json_add_double(into, m->config->scrape.list[i].name, m->scraped[i]);
	json_close(into, '}');
	json_close(into, '}');
}

static void
tell(struct monitor *m)
{
	struct buf text;

	m->before_ns = m->told_ns;
	m->told_ns = since_began_ns(m);
	buf_init(&text, FIGURES_MAX);
	add_figures(m, &text, NULL);
	if (!text.overflowed)
		relay_add(m->relay, "figures", text.bytes, text.length);
	buf_fini(&text);
}

/* An exporter that cannot be asked, and figures that it does not tell. */
static void
add_scrape_problems(const struct scrape_record *record, struct buf *into)
{
	const char *url = record->endpoint->fetch.place.shown;
	char text[1200];

	if (record->is_failing) {
		snprintf(text, sizeof(text), "%s: %s", url, record->changes[0].text);
		json_add_text(into, NULL, text);
		return;
	}
	for (size_t i = 0; i < record->endpoint->n; i++)
		if (record->missing[i] != NULL) {
			snprintf(text, sizeof(text), "%s: %s: %s", url, record->endpoint->list[i].name,
				record->missing[i]);
			json_add_text(into, NULL, text);
		}
}

static void
add_problems(const struct monitor *m, struct buf *into)
{
	json_open(into, "problems", '[');
	if (error_is_set(&m->why_not))
		json_add_text(into, NULL, m->why_not.message);
	if (error_is_set(&m->why_no_scrapes))
		json_add_text(into, NULL, m->why_no_scrapes.message);
	for (size_t i = 0; i < m->config->scrape.endpoints_n && m->is_scraping; i++)
		add_scrape_problems(&m->records[i], into);
	json_close(into, ']');
}

void
monitor_show(const struct monitor *monitor, struct buf *into)
{
	bool is_on = monitor_is_on(monitor);

	json_open(into, NULL, '{');
	json_add_bool(into, "is_on", is_on);
	if (is_on)
		json_add_text(into, "watched", monitor->watched);
	else
		json_add_null(into, "watched");
	add_problems(monitor, into);
	if (monitor->told_ns >= 0)
		add_figures(monitor, into, "figures");
	else
		json_add_null(into, "figures");
	json_close(into, '}');
}

struct relay *
monitor_relay(const struct monitor *monitor)
{
	return monitor->relay;
}

/* --- the process --- */

/* In the thread pool. */
static void
look(struct background_work *work)
{
	struct monitor *m = container_of(work, struct monitor, work);
	const struct sampler_config config = {.watch = &m->config->process};

	m->why_unseen = (struct error){0};
	reading_init(&m->seen);
	if (m->sampler == NULL)
		m->sampler = proc_sampler.open(&config, &m->why_unseen);
	if (m->sampler != NULL && !m->sampler->ops->read(m->sampler, &m->seen))
		error_set(&m->why_unseen, "no process is there any more");
}

static void
on_looked(struct background_work *work, int status)
{
	struct monitor *m = container_of(work, struct monitor, work);
	bool was_there = m->is_there;

	CHECK_OP(status, ==, 0);
	m->is_looking = false;
	if (m->is_stopping)
		return;
	m->reading = m->seen;
	m->reading.at_ns = since_began_ns(m);
	m->why_not = m->why_unseen;
	m->is_there = !error_is_set(&m->why_not);
	if (was_there != m->is_there || m->told_ns < 0)
		log_info("monitor: %s%s%s", m->watched, m->is_there ? "" : ": ", m->is_there ? "" : m->why_not.message);
	tell(m);
}

static void
on_timer(uv_timer_t *timer)
{
	struct monitor *m = timer->data;

	if (!m->config->has_process) {
		tell(m);
		return;
	}
	if (m->is_looking)
		return;
	m->is_looking = true;
	background_queue(m->loop, &m->work, look, on_looked);
}

/* --- exporters --- */

static void
on_scraped(void *context, const struct scraped *scraped)
{
	struct monitor *m = context;

	scraped_now_set(m->scraped, scraped);
}

/* Only the last one is of use, which stands first: there is no end to them. */
static void
on_scrape_change(void *context, const struct scrape_record *record, const struct scrape_change *change)
{
	struct monitor *m = context;
	struct scrape_record *own = &m->records[record - m->records];

	log_info("monitor: %s %s%s", own->endpoint->fetch.place.shown, change->has_failed ? "fails: " : "is read",
		change->text);
	own->changes_n = 0;
}

static void
start_scrapes(struct monitor *m)
{
	const struct plan_scrape *scrape = &m->config->scrape;

	m->records = must_calloc(scrape->endpoints_n, sizeof(*m->records));
	for (size_t i = 0; i < scrape->endpoints_n; i++)
		m->records[i] = (struct scrape_record){.endpoint = &scrape->endpoints[i],
			.changes = must_calloc(SCRAPE_CHANGES_MAX, sizeof(struct scrape_change)),
			.missing = must_calloc(scrape->endpoints[i].n, sizeof(const char *))};
	m->is_scraping = scrapes_init(&m->scrapes, m->loop, scrape, m->records, &m->why_no_scrapes);
	m->scrapes.now_ns = since_began_ns;
	m->scrapes.on_scraped = on_scraped;
	m->scrapes.on_change = on_scrape_change;
	m->scrapes.context = m;
	if (m->is_scraping)
		scrapes_start(&m->scrapes);
	else
		log_error("monitor: %s; nobody is asked until the daemon is started again", m->why_no_scrapes.message);
}

static void
stop_scrapes(struct monitor *m)
{
	scrapes_stop(&m->scrapes);
	scrapes_fini(&m->scrapes);
	for (size_t i = 0; i < m->config->scrape.endpoints_n; i++) {
		free(m->records[i].changes);
		free(m->records[i].missing);
	}
	free(m->records);
}

/* --- from start to end --- */

void
monitor_start(struct monitor *monitor)
{
	if (!monitor_is_on(monitor))
		return;
	monitor->is_started = true;
	monitor->began_ns = clock_now_ns(&monotonic_clock);
	if (monitor->config->scrape.endpoints_n > 0)
		start_scrapes(monitor);
	CHECK_OP(uv_timer_start(&monitor->timer, on_timer, 0, EVERY_MS), ==, 0);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct monitor *m = handle->data;

	m->is_timer_closed = true;
}

void
monitor_free(struct monitor *monitor)
{
	monitor->is_stopping = true;
	relay_end(monitor->relay);
	uv_close((uv_handle_t *)&monitor->timer, on_timer_closed);
	if (monitor->is_started && monitor->config->scrape.endpoints_n > 0)
		stop_scrapes(monitor);
	while (monitor->is_looking || !monitor->is_timer_closed)
		uv_run(monitor->loop, UV_RUN_ONCE);
	if (monitor->sampler != NULL)
		monitor->sampler->ops->close(monitor->sampler);
	free(monitor);
}
