#include "target/target.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "httpd/tls.h"
#include "target/llm.h"
#include "target/simulation.h"

#define EXIT_IO 5
#define SPARE_DESCRIPTORS 64 /* ours, beside one per connection */
#define FLUSH_EVERY_MS 1000
#define PIPELINED_MAX 64
#define STREAM_BYTES_MAX ((size_t)4 << 20) /* the longest answer as one event, and more */

/* What the target does between its start and its stop. */
static const struct target_mode plain_mode = {
	.handler = {.on_request = simulation_on_request, .on_done = simulation_on_done},
	.on_polled = simulation_on_polled,
	.on_wake = simulation_on_wake,
};

static const struct target_mode llm_mode = {
	.handler = {.on_request = llm_on_request, .on_done = llm_on_done},
	.on_polled = llm_on_polled,
	.on_wake = llm_on_wake,
};

static void
on_stopped(void *user)
{
	(void)user; /* the loop ends by itself: no handle is left */
}

void
target_stop(struct target *t)
{
	if (t->is_stopping)
		return;
	t->is_stopping = true;
	httpd_stop(t->httpd, 0, on_stopped, t);
	wake_close(&t->wake);
	uv_close((uv_handle_t *)&t->after_poll, NULL);
	uv_close((uv_handle_t *)&t->on_term, NULL);
	uv_close((uv_handle_t *)&t->on_int, NULL);
	if (t->llm != NULL)
		uv_close((uv_handle_t *)&t->on_usr1, NULL);
	uv_close((uv_handle_t *)&t->flush, NULL);
	if (t->crew != NULL)
		crew_stop(t->crew);
}

static void
on_term_signal(uv_signal_t *handle, int number)
{
	struct target *t = handle->data;

	(void)number;
	if (t->llm != NULL)
		llm_drain(t->llm);
	else
		target_stop(t);
}

static void
on_failure_signal(uv_signal_t *handle, int number)
{
	(void)number;
	llm_toggle_failure(((struct target *)handle->data)->llm);
}

static void
on_worker_lost(void *user)
{
	struct target *t = user;

	log_error("target: a worker process died");
	t->exit_code = EXIT_IO;
	target_stop(t);
}

static void
on_flush(uv_timer_t *timer)
{
	truth_flush(&container_of(timer, struct target, flush)->truth);
}

/* As many descriptors as we may have; returns how many connections they allow. */
static size_t
raise_descriptors(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	size_t allowed =
		limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? limit.rlim_cur - SPARE_DESCRIPTORS : SPARE_DESCRIPTORS;

	return wanted < allowed ? wanted : allowed;
}

static bool
target_listen(struct target *t, struct error *err)
{
	const struct target_options *o = t->options;

	if (o->cert_path != NULL && (t->tls = httpd_tls_new(o->cert_path, o->key_path, err)) == NULL)
		return false;
	struct httpd_config config = {
		.listen = o->listen,
		.tls = t->tls,
		.limits = httpd_default_limits,
		.handler = t->mode->handler,
		.user = t,
	};

	/* A generator may keep connections idle and send slowly for as long as it likes; only its count is bounded. */
	config.limits.connections = raise_descriptors(o->connections_max);
	config.limits.pipelined = PIPELINED_MAX;
	config.limits.stream_bytes = STREAM_BYTES_MAX;
	config.limits.idle_timeout_ns = 0;
	t->httpd = httpd_new(&t->loop, &config, err);
	return t->httpd != NULL;
}

static void
target_make_replies(struct target *t)
{
	static const char type[] = "Content-Type: text/plain\r\n";
	char *body = must_alloc(t->options->response_bytes + 1);

	memset(body, 'x', t->options->response_bytes);
	t->ok = httpd_reply_new(200, type, body, t->options->response_bytes);
	t->error = httpd_reply_new(500, type, "error\n", 6);
	t->busy = httpd_reply_new(503, type, "busy\n", 5);
	free(body);
}

static void
target_start_handles(struct target *t)
{
	uv_check_init(&t->loop, &t->after_poll);
	uv_check_start(&t->after_poll, t->mode->on_polled);
	t->on_term.data = t->on_int.data = t;
	uv_signal_init(&t->loop, &t->on_term);
	uv_signal_start(&t->on_term, on_term_signal, SIGTERM);
	uv_signal_init(&t->loop, &t->on_int);
	uv_signal_start(&t->on_int, on_term_signal, SIGINT);
	if (t->llm != NULL) {
		t->on_usr1.data = t;
		uv_signal_init(&t->loop, &t->on_usr1);
		uv_signal_start(&t->on_usr1, on_failure_signal, SIGUSR1);
	}
	uv_timer_init(&t->loop, &t->flush);
	uv_timer_start(&t->flush, on_flush, FLUSH_EVERY_MS, FLUSH_EVERY_MS);
	if (t->crew != NULL)
		crew_start(t->crew, &t->loop, simulation_on_errand_done, on_worker_lost, t);
}

/* Frees what only the end of the process would; whole under a leak checker. */
static void
target_free(struct target *t)
{
	llm_free(t->llm);
	jobs_fini(&t->jobs);
	job_pool_fini(&t->pool);
	station_fini(&t->station);
	crew_free(t->crew);
	httpd_free(t->httpd);
	httpd_tls_free(t->tls);
	httpd_reply_free(t->ok);
	httpd_reply_free(t->error);
	httpd_reply_free(t->busy);
	truth_close(&t->truth);
}

/* Forks before anything else is there, and listens last, so that whoever can connect is served. */
static bool
target_open(struct target *t, struct error *err)
{
	const struct target_options *o = t->options;

	if (o->cpu_ns > 0) {
		t->crew = crew_new(o->workers, o->queue_max, err);
		if (t->crew == NULL)
			return false;
	}
	if (o->llm.is_on) {
		t->llm = llm_new(t, err);
		if (t->llm == NULL)
			return false;
	}
	uv_loop_init(&t->loop);
	if (!truth_open(&t->truth, o->truth_path, err) || !target_listen(t, err)) {
		httpd_tls_free(t->tls);
		if (t->crew != NULL)
			crew_stop(t->crew);
		uv_loop_close(&t->loop);
		return false;
	}
	return true;
}

int
target_run(const struct target_options *options)
{
	struct target t = {.options = options, .truth.fd = -1, .start_ns = clock_now_ns(&monotonic_clock)};
	struct error err = {0};
	char text[1400];

	t.mode = options->llm.is_on ? &llm_mode : &plain_mode;
	list_init(&t.batch);
	job_pool_init(&t.pool);
	t.stats.workers = options->workers;
	t.stats.capacity_per_s = target_capacity_per_s(options);
	if (!target_open(&t, &err)) {
		log_error("target: %s", error_text(&err, text, sizeof(text)));
		target_free(&t);
		return EXIT_IO;
	}
	struct freeze freeze = options->freeze;

	freeze.epoch_ns = t.start_ns;
	station_init(&t.station, options->workers, options->queue_max, &freeze);
	target_make_replies(&t);
	CHECK_OP(wake_init(&t.wake, &t.loop, options->spin_ns, t.mode->on_wake, &t), ==, 0);
	target_start_handles(&t);
	printf("listening on %s\n", httpd_url(t.httpd));
	fflush(stdout);
	uv_run(&t.loop, UV_RUN_DEFAULT);

	if (!truth_flush(&t.truth))
		t.exit_code = EXIT_IO;
	CHECK_OP(uv_loop_close(&t.loop), ==, 0);
	target_free(&t);
	return t.exit_code;
}
