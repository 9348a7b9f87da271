/* A request's way through the target: arrives, is served by the model or by a worker process, is answered. */
#include "target/simulation.h"

#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "target/target.h"

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

/* What a crash leaves behind: nothing but the log, which is no part of the simulated server. */
_Noreturn static void
target_crash(struct target *t, const char *why)
{
	log_error("target: %s", why);
	truth_flush(&t->truth);
	_exit(TARGET_EXIT_CRASH);
}

/* ---- the end of a request ---- */

static int
job_status(const struct job *job)
{
	switch (job->fate) {
	case JOB_OK: return 200;
	case JOB_ERROR: return 500;
	case JOB_REJECTED: return 503;
	case JOB_RESET: break;
	}
	return 0;
}

static void
target_count_end(struct target *t, const struct job *job, enum httpd_end end, int64_t done_ns)
{
	struct stats *s = &t->stats;

	if (end == HTTPD_GONE || job->fate == JOB_RESET) {
		s->unanswered++;
		return;
	}
	stats_count_answer(s, job_status(job), done_ns - job->due_ns);
}

/* Its place is free: it is neither waiting, nor served, nor hanging. */
static void
job_leave(struct target *t, struct job *job)
{
	t->stats.in_system--;
	job_give(&t->pool, job);
}

void
simulation_on_done(struct httpd_request *request, enum httpd_end end, void *user)
{
	struct target *t = user;
	struct job *job = request->user;

	if (job == NULL)
		return; /* /stats */
	int64_t done_ns = now_ns();
	bool is_whole = end == HTTPD_SENT && job->fate != JOB_RESET;

	truth_add(&t->truth, &(struct truth_line){.arrival_ns = request->arrival_ns,
				     .done_ns = done_ns,
				     .status = is_whole ? job_status(job) : 0,
				     .connection = request->connection,
				     .modelled_ns = job->due_ns});
	target_count_end(t, job, end, done_ns);
	job->request = NULL;
	if (job->is_finished)
		job_leave(t, job);
	else
		t->stats.gone++; /* its worker goes on */
	if (t->options->crash_after > 0 && t->stats.answered >= t->options->crash_after && !t->is_stopping)
		target_crash(t, "crashes as told by --crash-after");
}

/* Its time has come. The answer may leave at once, or later if the peer does not read: job_leave is on_done's then. */
static void
job_finish(struct target *t, struct job *job)
{
	struct httpd_request *request = job->request;

	station_leave(&t->station, &job->visit);
	if (job->memory != NULL)
		t->stats.held_bytes -= t->options->memory_bytes;
	ballast_drop(job->memory, t->options->memory_bytes);
	job->memory = NULL;
	job->is_finished = true;
	if (request == NULL) {
		job_leave(t, job);
		return;
	}
	switch (job->fate) {
	case JOB_OK: httpd_answer(request, t->ok); break;
	case JOB_ERROR: httpd_answer(request, t->error); break;
	case JOB_RESET: httpd_answer_half_and_reset(request, t->ok); break;
	case JOB_REJECTED:
		if (t->options->overload == OVERLOAD_503)
			httpd_answer(request, t->busy);
		else if (t->options->overload == OVERLOAD_CLOSE)
			httpd_drop(request);
		else
			httpd_never_answer(request);
	}
}

static void
target_finish_due(struct target *t)
{
	struct job *job;

	while ((job = jobs_first(&t->jobs)) != NULL && job->due_ns <= now_ns())
		job_finish(t, jobs_pop(&t->jobs));
	wake_set(&t->wake, job != NULL ? job->due_ns : INT64_MAX);
}

void
simulation_on_wake(void *user)
{
	target_finish_due(user);
}

void
simulation_on_errand_done(struct errand *errand, void *user)
{
	struct target *t = user;
	struct job *job = container_of(errand, struct job, errand);

	job->due_ns = errand->done_ns;
	job_finish(t, job);
}

/* ---- its beginning ---- */

static bool
draw(const struct target *t, enum target_stream stream, uint64_t number, double ratio)
{
	return ratio > 0 && rng_unit_at(t->options->seed, stream, number) < ratio;
}

