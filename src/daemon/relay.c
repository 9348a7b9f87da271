#include "daemon/relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "base/units.h"

#define TICK_MS 50                      /* how often those that lag behind are told more */
#define PIECE_BYTES ((size_t)64 * 1024) /* told at once: some ten microseconds */
#define STREAM_HEADERS                                                                                                 \
	"Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"                      \
	"X-Content-Type-Options: nosniff\r\n"

/* An event as it goes on the wire. */
struct entry {
	uint64_t id;
	bool is_figures, is_standing;
	size_t length;
	char text[];
};

struct watcher {
	struct holder holder;
	struct list node;
	struct relay *relay;
	struct httpd_request *request;
	struct guard_pass pass;
	uint64_t told;   /* the id of the last event it was told */
	uint64_t passed; /* events that were forgotten before it could be told */
};

struct relay {
	uv_timer_t tick;
	bool remembers, has_ended, is_closed;
	struct entry *entries[RELAY_EVENTS_MAX + 1]; /* by id; n of them */
	size_t n;
	struct list watchers;
	size_t bytes, figures_n, watchers_n;
	uint64_t last_id, missed;
	uint64_t ticks;
};

static void
forget_entries(struct relay *relay, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++) {
		relay->bytes -= relay->entries[i]->length;
		relay->figures_n -= relay->entries[i]->is_figures;
		free(relay->entries[i]);
	}
	relay->n -= n;
	memmove(&relay->entries[at], &relay->entries[at + n], (relay->n - at) * sizeof(*relay->entries));
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The last has gone. */
static void
finish(struct relay *relay)
{
	if (!relay->has_ended || relay->watchers_n > 0 || relay->is_closed)
		return;
	relay->is_closed = true;
	forget_entries(relay, 0, relay->n);
	uv_close((uv_handle_t *)&relay->tick, on_closed);
}

/* The index of the first entry after what the watcher was told; n: it knows all. Most know nearly all. */
static size_t
next_for(const struct relay *relay, const struct watcher *watcher)
{
	size_t i = relay->n;

	while (i > 0 && relay->entries[i - 1]->id > watcher->told)
		i--;
	return i;
}

static bool
knows_all(const struct relay *relay, const struct watcher *watcher)
{
	return relay->n == 0 || relay->entries[relay->n - 1]->id <= watcher->told;
}

/* A piece of what it has not been told yet. */
static void
compose_piece(const struct relay *relay, struct watcher *watcher, struct buf *piece, uint64_t *up_to)
{
	size_t next = next_for(relay, watcher);

	*up_to = watcher->told;
	buf_init(piece,
		PIECE_BYTES + (next < relay->n ? relay->entries[next]->length : 0)); /* a larger one goes alone */
	if (watcher->passed > 0)
		buf_printf(piece, "event: missed\ndata: {\"events\":%" PRIu64 "}\n\n", watcher->passed);
	for (; next < relay->n && buf_add(piece, relay->entries[next]->text, relay->entries[next]->length); next++)
		*up_to = relay->entries[next]->id;
}

/* False: it is gone. */
static bool
tell(struct relay *relay, struct watcher *watcher)
{
	struct buf piece;
	uint64_t up_to;
	enum httpd_push push = HTTPD_PUSH_SENT;

	compose_piece(relay, watcher, &piece, &up_to);
	if (piece.length > 0)
		push = httpd_stream_push(watcher->request, piece.bytes, piece.length);
	buf_fini(&piece);
	if (push == HTTPD_PUSH_GONE)
		return false;
	if (push != HTTPD_PUSH_FULL) {
		watcher->told = up_to;
		watcher->passed = 0;
	}
	if (relay->has_ended && knows_all(relay, watcher)) {
		httpd_stream_end(watcher->request, "", 0);
		return false;
	}
	return true;
}

static void
tell_all(struct relay *relay)
{
	for (struct list *node = relay->watchers.next, *next; node != &relay->watchers; node = next) {
		next = node->next;
		(void)tell(relay, container_of(node, struct watcher, node));
	}
}

static bool
is_due(const struct relay *relay, int64_t every_ns)
{
	return relay->ticks % (uint64_t)(every_ns / (TICK_MS * NS_PER_MS)) == 0;
}

static void
on_tick(uv_timer_t *timer)
{
	struct relay *relay = timer->data;

	relay->ticks++;
	for (struct list *node = relay->watchers.next, *next; node != &relay->watchers; node = next) {
		struct watcher *watcher = container_of(node, struct watcher, node);

		next = node->next;
		if (is_due(relay, RELAY_PASS_NS) && !guard_pass_holds(&watcher->pass))
			httpd_stream_end(watcher->request, "", 0);
		else if (!knows_all(relay, watcher) || relay->has_ended)
			(void)tell(relay, watcher);
		else if (is_due(relay, RELAY_PING_NS))
			(void)httpd_stream_push(watcher->request, ": ping\n\n", 8);
	}
}

