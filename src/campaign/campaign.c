#include "campaign/campaign_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "load/schedule.h"

#define LIVE_STEP_MS 250
#define SELF_STEP_NS (500 * NS_PER_MS)

static void
campaign_on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	struct campaign *campaign = context;

	campaign->phase = run_phase_names[phase];
	if (phase == RUN_WARMUP || phase == RUN_MEASURE) {
		campaign_note_beginning(campaign, at_ns);
		campaign_course_load_begins(campaign);
	}
	digest_note(&campaign->digest, &(struct note){.kind = NOTE_PHASE, .phase = campaign->phase, .start_ns = at_ns});
}

static void
campaign_on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct campaign *campaign = context;

	digest_note(&campaign->digest, &(struct note){.kind = NOTE_LEVEL,
					       .level = level,
					       .start_ns = start_ns,
					       .end_ns = end_ns,
					       .offered = offered});
	if (level != LEVEL_WARMUP)
		actions_start(&campaign->actions, start_ns); /* the first one's start; later ones change nothing */
}

static void
campaign_on_cut(void *context, int64_t at_ns)
{
	struct campaign *campaign = context;

	digest_note(&campaign->digest, &(struct note){.kind = NOTE_CUT, .start_ns = at_ns});
}

static void
campaign_on_complete(void *context, int64_t at_ns)
{
	struct campaign *campaign = context;

	digest_note(&campaign->digest, &(struct note){.kind = NOTE_COMPLETE, .start_ns = at_ns});
}

static int64_t
campaign_now_ns(const struct campaign *campaign)
{
	return campaign->driver->ops->now_ns(campaign->driver);
}

/* What the driver knows by now and the judge must, before it looks at what comes next. */
static struct driver_end
campaign_note_driver(struct campaign *campaign)
{
	struct driver_end end = campaign->driver->ops->end_of(campaign->driver);
	struct run_facts *facts = &campaign->facts;

	facts->was_unreachable = end.run.was_unreachable;
	facts->workers = end.workers;
	if (end.workers_lost > 0 && facts->workers_lost == 0) {
		snprintf(facts->worker_lost_text, sizeof(facts->worker_lost_text), "%s", end.text);
		facts->worker_lost_ns = end.lost_ns;
		digest_note(&campaign->digest,
			&(struct note){
				.kind = NOTE_LOST, .start_ns = facts->worker_lost_ns, .text = facts->worker_lost_text});
	}
	facts->workers_lost = end.workers_lost;
	return end;
}

static void
campaign_on_interval(void *context, struct interval *interval)
{
	struct campaign *campaign = context;

	campaign_note_driver(campaign);
	if (digest_tells_figures(&campaign->digest)) {
		struct shard_records shards = campaign_shards(campaign);

		digest_note_shards(&campaign->digest, &shards, interval->end_ns);
	}
	digest_add_interval(&campaign->digest, interval);
}

static void
campaign_on_end(void *context)
{
	struct campaign *campaign = context;

	int64_t now_ns = campaign_now_ns(campaign);

	campaign->ended_ns = now_ns > 0 ? now_ns : 0; /* a run that was stopped before its load began took no time */
}

static const struct run_events campaign_run_events = {
	.on_phase = campaign_on_phase,
	.on_level = campaign_on_level,
	.on_cut = campaign_on_cut,
	.on_complete = campaign_on_complete,
	.on_interval = campaign_on_interval,
	.on_end = campaign_on_end,
};

static void
campaign_show_level(struct campaign *campaign, const struct level_verdict *verdict)
{
	const struct level_summary *level = &campaign->summary->levels[verdict->level];
	char offered[32], line[FINDING_TEXT_MAX + 96];

	if (campaign->live == NULL || verdict->status == LEVEL_CUT)
		return;
	units_count_text(level->offered, offered, sizeof(offered));
	snprintf(line, sizeof(line), "level %u  %s%s  %s%s%s", verdict->level, offered,
		campaign->plan->scenarios[0].load.in_users ? " users" : "/s", level_status_names[verdict->status],
		verdict->findings_n > 0 ? ": " : "", verdict->findings_n > 0 ? verdict->findings[0].text : "");
	live_view_line(campaign->live, line);
}

