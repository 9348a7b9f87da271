#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alert_rule.h"

/* All alerts that are under way: each rule for each run that it looks at, or for each name of runs that ended. What
 * changes is told by a callback, with what to do about it in `news`; whoever owns the book keeps it in the ledger and
 * tells sinks. No clock, no I/O. */

#define ALERTS_MAX 2000 /* under way at once; beyond it the quiet ones that ended longest ago are forgotten */
#define ALERT_BY_MAX 64

struct alert {
	uint64_t number; /* of a firing one: rises, and is never given again */
	char rule[ALERT_NAME_MAX + 1];
	char name[HISTORY_NAME_MAX + 1]; /* of the run … */
	char run[HISTORY_ID_MAX];        /* … and its id: of a rule about runs that ended, the last one's */
	enum alert_severity severity;
	struct alert_course course;
	double value, threshold;                /* as it was seen last while it held; NAN: it is about none */
	char text[ALERT_TEXT_MAX];              /* likewise */
	char advice[ALERT_TEXT_MAX];            /* the rule's; empty: none */
	int64_t ended_ns;                       /* of one that was resolved, told or not */
	char acknowledged_by[ALERT_BY_MAX + 1]; /* empty: by nobody */
	int64_t acknowledged_ns;
};

struct alert_book;

/* first_number: one beyond the last that was ever given. rules must outlive the book, or its next set_rules. */
struct alert_book *alert_book_new(const struct alert_rules *rules, uint64_t first_number);
void alert_book_free(struct alert_book *book);

/* news: never ALERT_NO_NEWS. The alert is valid during the call. */
struct alert_ear {
	void (*tell)(void *context, const struct alert *alert, enum alert_news news);
	void *context;
};

/* Others from now on: what fires by a rule that is no more ends. */
void alert_book_set_rules(
	struct alert_book *book, const struct alert_rules *rules, int64_t now_ns, const struct alert_ear *ear);

/* An interval of a running job, from_ns to now_ns on the wall. */
struct alert_run {
	const char *id, *name;
};
void alert_book_look(struct alert_book *book, const struct alert_run *run, const struct moment *moment, int64_t from_ns,
	int64_t now_ns, const struct alert_ear *ear);

/* A run has ended: nobody looks at its intervals any more, and rules about runs that ended look at it. One that was
 * interrupted, or that the generator limited, says nothing of figures, and recovers nothing. before: figures of runs of
 * that name before it, the newest first. */
void alert_book_run_ended(struct alert_book *book, const struct history_run *run,
	const double (*before)[HISTORY_FIGURES_N], size_t before_n, int64_t now_ns, const struct alert_ear *ear);

/* The same of a run that ended in an earlier life: what fired while it lasted does so no more. */
void alert_book_run_gone(struct alert_book *book, const char *run_id, int64_t now_ns, const struct alert_ear *ear);

/* One that fires is put back as it was kept by an earlier life. False: there is no room, or no such rule. */
bool alert_book_restore(struct alert_book *book, const struct alert *alert);

/* When one of a rule and a name ended that is over, as somebody was told: its cooldown goes on. After what fires. */
void alert_book_cool(struct alert_book *book, const char *rule, const char *name, int64_t ended_ns);

/* NULL: none of that number fires. The alert as it stands then. */
const struct alert *alert_book_acknowledge(struct alert_book *book, uint64_t number, const char *by, int64_t now_ns);

/* Those that fire, in no order. */
size_t alert_book_firing(const struct alert_book *book);
void alert_book_each_firing(
	const struct alert_book *book, void (*each)(void *context, const struct alert *alert), void *context);
