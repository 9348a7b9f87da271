#pragma once

#include <uv.h>

#include "target/ballast.h"
#include "target/jobs.h"
#include "target/options.h"
#include "target/stats.h"
#include "target/truth.h"
#include "target/wake.h"

/* What target.c starts and stops; simulation.c, or llm.c with --llm, does what is in between. Nobody else includes it.
 */
struct target_mode {
	struct httpd_handler handler;
	void (*on_polled)(uv_check_t *check); /* a turn of the loop has read what there was */
	void (*on_wake)(void *user);          /* what wake was set to has come */
};

struct target {
	const struct target_mode *mode;
	const struct target_options *options;
	uv_loop_t loop;
	struct httpd *httpd;
	struct httpd_tls *tls; /* NULL: in the clear */
	struct crew *crew;     /* NULL: the station serves, in virtual time */
	struct station station;
	struct jobs jobs;  /* waiting for their due time */
	struct list batch; /* arrived in this turn of the loop, by arrival */
	struct job_pool pool;
	struct wake wake;
	uv_check_t after_poll;
	uv_signal_t on_term, on_int, on_usr1;
	uv_timer_t flush;
	struct llm *llm; /* NULL: a plain server */
	struct truth truth;
	struct leak leak;
	struct stats stats;
	struct httpd_reply *ok, *error, *busy;
	int64_t start_ns;
	int exit_code;
	bool is_stopping;
};

/* target.c: ends it, at once: what is still in the system is cut off, and logged as such. */
void target_stop(struct target *target);

/* The handler's two calls (httpd.h); user is the target. */
void simulation_on_request(struct httpd_request *request, void *user);
void simulation_on_done(struct httpd_request *request, enum httpd_end end, void *user);

void simulation_on_wake(void *user);                               /* a job is due */
void simulation_on_polled(uv_check_t *check);                      /* a turn of the loop has read what there was */
void simulation_on_errand_done(struct errand *errand, void *user); /* a worker process is done with a job */