static void
campaign_steer(struct campaign *campaign, const struct digest_outcome *outcome)
{
	struct control drain = {.kind = CONTROL_DRAIN, .at_ns = -1};
	struct driver *driver = campaign->driver;
	bool is_maimed = campaign->facts.workers_lost > 0; /* no repetition would be whole */

	if (campaign_is_shard(campaign))
		return; /* the others would not hear of it */
	if (outcome->abort_expr != NULL && !campaign->facts.abort_when_held) {
		campaign->facts.abort_when_held = true;
		campaign->facts.abort_expr = outcome->abort_expr;
		driver->ops->control(driver, &drain);
	} else if (campaign->digest.searching.is_on && !is_maimed)
		campaign_search_steer(campaign, outcome);
	else if (outcome->judged_n > 0 &&
		 (outcome->advice == JUDGE_STOP || (is_maimed && outcome->advice == JUDGE_REPEAT) ||
			 (is_maimed && campaign->digest.searching.is_on)))
		driver->ops->control(driver, &drain);
	else if (outcome->judged_n > 0 && outcome->advice == JUDGE_REPEAT)
		driver->ops->repeat(driver, outcome->repeat_level);
	else if (outcome->is_broken)
		driver->ops->recover(driver);
}

static void
campaign_on_digested(void *context, struct interval *interval, const struct digest_outcome *outcome)
{
	struct campaign *campaign = context;

	for (size_t i = 0; i < outcome->judged_n; i++)
		campaign_show_level(campaign, outcome->judged[i]);
	campaign_steer(campaign, outcome);
	if (campaign->t0_wall_ns == 0)
		campaign->t0_wall_ns = wall_now_ns() - campaign->driver->ops->now_ns(campaign->driver);
	push_add(&campaign->push, campaign->summary, campaign->t0_wall_ns + interval->end_ns);
	campaign->driver->ops->give_interval(campaign->driver, interval);
}

static const char *
stopping_text(const struct campaign *campaign)
{
	if (campaign->is_driving)
		return "stopping: waiting for what is in flight; once more to end at once";
	return campaign->was_driving ? "stopping" : "stopping: nothing was sent";
}

static void
campaign_on_signal(uv_signal_t *handle, int signum)
{
	struct campaign *campaign = handle->data;

	if (!campaign->facts.was_interrupted && !campaign->options->is_quiet)
		log_info("%s", stopping_text(campaign));
	campaign->was_aborted = campaign->facts.was_interrupted;
	campaign->facts.was_interrupted = true;
	campaign->facts.signal = signum;
	if (campaign->is_driving)
		campaign->driver->ops->interrupt(campaign->driver);
}

static void
campaign_note_target_exit(struct campaign *campaign)
{
	if (!campaign->facts.target_started || campaign->facts.target_exited || campaign->target.child.is_running)
		return;
	campaign->facts.target_exited = true;
	campaign->facts.target_exit_code = (int)campaign->target.child.exit_status;
	campaign->facts.target_signal = campaign->target.child.term_signal;
	campaign->facts.target_exited_ns =
		campaign->target.child.exited_at_ns - (clock_now_ns(&monotonic_clock) - campaign_now_ns(campaign));
}

static void
campaign_on_reading(void *context, const struct sampling *sampling, const struct reading *reading)
{
	struct campaign *campaign = context;

	campaign_note_target_exit(campaign);
	if (sampling == &campaign->self_sampling)
		campaign->driver->ops->add_reading(campaign->driver, true, reading);
	else
		campaign_add_target_reading(campaign, reading);
}

static void
campaign_on_live_timer(uv_timer_t *timer)
{
	struct campaign *campaign = timer->data;

	campaign_note_target_exit(campaign);
	if (campaign->live == NULL || digest_is_busy(&campaign->digest))
		return;
	struct shard_records shards = campaign_shards(campaign);

	live_view_shards(campaign->live, &shards);
	live_view_update(campaign->live, campaign->summary, campaign_now_ns(campaign), campaign->phase);
}

static void
campaign_on_control(void *context, const struct control *control)
{
	struct campaign *campaign = context;

	if (campaign->digest.searching.is_on && control->kind == CONTROL_LEVEL)
		log_warn(
			"control: a search says its own levels, so that 'level' is refused; 'drain' and 'stop' end it");
	else
		campaign->driver->ops->control(campaign->driver, control);
}

static bool
campaign_shares_target_cpu(const struct campaign *campaign)
{
	return campaign->target_sampler != NULL && proc_sampler.shares_our_only_cpu != NULL &&
	       proc_sampler.shares_our_only_cpu(campaign->target_sampler);
}

int64_t
campaign_planned_ns(const struct plan *plan)
{
	int64_t planned_ns = 0;

	for (size_t i = 0; i < plan->scenarios_n; i++) {
		struct schedule schedule;

		schedule_init(&schedule, &plan->scenarios[i].load, plan->seed);
		if (schedule_end_ns(&schedule) == INT64_MAX || schedule_is_steered(&schedule))
			return 0;
		if (schedule_end_ns(&schedule) > planned_ns)
			planned_ns = schedule_end_ns(&schedule);
	}
	return planned_ns;
}

