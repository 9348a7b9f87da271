#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/sharing.h"
#include "daemon/cron.h"
#include "plan/keys.h"

/* What is to be run when. Wall time (ns since 1970) is an argument of everything: nothing here reads a clock, starts a
 * process or writes a file. Whoever owns the schedule looks at it when schedule_next_ns says so, submits what it hands
 * out to the queue, says when that has ended, and keeps the states in the store.
 *
 * An occurrence is handed out once. While the run of the one before waits or runs it is skipped and counted, or, with
 * `overlap: queue`, handed out all the same as long as no other waits. What was due while nobody looked (the daemon was
 * not there, the machine slept) for longer than SCHEDULE_GRACE_NS is missed: `missed: skip` leaves it, `missed: once`
 * runs it once, however many there were. That runs of one target come one after the other is the queue's matter. */

#define SCHEDULE_ENTRIES_MAX 1000
#define SCHEDULE_NAME_MAX 64
#define SCHEDULE_WHEN_MAX 256
#define SCHEDULE_GRACE_NS (INT64_C(60) * 1000000000)
#define SCHEDULE_COUNT_MAX 1000 /* occurrences of an entry that are counted at once: more are as many */

enum schedule_missed { SCHEDULE_MISSED_SKIP, SCHEDULE_MISSED_ONCE };
enum schedule_overlap { SCHEDULE_OVERLAP_SKIP, SCHEDULE_OVERLAP_QUEUE };

/* An entry as somebody writes it, in the configuration or by the API. Copied where it is kept. */
struct schedule_wish {
	const char *name;      /* unique */
	const char *profile;   /* in the operator's directory */
	const char *cron;      /* exactly one of the two, the other NULL: "0 2 * * *", "@daily" … */
	const char *every;     /* … or "6h" */
	const char *time_zone; /* of cron; NULL: UTC */
	int64_t jitter_ns;     /* due so much later at most: always the same of the same name */
	enum schedule_missed missed;
	enum schedule_overlap overlap;
	const char *baseline; /* NULL: what the profile says */
	struct sharing sharing;
	struct plan_list set; /* of struct plan_pair: settings, as of --set */
	bool is_of_file;      /* the operator's; else it came by the API */
};

/* What is kept of an entry between two lives of the daemon. */
struct schedule_state {
	char name[SCHEDULE_NAME_MAX + 1];
	char when[SCHEDULE_WHEN_MAX];         /* as it was then: what is due at other times now has missed nothing */
	int64_t looked_ns;                    /* every occurrence until then was dealt with */
	int64_t last_due_ns;                  /* the last that was handed out; 0: none */
	uint64_t started, overlapped, missed; /* occurrences handed out, and those skipped for either reason */
	uint32_t active;                      /* of those handed out, how many have not ended */
	bool is_paused;
	enum { SCHEDULE_RAN, SCHEDULE_SKIPPED_OVERLAP, SCHEDULE_SKIPPED_MISSED } last; /* what became of the last */
};

enum schedule_event {
	SCHEDULE_START,      /* submit it; schedule_ended must be called in the end, also where the queue refuses it */
	SCHEDULE_OVERLAPPED, /* skipped: the one before has not ended */
	SCHEDULE_MISSED,     /* skipped: nobody looked in time */
};

struct schedule_told {
	enum schedule_event event;
	const struct schedule_wish *wish;
	int64_t due_ns; /* of n of them: the last */
	uint64_t n;     /* occurrences that this stands for */
};

struct schedule;

struct schedule *schedule_new(void);
void schedule_free(struct schedule *schedule);

/* Puts an entry in, in place of one of that name, whose state it keeps unless its times are others. False with err set,
 * and nothing changed: which of its texts is wrong, and what would be right. */
bool schedule_put(struct schedule *schedule, const struct schedule_wish *wish, int64_t now_ns, struct error *err);
bool schedule_remove(struct schedule *schedule, const char *name); /* false: there is none of that name */
/* Removes those of the file that were not put since the last call: what a reload of the configuration has left out. */
void schedule_sweep(struct schedule *schedule);
/* As kept by an earlier life, once the entries are in. What was active then must be told by schedule_ended unless it
 * still is. Names that are unknown are passed over. */
void schedule_restore(struct schedule *schedule, const struct schedule_state *states, size_t n);

/* Entries by name; both are valid until the next put, remove or sweep. */
size_t schedule_count(const struct schedule *schedule);
const struct schedule_wish *schedule_wish_at(const struct schedule *schedule, size_t i);
const struct schedule_state *schedule_state_at(const struct schedule *schedule, size_t i);
size_t schedule_find(const struct schedule *schedule, const char *name); /* SIZE_MAX: none */
/* The next times of an entry after a moment; returns n. */
size_t schedule_preview(const struct schedule *schedule, size_t i, int64_t after_ns, int64_t *into, size_t n);

/* When to look next; INT64_MAX: never. Look again, too, whenever wall time may have been set. */
int64_t schedule_next_ns(const struct schedule *schedule);
/* Tells all that came due until now, in the order of their times; states have changed by then. `tell` may call
 * schedule_ended, and nothing else of these. */
void schedule_look(struct schedule *schedule, int64_t now_ns,
	void (*tell)(void *context, const struct schedule_told *told), void *context);
void schedule_ended(struct schedule *schedule, const char *name); /* what it handed out, in whatever way */
/* What comes while it is paused is neither run nor missed. False: there is none of that name. */
bool schedule_pause(struct schedule *schedule, const char *name, bool is_paused, int64_t now_ns);
