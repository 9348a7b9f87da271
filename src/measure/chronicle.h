#pragma once

#include "measure/exchange.h"
#include "measure/scraped.h"
#include "plan/course.h"

/* What happened around the load and beside it, as data: written by campaign/, read by report/. Times are ns since T0,
 * −1 where it did not come to that. */

#define CHRONICLE_TEXT_MAX 224

/* requests.ndjson */
struct requests_record {
	bool is_kept;
	uint64_t written;
	uint64_t dropped; /* they ended faster than they could be written */
	uint64_t beyond;  /* they came when it was full */
	int64_t full_ns;  /* since T0; −1: it never was */
};

/* output.push: moments of the run that a database of metrics was told */
struct push_record {
	const char *shown; /* who was told; NULL: nobody */
	uint64_t told, lost;
	uint64_t failed;               /* requests; what they held was told again */
	char text[CHRONICLE_TEXT_MAX]; /* why the last of them did */
};

/* before, after or beside */
struct hook_record {
	bool was_run, has_failed;
	int64_t took_ns;
	char text[CHRONICLE_TEXT_MAX]; /* of a failure: "exit status 3" */
};

enum action_state {
	ACTION_WAITING, /* the load ended before its time came */
	ACTION_RUNNING,
	ACTION_DONE,
	ACTION_FAILED,
	ACTION_CUT, /* the load ended before it did */
	ACTION_STATE_COUNT
};
extern const char *const action_state_names[ACTION_STATE_COUNT];

/* Whether the SLOs and the error rate held again after an action. */
enum recovery { RECOVERY_UNKNOWN, RECOVERY_NOT_NEEDED, RECOVERY_DONE, RECOVERY_NOT_SEEN, RECOVERY_COUNT };
extern const char *const recovery_names[RECOVERY_COUNT];

struct action_record {
	const struct plan_action *action;
	enum action_state state;
	int64_t started_ns, ended_ns;
	char text[CHRONICLE_TEXT_MAX]; /* why it failed; empty: it did not */
	enum recovery recovery;
	int64_t recovered_after_ns; /* RECOVERY_DONE: since started_ns */
};

/* What a probe was told, or why it was told nothing. */
struct probe_change {
	int64_t at_ns;
	uint16_t status;      /* 0: no answer */
	enum failure failure; /* FAILURE_COUNT: an answer came */
};

#define PROBE_CHANGES_MAX 1000

struct probe_record {
	const struct plan_probe *probe;
	uint64_t polls;
	struct probe_change *changes; /* the first is what it said at first; PROBE_CHANGES_MAX of them */
	size_t changes_n;             /* those that have no room are only counted */
	struct probe_change last;
	char words[CHRONICLE_TEXT_MAX]; /* what the first failure said beyond its class, where one did */
};

/* Since when scrapes of an endpoint failed, or were good again. */
struct scrape_change {
	int64_t at_ns;
	bool has_failed;
	char text[CHRONICLE_TEXT_MAX]; /* why */
};

#define SCRAPE_CHANGES_MAX 100

struct scrape_record {
	const struct plan_endpoint *endpoint;
	struct scrape_counts counts;
	struct scrape_change *changes; /* the first is of the first scrape; SCRAPE_CHANGES_MAX of them */
	size_t changes_n;              /* those that have no room are only counted */
	bool is_failing;
	/* Why a figure has no value, as of the last good scrape; NULL: it has one. Endpoint->n of them. */
	const char **missing;
};

struct chronicle {
	struct requests_record requests;
	struct push_record push;
	struct hook_record before, beside, after;
	int64_t ready_after_ns; /* since the target was started, else since `before` ended; −1: nobody asked */
	uint64_t ready_polls;
	/* Why target.energy.command never said anything, so far; "": it did, or there is none. */
	char energy_why_not[CHRONICLE_TEXT_MAX];
	struct action_record *actions; /* of the plan, in their order */
	size_t actions_n;
	struct probe_record *probes;
	size_t probes_n;
	struct scrape_record *scrapes; /* of the plan's endpoints, in their order */
	size_t scrapes_n;
};

/* "done in 2.43s", "failed after 3.00s"; a signal takes no time: "done"; returns into. */
const char *action_outcome_text(const struct action_record *record, char *into, size_t size);

/* "200", "503", "refused" as failure.def names it; returns into. */
const char *probe_change_text(const struct probe_change *change, char *into, size_t size);