static void
campaign_watch_signals(struct campaign *campaign)
{
	signal(SIGPIPE, SIG_IGN);
	uv_signal_init(&campaign->loop, &campaign->on_int);
	uv_signal_init(&campaign->loop, &campaign->on_term);
	campaign->on_int.data = campaign->on_term.data = campaign;
	uv_signal_start(&campaign->on_int, campaign_on_signal, SIGINT);
	uv_signal_start(&campaign->on_term, campaign_on_signal, SIGTERM);
}

static bool
campaign_open_events_copy(struct campaign *campaign, struct error *err)
{
	const char *path = campaign->options->events_path;

	campaign->digest.copies_figures = campaign->options->copies_figures;
	if (campaign->options->part != NULL) {
		campaign->digest.events_copy = campaign->options->part->events;
		campaign->digest.copies_figures = campaign->options->part->copies_figures;
	}
	if (path == NULL)
		return true;
	campaign->digest.events_copy = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (campaign->digest.events_copy == NULL)
		return error_set(err, "--events: cannot write '%s': %s", path, strerror(errno));
	return true;
}

static void
campaign_open_live_view(struct campaign *campaign)
{
	struct terminal_style style = terminal_style_of(stderr);

	if (campaign->options->is_quiet)
		return;
	campaign->live = live_view_new(stderr, campaign->plan, &style, campaign_planned_ns(campaign->plan));
	if (campaign->options->part != NULL)
		live_view_of_several(campaign->live, campaign->options->part->title, campaign->options->part->after_ns);
}

static void
campaign_start_watching(struct campaign *campaign)
{
	if (campaign->target_sampler != NULL)
		sampling_start(&campaign->target_sampling, &campaign->loop, campaign->target_sampler,
			campaign->plan->target.watch.every_ns, campaign_on_reading, campaign);
	sampling_start(&campaign->self_sampling, &campaign->loop, campaign->self_sampler, SELF_STEP_NS,
		campaign_on_reading, campaign);
	if (campaign_looks_at_target(campaign))
		campaign_energy_start(campaign);
	uv_timer_init(&campaign->loop, &campaign->live_timer);
	campaign->live_timer.data = campaign;
	uv_timer_start(&campaign->live_timer, campaign_on_live_timer, LIVE_STEP_MS, LIVE_STEP_MS);
	requests_log_start(&campaign->requests_log, &campaign->loop);
	probes_start(&campaign->probes);
	if (campaign_looks_at_target(campaign))
		scrapes_start(&campaign->scrapes);
	if (campaign->options->control_path != NULL)
		control_input_start(&campaign->control, &campaign->loop, campaign_on_control, campaign);
}

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
campaign_stop_watching(struct campaign *campaign)
{
	campaign_course_load_ends(campaign);
	if (campaign->target_sampler != NULL)
		sampling_stop(&campaign->target_sampling);
	sampling_stop(&campaign->self_sampling);
	campaign_energy_stop(campaign);
	close_handle((uv_handle_t *)&campaign->live_timer);
	if (campaign->options->control_path != NULL)
		control_input_stop(&campaign->control);
	while ((campaign->target_sampler != NULL && !campaign->target_sampling.is_closed) ||
		!campaign->self_sampling.is_closed)
		uv_run(&campaign->loop, UV_RUN_ONCE);
	requests_log_stop(&campaign->requests_log);
	campaign->chronicle.requests = campaign->requests_log.record;
}

static void
campaign_note_run_end(struct campaign *campaign)
{
	struct driver_end driver_end = campaign_note_driver(campaign);
	struct run_end end = driver_end.run;
	struct run_facts *facts = &campaign->facts;

	campaign_note_target_exit(campaign);
	facts->was_interrupted = facts->was_interrupted || end.was_interrupted;
	/* Ctrl-C reaches a worker that is just being born, too. */
	if (driver_end.has_failed && !facts->was_interrupted) {
		facts->internal_error = !driver_end.is_of_others;
		facts->fleet_is_short = driver_end.is_of_others;
		snprintf(facts->error_text, sizeof(facts->error_text), "%s", driver_end.text);
	}
	if (end.was_unreachable) {
		const char *words = campaign->summary->tls.words[end.unreachable_by];

		snprintf(facts->unreachable_text, sizeof(facts->unreachable_text), "%.60s: %.90s%s%.80s",
			campaign->plan->target.url.text, failure_rows[end.unreachable_by].sentence,
			words[0] != '\0' ? ": " : "", words);
	}
	facts->did_not_recover = end.did_not_recover;
	facts->paced_relaxed = end.is_relaxed;
	if (campaign->result_dir != NULL)
		facts->result_lost =
			result_dir_failed(campaign->result_dir, facts->error_text, sizeof(facts->error_text));
}

