#pragma once

#include "plan/plan.h"

/* `brunt serve`: in the foreground, until SIGTERM or SIGINT. It listens, runs what is submitted, and remembers. SIGHUP
 * reads what may change without a restart again; no running job hears of it. */
struct daemon_options {
	const char *config;   /* a file; NULL: defaults */
	const char *listen;   /* in place of the config's; NULL: those */
	bool is_monitor_only; /* whatever the file says */
	const char *program;  /* our own binary, for jobs */
	const struct plan_tables *tables;
};

/* Returns the exit code. */
int daemon_serve(const struct daemon_options *options);
