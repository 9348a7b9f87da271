#pragma once

#include <sys/uio.h>

#include "base/buf.h"
#include "base/list.h"
#include "httpd/httpd.h"

#define REQUEST_MAGIC 0x52455155u
#define REQUEST_TAIL_BYTES 96

struct connection;

enum request_fate {
	REQUEST_UNANSWERED,
	REQUEST_STREAMING, /* iov[0] is what was pushed and has not left; more may follow */
	REQUEST_ANSWERED,
	REQUEST_RESETS, /* what is in iov, then a TCP reset */
	REQUEST_NEVER,  /* no answer will come */
};

/* A request as the server keeps it: from the pool, filled by the parser, then in its connection's list until its answer
 * is written. `head` holds "METHOD\0target\0" and then "name\0value\0" per header, names in lower case. */
struct request {
	unsigned magic;
	struct httpd_request shown;
	struct connection *connection; /* NULL once it is gone */
	struct list node;
	struct buf head, body, answer;
	size_t target_at, headers_at;
	bool keeps_alive, is_http10, wants_continue, is_ours; /* ours: the handler never saw it */
	enum request_fate fate;
	struct iovec iov[3]; /* what is still to be written: head, tail, body */
	char tail[REQUEST_TAIL_BYTES];
};

/* Requests in use return to the pool with their memory, unless that grew large. */
struct request_pool {
	struct list free;
	size_t head_ceiling, body_ceiling;
};

void request_pool_init(struct request_pool *pool, size_t head_ceiling, size_t body_ceiling);
void request_pool_fini(struct request_pool *pool);
struct request *request_take(struct request_pool *pool);
void request_give(struct request_pool *pool, struct request *request);

/* The head is complete and no longer moves: points `shown` into it. */
void request_show_head(struct request *request);
size_t request_count_headers(const struct request *request, const char *name);
