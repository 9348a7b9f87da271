#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "daemon/alert_book.h"
#include "plan/keys.h"

/* Who is told of alerts: rows of sinks.def. Each has a queue of its own (delivery.h), sends one notice at a time,
 * beside whatever else is on the loop, and tries again what fails. Nothing of it ever holds anything else up. */

#define SINKS_MAX 32

/* As somebody writes it: exactly one of the three. */
struct sink_wish {
	const char *name;             /* unique; rules name it */
	const char *webhook;          /* a URL, which is sent a POST with JSON (sink_text.h); 2xx: it has it */
	const char *command;          /* for /bin/sh; exit status 0: it has it. What it is about is in BRUNT_ALERT_* */
	const char *alertmanager;     /* a URL such as http://127.0.0.1:9093, whose /api/v2/alerts is told */
	const char *secret;           /* of a webhook: its signature's (Standard Webhooks); NULL: it is not signed */
	struct plan_list headers;     /* of struct plan_pair, beside those of ours */
	int64_t timeout_ns;           /* of an attempt */
	uint64_t tries;               /* of each notice */
	int64_t remind_ns;            /* of an Alertmanager: how often it is told of what still fires */
	const struct plan_node *said; /* where; NULL: nowhere. Not kept */
};

struct sink_status {
	const char *name, *kind;
	size_t waiting;
	uint64_t told, failed, lost; /* notices told, attempts that failed, notices given up */
	const char *last_failure;    /* empty: none */
};

struct sinks;

struct sinks *sinks_new(uv_loop_t *loop);
/* Copies it. False with err set. */
bool sinks_add(struct sinks *sinks, const struct sink_wish *wish, struct error *err);
bool sinks_have(const struct sinks *sinks, const char *name);

/* Whom to tell of each notice that is through: told, or given up. From any call of these, and from the loop. */
void sinks_hear(struct sinks *sinks,
	void (*settled)(void *context, const char *sink, uint64_t number, enum alert_news news), void *context);

/* news: ALERT_FIRED or ALERT_RECOVERED; anything else is nobody's business. rule NULL: all of them. */
void sinks_tell(struct sinks *sinks, const struct alert_rule *rule, const struct alert *alert, enum alert_news news);
/* One of them alone. False: there is none of that name. */
bool sinks_tell_one(struct sinks *sinks, const char *name, const struct alert *alert, enum alert_news news);
/* It fires since an earlier life, in which it was told: only who wants to be reminded will be. */
void sinks_adopt(struct sinks *sinks, const struct alert_rule *rule, const struct alert *alert);
/* What waits in others' queues goes to the sinks of the same names, as do their counts: a reload loses nothing. What
 * was for one that is no more is given up. */
void sinks_inherit(struct sinks *sinks, struct sinks *others);

size_t sinks_count(const struct sinks *sinks);
void sinks_status(const struct sinks *sinks, size_t i, struct sink_status *into);
size_t sinks_waiting(const struct sinks *sinks); /* notices that nobody has yet, those under way among them */

/* Ends what is under way and frees them all in a later loop turn, after on_closed (may be NULL). */
void sinks_close(struct sinks *sinks, void (*on_closed)(void *context), void *context);
