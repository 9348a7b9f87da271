#pragma once

#include <uv.h>

#include "base/arena.h"
#include "campaign/child.h"
#include "campaign/fetch.h"
#include "daemon/delivery.h"
#include "daemon/sink.h"

/* What the files of daemon/sink share. */

struct sink;

struct sink_ops {
	const char *name;
	const char *help;
	bool has_reminders;
	bool (*open)(struct sink *sink, struct error *err);
	/* Begins an attempt, which ends in sink_done from a later turn of the loop. notice NULL: a reminder. */
	void (*send)(struct sink *sink, const struct notice *notice);
	bool (*is_ready)(const struct sink *sink); /* for the next attempt */
	void (*close)(struct sink *sink);          /* is_closed says when that is through */
	bool (*is_closed)(struct sink *sink);
};

#define SINK_FAILURE_MAX 200
#define SINK_BODY_CEILING ((size_t)512 * 1024)

struct sink {
	const struct sink_ops *ops;
	struct sinks *sinks;
	uv_loop_t *loop;
	struct sink_wish wish;
	struct arena arena;
	struct delivery delivery;
	uv_timer_t timer;
	bool is_busy, is_closing, is_timer_closed;
	bool is_reminder; /* what is under way */
	char last_failure[SINK_FAILURE_MAX];
	struct alert firing[DELIVERY_ROOM]; /* of one that is reminded */
	size_t firing_n;
	int64_t reminded_ns; /* when it was told last */

	/* sink_http.c */
	struct plan_fetch plan;
	struct fetch fetch;
	bool has_fetch, is_resolving, is_resolved;
	struct error unresolved;
	struct plan_pair *headers;
	size_t own_headers; /* the first of them, which change from notice to notice */
	char id[64], timestamp[24], signature[64];
	struct buf body;
	uv_work_t work;

	/* sink_command.c */
	struct child child;
};

#define SINK(name) extern const struct sink_ops name##_sink;
#include "daemon/sinks.def"
#undef SINK

/* The attempt is over: failure NULL: it has it; else why not, and whether it would never have it. */
void sink_done(struct sink *sink, const char *failure, bool is_final);

/* HTTP, for those who are told by a POST. compose: the body, from the notice or of a reminder. */
bool sink_http_open(struct sink *sink, const char *url, const char *more_path, struct error *err);
void sink_http_post(struct sink *sink); /* what is in sink->body, with sink->headers */
bool sink_http_is_ready(const struct sink *sink);
void sink_http_close(struct sink *sink);
bool sink_http_is_closed(struct sink *sink);
