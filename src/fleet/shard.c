#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/control_input.h"
#include "campaign/sampling.h"
#include "fleet/fleet.h"
#include "fleet/outbox.h"

/* A shard's process: the engine, led by what comes in at stdin, and its events at stdout. It judges nothing, steers
 * nothing, writes no results and watches nobody but itself. */
#define SELF_STEP_NS (500 * NS_PER_MS)

struct shard {
	const struct plan *plan;
	uv_loop_t loop;
	struct run *run;
	struct outbox outbox;
	struct control_input control;
	struct sampler *self_sampler;
	struct sampling sampling;
	struct addresses *addresses;
	int64_t t0_ns; /* −1: the leader has not said */
	bool is_deserted, has_told_relaxed;
	int64_t beat_at_ns; /* when anything was said last, once a beat was; −1: none was */
	/* What runs, to be told again when it ends before its time. */
	int64_t level_end_ns;
};

static void
say_state(struct shard *shard, enum shard_state state, int64_t at_ns, const char *text)
{
	event_encode_shard(outbox_lines(&shard->outbox), state, at_ns, text);
	outbox_send(&shard->outbox);
}

static void
shard_on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	struct shard *shard = context;

	if (phase == RUN_DRAIN && run_end_of(shard->run).was_unreachable)
		say_state(shard, SHARD_UNREACHABLE, at_ns, failure_rows[run_end_of(shard->run).unreachable_by].counter);
	event_encode_phase(outbox_lines(&shard->outbox), run_phase_names[phase], at_ns);
	outbox_send(&shard->outbox);
}

static void
shard_on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct shard *shard = context;

	shard->level_end_ns = end_ns;
	event_encode_level(outbox_lines(&shard->outbox), level, start_ns, end_ns, offered);
	outbox_send(&shard->outbox);
}

static void
shard_on_cut(void *context, int64_t at_ns)
{
	struct shard *shard = context;

	if (at_ns < shard->level_end_ns)
		say_state(shard, SHARD_CUT, at_ns, "");
}

static void
shard_on_complete(void *context, int64_t at_ns)
{
	say_state(context, SHARD_COMPLETE, at_ns, "");
}

static void
shard_on_idle(void *context, int64_t at_ns)
{
	say_state(context, SHARD_IDLE, at_ns, "");
}

static void
shard_on_interval(void *context, struct interval *interval)
{
	struct shard *shard = context;
	struct run_end end = run_end_of(shard->run);

	if (end.is_relaxed && !shard->has_told_relaxed) {
		shard->has_told_relaxed = true;
		say_state(shard, SHARD_RELAXED, interval->end_ns, end.pacing_reason);
	}
	outbox_add_interval(&shard->outbox, interval);
}

static void
shard_on_end(void *context)
{
	(void)context;
}

static const struct run_events shard_run_events = {
	.on_phase = shard_on_phase,
	.on_level = shard_on_level,
	.on_cut = shard_on_cut,
	.on_complete = shard_on_complete,
	.on_idle = shard_on_idle,
	.on_interval = shard_on_interval,
	.on_end = shard_on_end,
};

static void
shard_on_written(void *context, struct interval *interval)
{
	struct shard *shard = context;

	run_give_interval(shard->run, interval);
}

/* Nobody leads any more: whatever is under way is let go of at once. */
static void
shard_on_deserted(void *context)
{
	struct shard *shard = context;

	if (shard->is_deserted)
		return;
	shard->is_deserted = true;
	run_control(shard->run, &(struct control){.kind = CONTROL_STOP, .at_ns = -1});
	run_control(shard->run, &(struct control){.kind = CONTROL_END, .at_ns = -1});
}

static void
shard_on_control(void *context, const struct control *control)
{
	struct shard *shard = context;

	if (control->kind == CONTROL_BEAT || shard->beat_at_ns >= 0)
		shard->beat_at_ns = clock_now_ns(&monotonic_clock);
	if (control->kind == CONTROL_START && shard->t0_ns < 0)
		shard->t0_ns = control->at_ns;
	else if (control->kind != CONTROL_BEAT)
		run_control(shard->run, control);
}

static void
shard_on_reading(void *context, const struct sampling *sampling, const struct reading *reading)
{
	struct shard *shard = context;

	(void)sampling;
	run_add_reading(shard->run, true, reading);
	/* Whoever leads by way of somebody else may be alive and out of reach: the dead man's rule. */
	if (shard->beat_at_ns >= 0 && clock_now_ns(&monotonic_clock) - shard->beat_at_ns > CONTROL_SILENCE_NS)
		shard_on_deserted(shard);
}