struct relay *
relay_new(uv_loop_t *loop, bool remembers)
{
	struct relay *relay = must_alloc(sizeof(*relay));

	relay->remembers = remembers;
	list_init(&relay->watchers);
	CHECK_OP(uv_timer_init(loop, &relay->tick), ==, 0);
	relay->tick.data = relay;
	return relay;
}

void
relay_end(struct relay *relay)
{
	relay->has_ended = true;
	tell_all(relay);
	finish(relay);
}

/* Somebody who was not told yet has missed it. */
static void
lose(struct relay *relay, size_t at)
{
	for (struct list *node = relay->watchers.next; node != &relay->watchers; node = node->next) {
		struct watcher *watcher = container_of(node, struct watcher, node);
		bool is_missed = relay->entries[at]->id > watcher->told;

		watcher->passed += is_missed;
		relay->missed += is_missed;
	}
	forget_entries(relay, at, 1);
}

/* Every other of the older half, so that what is past stays whole, and the present fine. */
static void
thin_figures(struct relay *relay)
{
	size_t seen = 0;

	for (size_t i = 0; i < relay->n && seen < RELAY_FIGURES_MAX / 2;) {
		if (relay->entries[i]->is_figures && seen++ % 2 == 1)
			lose(relay, i);
		else
			i++;
	}
}

/* How many at the beginning nobody will ask for again, where nothing is remembered. */
static size_t
count_told(const struct relay *relay)
{
	uint64_t told = UINT64_MAX;
	size_t n = 0;

	for (struct list *node = relay->watchers.next; node != &relay->watchers; node = node->next)
		if (container_of(node, struct watcher, node)->told < told)
			told = container_of(node, struct watcher, node)->told;
	while (n < relay->n && relay->entries[n]->id <= told)
		n++;
	return n;
}

/* Nobody misses how things stood. */
static void
forget_standing(struct relay *relay)
{
	for (size_t i = relay->n; i > 0; i--)
		if (relay->entries[i - 1]->is_standing) {
			forget_entries(relay, i - 1, 1);
			return;
		}
}

static void
make_room(struct relay *relay)
{
	if (!relay->remembers)
		forget_entries(relay, 0, count_told(relay));
	if (relay->figures_n > RELAY_FIGURES_MAX)
		thin_figures(relay);
	while (relay->bytes > RELAY_BYTES_MAX || relay->n > RELAY_EVENTS_MAX)
		lose(relay, 0);
}

void
relay_add(struct relay *relay, const char *kind, const char *json, size_t length)
{
	char head[96];
	int n = snprintf(head, sizeof(head), "id: %" PRIu64 "\nevent: %.32s\ndata: ", relay->last_id + 1, kind);
	struct entry *entry;

	CHECK(!relay->has_ended && memchr(json, '\n', length) == NULL);
	if (!relay->remembers && relay->watchers_n == 0)
		return;
	bool is_standing = strcmp(kind, "shards") == 0;

	if (is_standing)
		forget_standing(relay);
	entry = must_alloc(sizeof(*entry) + (size_t)n + length + 2);
	entry->is_standing = is_standing;
	entry->id = ++relay->last_id;
	entry->is_figures = strcmp(kind, "figures") == 0;
	entry->length = (size_t)n + length + 2;
	memcpy(entry->text, head, (size_t)n);
	memcpy(entry->text + n, json, length);
	memcpy(entry->text + n + length, "\n\n", 2);
	relay->entries[relay->n++] = entry;
	relay->bytes += entry->length;
	relay->figures_n += entry->is_figures;
	tell_all(relay);
	make_room(relay);
}

static void
on_gone(struct httpd_request *request)
{
	struct watcher *watcher = request->user;
	struct relay *relay = watcher->relay;

	list_remove(&watcher->node);
	if (--relay->watchers_n == 0)
		uv_timer_stop(&relay->tick);
	free(watcher);
	finish(relay);
}

bool
relay_watch(struct relay *relay, struct httpd_request *request, const struct guard_pass *pass, uint64_t last_id)
{
	if (relay->watchers_n >= RELAY_WATCHERS_MAX)
		return false;
	struct watcher *watcher = must_alloc(sizeof(*watcher));

	*watcher = (struct watcher){.holder = {.gone = on_gone},
		.relay = relay,
		.request = request,
		.pass = *pass,
		.told = !relay->remembers || last_id > relay->last_id ? relay->last_id : last_id};
	list_add_last(&relay->watchers, &watcher->node);
	if (relay->watchers_n++ == 0)
		CHECK_OP(uv_timer_start(&relay->tick, on_tick, TICK_MS, TICK_MS), ==, 0);
	request->user = watcher;
	httpd_stream_begin(request, 200, STREAM_HEADERS);
	/* The head leaves with the first event; a watcher of nothing yet is told at least that he is heard. */
	if (knows_all(relay, watcher) && httpd_stream_push(request, ": welcome\n\n", 11) == HTTPD_PUSH_GONE)
		return true;
	(void)tell(relay, watcher);
	return true;
}

size_t
relay_watchers(const struct relay *relay)
{
	return relay->watchers_n;
}

uint64_t
relay_missed(const struct relay *relay)
{
	return relay->missed;
}
