#include "httpd/request.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

#define KEPT_BYTES ((size_t)64 << 10)

void
request_pool_init(struct request_pool *pool, size_t head_ceiling, size_t body_ceiling)
{
	list_init(&pool->free);
	pool->head_ceiling = head_ceiling;
	pool->body_ceiling = body_ceiling;
}

static void
request_free(struct request *request)
{
	buf_fini(&request->head);
	buf_fini(&request->body);
	buf_fini(&request->answer);
	request->magic = 0;
	free(request);
}

void
request_pool_fini(struct request_pool *pool)
{
	struct request *r;

	while ((r = list_first(&pool->free, struct request, node)) != NULL) {
		list_remove(&r->node);
		request_free(r);
	}
}

static struct request *
request_new(const struct request_pool *pool)
{
	struct request *r = must_alloc(sizeof(*r));

	r->magic = REQUEST_MAGIC;
	list_init(&r->node);
	buf_init(&r->head, pool->head_ceiling);
	buf_init(&r->body, pool->body_ceiling);
	buf_init(&r->answer, HTTPD_TEXT_MAX + ((size_t)64 << 10));
	return r;
}

struct request *
request_take(struct request_pool *pool)
{
	struct request *r = list_first(&pool->free, struct request, node);

	if (r == NULL)
		return request_new(pool);
	list_remove(&r->node);
	return r;
}

static void
buf_recycle(struct buf *buf)
{
	if (buf->capacity > KEPT_BYTES)
		buf_fini(buf);
	else
		buf_clear(buf);
}

void
request_give(struct request_pool *pool, struct request *r)
{
	CHECK_MAGIC(r, REQUEST_MAGIC);
	buf_recycle(&r->head);
	buf_recycle(&r->body);
	buf_recycle(&r->answer);
	r->shown = (struct httpd_request){0};
	r->connection = NULL;
	r->target_at = r->headers_at = 0;
	r->keeps_alive = r->is_http10 = r->wants_continue = r->is_ours = false;
	r->fate = REQUEST_UNANSWERED;
	memset(r->iov, 0, sizeof(r->iov));
	list_remove(&r->node);
	list_add_first(&pool->free, &r->node);
}

void
request_show_head(struct request *r)
{
	r->shown.method = r->head.bytes;
	r->shown.target = r->head.bytes + r->target_at;
	r->shown.is_head = strcmp(r->shown.method, "HEAD") == 0;
}

/* Walks "name\0value\0" pairs: the first of that name at or after `at`, or NULL; at is moved behind it. */
static const char *
next_header(const struct request *r, const char *name, size_t *at)
{
	while (*at < r->head.length) {
		const char *found = r->head.bytes + *at;
		const char *value = found + strlen(found) + 1;

		*at = (size_t)(value - r->head.bytes) + strlen(value) + 1;
		if (strcasecmp(found, name) == 0)
			return value;
	}
	return NULL;
}

const char *
httpd_request_header(const struct httpd_request *shown, const char *name)
{
	const struct request *r = container_of(shown, struct request, shown);
	size_t at = r->headers_at;

	return next_header(r, name, &at);
}

size_t
request_count_headers(const struct request *r, const char *name)
{
	size_t at = r->headers_at, count = 0;

	while (next_header(r, name, &at) != NULL)
		count++;
	return count;
}
