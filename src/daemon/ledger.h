#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What the daemon remembers: runs with their verdicts and key figures, alerts, and notes of its own. SQLite in WAL with
 * synchronous=FULL: what a call returned true for survives kill -9 and a power cut. Results stay files. One thread
 * calls all of this, the desk's; nothing of it belongs on the loop. Times are wall ns since 1970, 0: not yet. Texts of
 * rows are lent until the callback returns; NULL: not said. */
struct ledger;

/* Opens or makes DIR/brunt.db and brings an older one up to date (PRAGMA user_version). NULL with err set: it is
 * another program's, a newer brunt's, or damaged. */
struct ledger *ledger_open(const char *dir, struct error *err);
void ledger_close(struct ledger *ledger); /* NULL: nothing */

enum ledger_state { LEDGER_QUEUED, LEDGER_RUNNING, LEDGER_STOPPING, LEDGER_ENDED, LEDGER_STATES_N };
extern const char *const ledger_state_names[LEDGER_STATES_N];

struct ledger_run {
	uint64_t number; /* rises with each submission; given by ledger_put_run where it is 0 */
	const char *id, *name;
	const char *profile;       /* of the operator's directory; NULL: it came with the request */
	const char *submitted_by;  /* "unix", a token's name, "schedule:NAME" */
	const char *target, *load; /* in words */
	const char *baseline;
	enum ledger_state state;
	int64_t submitted_ns, started_ns, ended_ns;
	int64_t planned_ns; /* 0: not known */
	int64_t pid,
		pid_start;   /* of its process, and its start in the kernel's ticks: so that an orphan is known again */
	const char *status;  /* NULL: not yet; else as openapi.yaml has it */
	int exit_code;       /* −1: none */
	const char *reason;  /* the first of … */
	const char *reasons; /* … a JSON array of texts */
	const char *failure_mode;
	bool has_files; /* retention has not taken them */
	uint64_t bytes;
};

/* Named as SLOs name them: times in ns, rates per second, ratios 0..1. */
struct ledger_figure {
	const char *name;
	double value;
};

/* Adds it, or replaces the row of that id, which keeps its number; with the figures, in one transaction (n 0: leaves
 * those that are there). */
bool ledger_put_run(struct ledger *ledger, struct ledger_run *run, const struct ledger_figure *figures, size_t n,
	struct error *err);
bool ledger_delete_run(struct ledger *ledger, const char *id, struct error *err);

/* Which results are kept: of runs that ended from then on, so many of each name, so much together; 0: all. */
struct ledger_limits {
	int64_t ended_from_ns;
	uint64_t runs, bytes;
};
#define LEDGER_ID_MAX 40
/* The oldest run that ended, has files, and is beyond a limit; of the size never the newest one. False: there is none,
 * or err is set. */
bool ledger_spent_run(
	struct ledger *ledger, const struct ledger_limits *limits, char id[LEDGER_ID_MAX], struct error *err);
/* Its files go; the row stays. */
bool ledger_drop_files(struct ledger *ledger, const char *id, struct error *err);

struct ledger_filter {
	unsigned states;          /* BIT(enum ledger_state); 0: all */
	const char *status;       /* one, or several by commas; NULL: all */
	const char *name, *id;    /* NULL: all */
	const char *submitted_by; /* NULL: anybody */
	uint64_t before;          /* a number; 0: from the newest */
	size_t limit;
};

/* Newest first, each with its figures. False from the callback ends it. */
typedef bool ledger_run_fn(
	void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t figures_n);
bool ledger_list_runs(struct ledger *ledger, const struct ledger_filter *filter, ledger_run_fn *each, void *context,
	struct error *err);

/* Every name that has runs, by name, with how many. */
typedef void ledger_name_fn(void *context, const char *name, uint64_t runs);
bool ledger_list_names(struct ledger *ledger, ledger_name_fn *each, void *context, struct error *err);

struct ledger_alert {
	uint64_t number; /* 0: to be given */
	const char *rule, *severity, *run, *name, *text;
	double value, threshold;    /* NAN: none */
	int64_t since_ns, ended_ns; /* ended_ns 0: it fires */
	int64_t fired_ns;
	bool is_quiet; /* nobody was told that it fires */
	const char *acknowledged_by, *note;
	int64_t acknowledged_ns; /* 0: nobody has seen it */
};

struct ledger_alert_filter {
	bool firing, resolved;   /* neither: both */
	int acknowledged;        /* −1: whether or not */
	uint64_t before, number; /* 0: any */
	size_t limit;
};

/* Adds it, or replaces the row of its number but for who has seen it. */
bool ledger_put_alert(struct ledger *ledger, struct ledger_alert *alert, struct error *err);
/* False without err set: there is none of that number. */
bool ledger_acknowledge(
	struct ledger *ledger, uint64_t number, const char *by, const char *note, int64_t at_ns, struct error *err);
typedef bool ledger_alert_fn(void *context, const struct ledger_alert *alert);
bool ledger_list_alerts(struct ledger *ledger, const struct ledger_alert_filter *filter, ledger_alert_fn *each,
	void *context, struct error *err);

/* All that `write` does becomes true together, or, where it returns false or the daemon is killed, none of it. */
bool ledger_together(struct ledger *ledger, bool (*write)(struct ledger *ledger, void *context, struct error *err),
	void *context, struct error *err);

/* Texts by kind and name, for what else must outlive the daemon: schedules that came by the API, and their states; what
 * sinks are still to be told (owed.h); runs that ended and that alerts have not looked at yet. */
#define LEDGER_UNJUDGED "unjudged" /* by id */
bool ledger_put_note(struct ledger *ledger, const char *kind, const char *name, const char *text,
	struct error *err); /* text NULL: removes it */
typedef void ledger_note_fn(void *context, const char *name, const char *text);
bool ledger_list_notes(struct ledger *ledger, const char *kind, ledger_note_fn *each, void *context, struct error *err);