static void
campaign_close(struct campaign *campaign)
{
	campaign_course_end(campaign);
	close_handle((uv_handle_t *)&campaign->on_int);
	close_handle((uv_handle_t *)&campaign->on_term);
	while (uv_run(&campaign->loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&campaign->loop), ==, 0);
	if (campaign->target_sampler != NULL)
		campaign->target_sampler->ops->close(campaign->target_sampler);
	if (campaign->self_sampler != NULL)
		campaign->self_sampler->ops->close(campaign->self_sampler);
	if (campaign->digest.events_copy != NULL && campaign->digest.events_copy != stdout &&
		campaign->options->part == NULL)
		fclose(campaign->digest.events_copy);
	digest_fini(&campaign->digest);
	requests_log_fini(&campaign->requests_log);
	if (campaign->live != NULL)
		live_view_free(campaign->live);
	if (campaign->result_dir != NULL)
		result_dir_free(campaign->result_dir);
	campaign->driver->ops->free(campaign->driver);
	judge_free(campaign->judge);
	summary_free(campaign->summary);
	campaign_course_fini(campaign);
	free(campaign->addresses);
	free(campaign->files);
}

static int
campaign_go(struct campaign *campaign)
{
	struct error err = {0};
	int exit_code;

	if (!campaign_prepare(campaign, &exit_code))
		return exit_code;
	campaign->run_config = (struct run_config){
		.plan = campaign->plan,
		.loop = &campaign->loop,
		.clock = &monotonic_clock,
		.shard = campaign->identity.shard,
		.shards = campaign->identity.shards,
		.addresses = campaign->addresses,
		.exchanges = campaign->requests_log.plan != NULL ? &campaign->requests_log.ring : NULL,
		.shares_target_cpu = campaign_shares_target_cpu(campaign),
		.events = &campaign_run_events,
		.context = campaign,
	};
	if (!campaign->driver->ops->start(campaign->driver, &campaign->run_config, &err))
		return campaign_refuse(campaign, &err);
	campaign->is_driving = campaign->was_driving = true;
	campaign_open_live_view(campaign);
	campaign_start_watching(campaign);
	campaign->driver->ops->go(campaign->driver);
	campaign->is_driving = false;
	campaign_stop_watching(campaign);
	digest_flush_notes(&campaign->digest);
	campaign_note_run_end(campaign);
	return campaign_conclude(campaign);
}

int
campaign_run(const struct campaign_options *options)
{
	struct campaign *campaign = must_alloc(sizeof(*campaign));
	struct error err = {0};
	int exit_code;

	campaign->options = options;
	campaign->plan = options->plan;
	campaign->driver = options->driver;
	campaign->phase = run_phase_names[RUN_BASELINE];
	campaign_make_identity(campaign);
	CHECK_OP(uv_loop_init(&campaign->loop), ==, 0);
	campaign_watch_signals(campaign);
	campaign->summary = summary_new(options->plan);
	campaign->judge = judge_new(options->plan);
	campaign_course_init(campaign);
	digest_init(&campaign->digest);
	campaign->facts.is_shard = campaign_is_shard(campaign);
	campaign->facts.is_part = options->part != NULL || options->is_side || campaign->facts.is_shard;
	campaign_search_init(campaign);
	campaign->digest.has_actions = options->plan->course->actions_n > 0;
	campaign->digest.loop = &campaign->loop;
	campaign->digest.plan = options->plan;
	campaign->digest.summary = campaign->summary;
	campaign->digest.judge = campaign->judge;
	campaign->digest.facts = &campaign->facts;
	campaign->digest.on_done = campaign_on_digested;
	campaign->digest.context = campaign;
	campaign->result_dir = result_dir_open(options->plan, &campaign->identity, options->out_dir, &err);
	campaign->digest.result_dir = campaign->result_dir;
	requests_log_init(&campaign->requests_log, options->plan, campaign->result_dir);
	if (campaign->result_dir == NULL || !campaign_open_events_copy(campaign, &err) ||
		!control_input_open(&campaign->control, options->control_path, &err)) {
		exit_code = campaign_refuse(campaign, &err);
	} else {
		event_encode_run(&campaign->digest.events, &campaign->identity, options->plan);
		digest_write_events(&campaign->digest);
		exit_code = campaign_go(campaign);
	}
	campaign_close(campaign);
	free(campaign);
	return exit_code;
}
