#include "net/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define HOST_BYTES 256

struct name {
	struct plan_url url; /* of host and port alone */
	char host[HOST_BYTES];
	struct resolver_found found;
	bool is_news; /* and the loop has not looked at it */
};

/* Shared by the loop and the thread: whoever lets it go last frees it. */
struct resolver {
	uv_async_t async; /* the loop's, until it is closed */
	struct resolver_config config;
	bool *is_closed; /* the loop's: what to set then */
	struct name *names;
	size_t names_n;

	uv_mutex_t mutex; /* over all that follows, and what was found */
	uv_cond_t cond;
	bool is_wanted, is_busy, is_closing;
	unsigned owners;
};

static void
resolver_release(struct resolver *r)
{
	uv_mutex_lock(&r->mutex);
	bool is_last = --r->owners == 0;

	uv_mutex_unlock(&r->mutex);
	if (!is_last)
		return;
	uv_cond_destroy(&r->cond);
	uv_mutex_destroy(&r->mutex);
	free(r->names);
	free(r);
}

/* In the thread, without the lock: it may take as long as it likes. */
static void
look_up(const struct resolver *r, size_t i, struct resolver_found *found)
{
	*found = (struct resolver_found){.name = i};
	found->is_good = r->config.look_up(&r->names[i].url, &found->addresses, &found->why);
}

/* With the lock, but while it asks. */
static void
look_up_all(struct resolver *r)
{
	struct resolver_found found;

	for (size_t i = 0; i < r->names_n && !r->is_closing; i++) {
		uv_mutex_unlock(&r->mutex);
		look_up(r, i, &found);
		uv_mutex_lock(&r->mutex);
		if (r->is_closing)
			return;
		r->names[i].found = found;
		r->names[i].is_news = true;
		r->is_busy = i + 1 < r->names_n;
		uv_async_send(&r->async);
	}
}

static void
resolver_run(void *argument)
{
	struct resolver *r = argument;

	uv_mutex_lock(&r->mutex);
	while (!r->is_closing) {
		if (!r->is_wanted) {
			uv_cond_wait(&r->cond, &r->mutex);
			continue;
		}
		r->is_wanted = false;
		look_up_all(r);
	}
	uv_mutex_unlock(&r->mutex);
	resolver_release(r);
}

static bool
take_news(struct resolver *r, size_t i, struct resolver_found *found)
{
	uv_mutex_lock(&r->mutex);
	bool is_news = r->names[i].is_news;

	r->names[i].is_news = false;
	if (is_news)
		*found = r->names[i].found;
	uv_mutex_unlock(&r->mutex);
	return is_news;
}

static void
resolver_on_news(uv_async_t *async)
{
	struct resolver *r = container_of(async, struct resolver, async);
	struct resolver_found found;

	for (size_t i = 0; i < r->names_n; i++)
		if (take_news(r, i, &found) && r->is_closed == NULL)
			r->config.on_found(r->config.context, &found);
}

struct resolver *
resolver_new(const struct resolver_config *config)
{
	struct resolver *r = must_alloc(sizeof(*r));
	uv_thread_t thread;

	r->config = *config;
	r->names_n = config->names_n;
	r->names = must_calloc(r->names_n, sizeof(*r->names));
	for (size_t i = 0; i < r->names_n; i++) {
		size_t length = strlen(config->names[i]->host);

		CHECK_OP(length, <, sizeof(r->names[i].host));
		memcpy(r->names[i].host, config->names[i]->host, length + 1);
		r->names[i].url = (struct plan_url){.host = r->names[i].host, .port = config->names[i]->port};
	}
	r->owners = 2;
	CHECK_OP(uv_mutex_init(&r->mutex), ==, 0);
	CHECK_OP(uv_cond_init(&r->cond), ==, 0);
	CHECK_OP(uv_async_init(config->loop, &r->async, resolver_on_news), ==, 0);
	CHECK_OP(uv_thread_create(&thread, resolver_run, r), ==, 0);
	CHECK_OP(pthread_detach(thread), ==, 0);
	return r;
}

bool
resolver_ask(struct resolver *r)
{
	uv_mutex_lock(&r->mutex);
	bool is_free = !r->is_busy;

	if (is_free) {
		r->is_busy = r->is_wanted = true;
		uv_cond_signal(&r->cond);
	}
	uv_mutex_unlock(&r->mutex);
	return is_free;
}

static void
resolver_on_closed(uv_handle_t *handle)
{
	struct resolver *r = container_of((uv_async_t *)handle, struct resolver, async);

	*r->is_closed = true;
	resolver_release(r);
}

void
resolver_close(struct resolver *r, bool *is_closed)
{
	*is_closed = false;
	r->is_closed = is_closed;
	uv_mutex_lock(&r->mutex);
	r->is_closing = true;
	uv_cond_signal(&r->cond);
	uv_mutex_unlock(&r->mutex);
	uv_close((uv_handle_t *)&r->async, resolver_on_closed);
}