static bool
shard_open(struct shard *shard, const struct shard_options *options, struct error *err)
{
	struct sampler_config self = {.sources_n = shard->plan->target.sources.n};

	shard->addresses = addresses_of_target(&shard->plan->target, err);
	if (shard->addresses == NULL)
		return false;
	shard->self_sampler = self_sampler.open(&self, err);
	if (shard->self_sampler == NULL)
		return false;
	shard->run = run_new(
		&(struct run_config){
			.plan = shard->plan,
			.loop = &shard->loop,
			.clock = &monotonic_clock,
			.shard = options->shard,
			.shards = options->shards,
			.is_led = true,
			.addresses = shard->addresses,
			.shares_target_cpu = options->shares_target_cpu,
			.events = &shard_run_events,
			.context = shard,
		},
		err);
	if (shard->run != NULL)
		run_prefetch(shard->run);
	return shard->run != NULL && control_input_open(&shard->control, "-", err);
}

static void
shard_announce(struct shard *shard, const struct shard_options *options)
{
	struct run_identity identity = {
		.id = "", .started_wall_ns = wall_now_ns(), .shard = options->shard, .shards = options->shards};

	event_encode_run(outbox_lines(&shard->outbox), &identity, shard->plan);
	outbox_send(&shard->outbox);
}

/* Waits to be told when the load begins; the engine takes it from there. */
static void
shard_drive(struct shard *shard)
{
	shard->control.on_end = shard_on_deserted;
	control_input_start(&shard->control, &shard->loop, shard_on_control, shard);
	while (shard->t0_ns < 0 && !shard->is_deserted)
		uv_run(&shard->loop, UV_RUN_ONCE);
	if (shard->t0_ns >= 0)
		run_start_at(shard->run, shard->t0_ns);
	sampling_start(&shard->sampling, &shard->loop, shard->self_sampler, SELF_STEP_NS, shard_on_reading, shard);
	run_go(shard->run);
	sampling_stop(&shard->sampling);
	control_input_stop(&shard->control);
	while (!shard->sampling.is_closed || shard->outbox.is_busy)
		uv_run(&shard->loop, UV_RUN_ONCE);
}

static int
shard_finish(struct shard *shard)
{
	struct verdict verdict = {.status = shard->is_deserted ? VERDICT_INTERRUPTED : VERDICT_PASS};

	event_encode_end(outbox_lines(&shard->outbox), &verdict, run_now_ns(shard->run));
	return outbox_flush(&shard->outbox) && !shard->is_deserted ? EXIT_PASSED : EXIT_INTERNAL;
}

static void
shard_close(struct shard *shard)
{
	while (uv_run(&shard->loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&shard->loop), ==, 0);
	if (shard->run != NULL)
		run_free(shard->run);
	if (shard->self_sampler != NULL)
		shard->self_sampler->ops->close(shard->self_sampler);
	outbox_fini(&shard->outbox);
}

/* A terminal's Ctrl-C and a `kill` of the whole group reach the leader too, who says what they mean. Should it die, the
 * pipe ends; the kernel sees to it even where this process stands still. */
static void
stay_with_leader(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail with a valid signal */
}

int
shard_run(const struct plan *plan, const struct shard_options *options)
{
	struct shard *shard = must_alloc(sizeof(*shard));
	struct error err = {0};
	char text[1400];
	int exit_code = EXIT_USAGE;

	stay_with_leader();
	shard->plan = plan;
	shard->t0_ns = -1;
	shard->level_end_ns = shard->beat_at_ns = -1;
	CHECK_OP(uv_loop_init(&shard->loop), ==, 0);
	outbox_init(&shard->outbox, &shard->loop, plan, STDOUT_FILENO);
	shard->outbox.on_interval_written = shard_on_written;
	shard->outbox.on_broken = shard_on_deserted;
	shard->outbox.context = shard;
	if (!shard_open(shard, options, &err)) {
		log_error("worker %u: %s", options->shard + 1, error_text(&err, text, sizeof(text)));
	} else {
		shard_announce(shard, options);
		shard_drive(shard);
		exit_code = shard_finish(shard);
	}
	shard_close(shard);
	free(shard->addresses);
	free(shard);
	return exit_code;
}
