#pragma once

#include "daemon/submission.h"
#include "plan/plan.h"

/* `brunt serve`: in the foreground, until SIGTERM or SIGINT. It listens, runs what is submitted, and remembers. SIGHUP
 * reads what may change without a restart again; no running job hears of it. */
struct daemon_options {
	const char *config;   /* a file; NULL: defaults */
	const char *listen;   /* in place of the config's; NULL: those */
	bool is_monitor_only; /* whatever the file says */
	const char *program;  /* our own binary, for jobs */
	const struct plan_tables *tables;
	/* As submission_terms have it. */
	bool (*may_share)(const struct submission *submission, const struct plan_experiment *experiment,
		const struct plan_suite *suite, struct error *err);
};

/* Returns the exit code. */
int daemon_serve(const struct daemon_options *options);
