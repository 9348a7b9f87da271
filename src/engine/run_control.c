#include "engine/run_parts.h"

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"

/* Most that a control message may ask for, per second or users: what a profile may ask for too. */
#define RUN_LEVEL_MOST 1e7

/* What a leader says to a run that is led. */
static void
run_control_by_leader(struct run *run, const struct control *control)
{
	switch (control->kind) {
	case CONTROL_PAUSE: run->wants_pause = true; break;
	case CONTROL_RESUME:
		run->wants_resume = true;
		run->resume = *control;
		break;
	case CONTROL_END: run->wants_end = true; break;
	default: log_warn("control: the load has begun; start was left out"); break;
	}
}

void
run_control(struct run *run, const struct control *control)
{
	if (control_is_of_leader(control)) {
		if (run->config.is_led)
			run_control_by_leader(run, control);
		else
			log_warn("control: nobody leads this run: level, drain or stop is wanted");
	} else if (control->kind == CONTROL_DRAIN)
		run->wants_drain = true;
	else if (control->kind == CONTROL_STOP)
		run->wants_drain = run->wants_stop = true;
	else if (control->level > RUN_LEVEL_MOST)
		log_warn("control: a level of %g is over the most that brunt sends, %g; left out", control->level,
			RUN_LEVEL_MOST);
	else if (run->controls_n == CONTROLS_MAX)
		log_warn("control: more than %d levels wait for their time; one was left out", CONTROLS_MAX);
	else
		run->controls[run->controls_n++] = *control;
}

/* Whoever steers the load decides what comes after a level. */
static bool
run_may_go_back(const struct run *run)
{
	return !run->is_stopping && !timeline_is_steered(&run->pump.timeline);
}

void
run_recover(struct run *run)
{
	if (run->phase > RUN_MEASURE || run->wants_recover || !run_may_go_back(run))
		return;
	run->wants_recover = true;
	run->resume_span = run->pump.timeline.next_span;
}

void
run_repeat(struct run *run, uint32_t level)
{
	if (run->phase == RUN_ENDED || !run_may_go_back(run))
		return;
	run->wants_recover = true;
	run->resume_span = run->pump.timeline.levels[level].span;
}

void
run_interrupt(struct run *run)
{
	run->interrupts++;
	run->wants_interrupt = true;
}

static void
run_take_interrupt(struct run *run, int64_t now_ns)
{
	run->wants_interrupt = false;
	run->end.was_interrupted = true;
	if (run->phase != RUN_DRAIN)
		run_begin_drain(run, now_ns, true);
	if (run->interrupts > 1)
		run->deadline_ns = now_ns;
}

static void
run_take_level(struct run *run, const struct control *control, int64_t now_ns)
{
	if (run->phase != RUN_MEASURE || !timeline_may_steer(&run->pump.timeline, now_ns))
		log_warn("control: a level came too late, or too soon after many others; left out");
	else /* A leader names the moment, so that the level begins at the same one everywhere. */
		pump_steer(&run->pump, control, run->config.is_led ? control->at_ns : now_ns);
}

/* Levels whose time has come, and the load is there to be changed: the others wait. */
static void
run_take_levels(struct run *run, int64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->controls_n; i++) {
		struct control control = run->controls[i];

		if (control.at_ns > now_ns || run->phase < RUN_MEASURE || run->phase == RUN_RECOVER)
			run->controls[kept++] = control;
		else
			run_take_level(run, &control, now_ns);
	}
	run->controls_n = kept;
}

static void
run_take_drain(struct run *run, int64_t now_ns)
{
	if (run->phase < RUN_DRAIN)
		run_begin_drain(run, now_ns, true);
	if (run->wants_stop)
		run->deadline_ns = now_ns;
	run->wants_drain = run->wants_stop = false;
}

/* Also where it has drained: the leader wants a level again. */
static void
run_take_pause(struct run *run, int64_t now_ns)
{
	run->wants_pause = false;
	if (!run->is_stopping && run->phase != RUN_RECOVER && now_ns >= 0)
		run_begin_recover(run, now_ns);
}

void
run_take_controls(struct run *run, int64_t now_ns)
{
	if (run->wants_interrupt)
		run_take_interrupt(run, now_ns);
	if (run->wants_drain)
		run_take_drain(run, now_ns);
	if (run->wants_pause)
		run_take_pause(run, now_ns);
	if (run->controls_n > 0)
		run_take_levels(run, now_ns);
}

void
run_resume(struct run *run, int64_t now_ns)
{
	struct timeline *timeline = &run->pump.timeline;

	if (run->wants_resume) {
		now_ns = run->resume.at_ns;
		run->resume_span = run->resume.span;
		timeline_number_from(timeline, run->resume.first_level, now_ns);
		run->wants_resume = false;
	}
	if (run->resume_span >= timeline->spans_n) {
		run_begin_drain(run, now_ns, false);
		return;
	}
	pump_resume(&run->pump, run->resume_span, now_ns);
	run_go_to(run, RUN_MEASURE);
}
