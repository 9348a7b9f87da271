#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* What a profile wants done around the load (before, ready, after) and beside it (beside, at, probe). Everything lives
 * in the plan's arena. */

/* A command as it is run, and as it may be shown: references to secrets stay references. text NULL: none. */
struct plan_shell {
	const char *text, *shown;
};

struct plan_hook {
	struct plan_shell command; /* by /bin/sh -c, in a process group of its own */
	int64_t within_ns;         /* its deadline; of `beside`: from SIGTERM to SIGKILL */
};

/* Where a request goes that is not of the load. */
struct plan_place {
	const char *shown;   /* as written; NULL: there is none */
	bool is_of_target;   /* a path alone: of whatever the target is */
	struct plan_url url; /* whom to connect to … */
	struct plan_tls tls; /* … and how, where that is https */
	const char *path;    /* whole, with its query */
};

struct plan_fetch {
	struct plan_place place;
	const char *method, *body; /* body NULL: none */
	struct plan_list headers;  /* of struct plan_pair, beside those that every request has */
	struct plan_expect expect;
	int64_t timeout_ns;
};

struct plan_ready { /* fetch.place.shown NULL: nothing is polled */
	struct plan_fetch fetch;
	int64_t within_ns, every_ns;
};

struct plan_probe {
	const char *name; /* unique; the place where none is given */
	struct plan_fetch fetch;
	int64_t every_ns;
};

enum plan_action_kind { ACTION_RUN, ACTION_SIGNAL, ACTION_FETCH, ACTION_CAP };

/* What the target's cgroup is held to; 0: to what it is. */
struct plan_cap {
	double cpu; /* cores */
	uint64_t memory_bytes;
};

struct plan_action {
	const char *name; /* what it does, in words, where none is given */
	int64_t at_ns;    /* since the first level began */
	enum plan_action_kind kind;
	struct plan_shell command; /* ACTION_RUN */
	int64_t within_ns;         /* ACTION_RUN */
	int signal;                /* ACTION_SIGNAL … */
	const char *pid_file;      /* … to whom; NULL: the target */
	struct plan_fetch fetch;   /* ACTION_FETCH */
	struct plan_cap cap;       /* ACTION_CAP */
	int64_t for_ns; /* ACTION_RUN: ended after it, which is no failure; ACTION_CAP: lifted; 0: not said */
	size_t line, column;
};

#define PLAN_ACTIONS_CEILING ((size_t)100)
#define PLAN_PROBES_CEILING ((size_t)20)

struct plan_course {
	struct plan_hook before, after, beside;
	struct plan_ready ready;
	struct plan_action *actions; /* by time */
	size_t actions_n;
	struct plan_probe *probes;
	size_t probes_n;
};

/* Rows of keys.def → profile->course, and the lists `at` and `probe`; the target is known. */
struct plan_context;
struct plan_node;
struct profile;
bool course_compile(struct plan_context *context, struct profile *profile, struct error *err);
/* `at:` → actions by time. */
bool course_compile_actions(struct plan_context *context, const struct plan_node *list,
	const struct plan_target *target, struct plan_course *course, struct error *err);
/* A path alone is one of the target; and with the target's host TLS is spoken as the target has it. */
void course_place_fetch(struct plan_context *context, const struct plan_target *target, struct plan_fetch *fetch);