static enum job_fate
draw_fate(const struct target *t, uint64_t number)
{
	if (draw(t, TARGET_STREAM_RESET, number, t->options->reset_ratio))
		return JOB_RESET;
	return draw(t, TARGET_STREAM_ERROR, number, t->options->error_ratio) ? JOB_ERROR : JOB_OK;
}

static int64_t
draw_service_ns(const struct target *t, uint64_t number)
{
	const struct target_options *o = t->options;
	int64_t stall_ns = draw(t, TARGET_STREAM_STALL, number, o->stall.ratio) ? o->stall.time_ns : 0;

	return service_ns(&o->service, o->seed, number) + stall_ns;
}

static void
target_load_memory(struct target *t, struct job *job)
{
	const struct target_options *o = t->options;

	if (o->memory_bytes > 0) {
		job->memory = ballast_hold(o->memory_bytes);
		if (job->memory == NULL)
			target_crash(t, "out of memory for --memory-per-request");
		t->stats.held_bytes += o->memory_bytes;
	}
	if (o->leak_bytes > 0 && !leak_more(&t->leak, o->leak_bytes))
		target_crash(t, "out of memory for --leak");
}

/* Through the heap too, because a frozen server cannot even say no. */
static void
job_reject(struct target *t, struct job *job)
{
	job->fate = JOB_REJECTED;
	job->due_ns = freeze_done_ns(&t->station.freeze, job->arrival_ns, 0);
	t->stats.rejected++;
	jobs_push(&t->jobs, job);
}

static void
job_admit(struct target *t, struct job *job)
{
	job->number = t->stats.requests++;
	job->fate = draw_fate(t, job->number);
	t->stats.resets += job->fate == JOB_RESET;
	if (++t->stats.in_system > t->stats.in_system_peak)
		t->stats.in_system_peak = t->stats.in_system;
	int64_t service_time_ns = draw_service_ns(t, job->number);

	if (t->crew != NULL) {
		job->errand = (struct errand){
			.arrival_ns = job->arrival_ns, .cpu_ns = t->options->cpu_ns, .service_ns = service_time_ns};
		if (!crew_submit(t->crew, &job->errand)) {
			job_reject(t, job);
			return;
		}
	} else {
		if (!station_arrive(&t->station, &job->visit, job->arrival_ns, service_time_ns)) {
			job_reject(t, job);
			return;
		}
		job->due_ns = job->visit.done_ns;
		jobs_push(&t->jobs, job);
	}
	target_load_memory(t, job);
}

/* Sockets are read in any order, but served in order of arrival: a turn's requests are sorted by their stamps first. */
static void
batch_add(struct target *t, struct job *job)
{
	struct list *after = t->batch.prev;

	while (after != &t->batch && container_of(after, struct job, node)->arrival_ns > job->arrival_ns)
		after = after->prev;
	list_add_first(after, &job->node);
}

void
simulation_on_polled(uv_check_t *check)
{
	struct target *t = container_of(check, struct target, after_poll);
	struct job *job;

	if (list_is_empty(&t->batch))
		return;
	while ((job = list_first(&t->batch, struct job, node)) != NULL) {
		list_remove(&job->node);
		job_admit(t, job);
	}
	target_finish_due(t);
}

static void
answer_stats(struct target *t, struct httpd_request *request)
{
	struct httpd_counts counts = httpd_counts(t->httpd);
	struct buf text;

	buf_init(&text, STATS_MAX);
	t->stats.queued = t->crew != NULL ? crew_queued(t->crew) : station_queued(&t->station, now_ns());
	t->stats.queue_peak = t->crew != NULL ? crew_queued_peak(t->crew) : t->station.queued_peak;
	t->stats.leaked_bytes = t->leak.bytes;
	t->stats.uptime_ns = now_ns() - t->start_ns;
	stats_write(&t->stats, &counts, NULL, &text);
	httpd_answer_text(request, 200, "Content-Type: application/json\r\n", text.bytes, text.length);
	buf_fini(&text);
}

void
simulation_on_request(struct httpd_request *request, void *user)
{
	struct target *t = user;

	if (strcmp(request->target, "/stats") == 0 && (request->is_head || strcmp(request->method, "GET") == 0)) {
		answer_stats(t, request);
		return;
	}
	struct job *job = job_take(&t->pool);

	job->request = request;
	job->arrival_ns = job->due_ns = request->arrival_ns;
	request->user = job;
	batch_add(t, job);
}
