#include "campaign/campaign_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"

/* What happens around the load and beside it, as the campaign's own. */

static int64_t
course_now_ns(void *context)
{
	struct campaign *campaign = context;

	return campaign->was_driving ? campaign->driver->ops->now_ns(campaign->driver) : 0;
}

static long
pid_in(const char *path)
{
	char text[32];

	return path != NULL && file_read_small(path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10) : 0;
}

static long
course_target_pid(void *context)
{
	const struct campaign *campaign = context;
	const struct plan_target *target = &campaign->plan->target;

	if (target->process.command != NULL)
		return campaign->target.child.is_running ? campaign->target.child.process.pid : 0;
	return target->watch.pid != 0 ? (long)target->watch.pid : pid_in(target->watch.pid_file);
}

static void
course_on_action(void *context, const struct action_record *record, enum action_state state, int64_t at_ns)
{
	struct campaign *campaign = context;
	char line[FINDING_TEXT_MAX + CHRONICLE_TEXT_MAX], at[32], outcome[64];

	digest_note(&campaign->digest,
		&(struct note){.kind = NOTE_ACTION, .action = record, .state = state, .start_ns = at_ns});
	if (campaign->live == NULL || state == ACTION_RUNNING)
		return;
	snprintf(line, sizeof(line), "at %s  %.200s  %s%s%s", units_time_text(record->started_ns, at, sizeof(at)),
		record->action->name, action_outcome_text(record, outcome, sizeof(outcome)),
		record->text[0] != '\0' ? ": " : "", record->text);
	live_view_line(campaign->live, line);
}

static void
course_on_probe(void *context, const struct probe_record *record, const struct probe_change *change)
{
	struct campaign *campaign = context;
	char line[FINDING_TEXT_MAX], at[32], said[64];

	if (digest_has_room(&campaign->digest))
		digest_note(&campaign->digest, &(struct note){.kind = NOTE_PROBE,
						       .probe = record->probe,
						       .change = *change,
						       .start_ns = change->at_ns});
	if (campaign->live == NULL || record->changes_n == 1)
		return;
	snprintf(line, sizeof(line), "at %s  probe %.120s  %s", units_time_text(change->at_ns, at, sizeof(at)),
		record->probe->name, probe_change_text(change, said, sizeof(said)));
	live_view_line(campaign->live, line);
}

static void
course_on_scraped(void *context, const struct scraped *scraped)
{
	struct campaign *campaign = context;

	if (campaign->was_driving)
		campaign->driver->ops->add_scraped(campaign->driver, scraped);
}

static void
course_on_scrape_change(void *context, const struct scrape_record *record, const struct scrape_change *change)
{
	struct campaign *campaign = context;
	const char *url = record->endpoint->fetch.place.shown;
	char line[FINDING_TEXT_MAX + CHRONICLE_TEXT_MAX], at[32];

	if (digest_has_room(&campaign->digest))
		digest_note(&campaign->digest, &(struct note){.kind = NOTE_SCRAPE,
						       .endpoint = record->endpoint,
						       .scrape = change,
						       .start_ns = change->at_ns});
	if (campaign->live == NULL || (record->changes_n == 1 && !change->has_failed))
		return;
	snprintf(line, sizeof(line), "at %s  scrape %.120s  %s%s", units_time_text(change->at_ns, at, sizeof(at)), url,
		change->has_failed ? "failed: " : "is good again", change->text);
	live_view_line(campaign->live, line);
}

static void
course_init_scrapes(struct chronicle *chronicle, const struct plan_scrape *scrape)
{
	chronicle->scrapes_n = scrape->endpoints_n;
	chronicle->scrapes = must_calloc(scrape->endpoints_n, sizeof(*chronicle->scrapes));
	for (size_t i = 0; i < scrape->endpoints_n; i++) {
		const struct plan_endpoint *endpoint = &scrape->endpoints[i];

		chronicle->scrapes[i] = (struct scrape_record){.endpoint = endpoint,
			.changes = must_calloc(SCRAPE_CHANGES_MAX, sizeof(struct scrape_change)),
			.missing = must_calloc(endpoint->n, sizeof(const char *))};
	}
}

void
campaign_course_init(struct campaign *campaign)
{
	const struct plan_course *course = campaign->plan->course;
	struct chronicle *chronicle = &campaign->chronicle;

	campaign->actions_host = (struct actions_host){.now_ns = course_now_ns,
		.target_pid = course_target_pid,
		.watch = campaign->plan->target.has_watch ? &campaign->plan->target.watch : NULL,
		.on_change = course_on_action,
		.context = campaign};
	chronicle->actions = must_calloc(course->actions_n, sizeof(*chronicle->actions));
	chronicle->probes = must_calloc(course->probes_n, sizeof(*chronicle->probes));
	for (size_t i = 0; i < course->actions_n; i++)
		chronicle->actions[i] = (struct action_record){
			.action = &course->actions[i], .started_ns = -1, .ended_ns = -1, .recovered_after_ns = -1};
	for (size_t i = 0; i < course->probes_n; i++)
		chronicle->probes[i] = (struct probe_record){.probe = &course->probes[i],
			.changes = must_calloc(PROBE_CHANGES_MAX, sizeof(struct probe_change))};
	chronicle->actions_n = course->actions_n;
	chronicle->probes_n = course->probes_n;
	course_init_scrapes(chronicle, &campaign->plan->scrape);
	lifecycle_init(&campaign->lifecycle, course, &campaign->loop, &campaign->facts.was_interrupted,
		&campaign->was_aborted, chronicle);
}

void
campaign_course_fini(struct campaign *campaign)
{
	for (size_t i = 0; i < campaign->chronicle.probes_n; i++)
		free(campaign->chronicle.probes[i].changes);
	for (size_t i = 0; i < campaign->chronicle.scrapes_n; i++) {
		free(campaign->chronicle.scrapes[i].changes);
		free(campaign->chronicle.scrapes[i].missing);
	}
	free(campaign->chronicle.scrapes);
	free(campaign->chronicle.actions);
	free(campaign->chronicle.probes);
}

bool
campaign_course_open(struct campaign *campaign, struct error *err)
{
	struct chronicle *chronicle = &campaign->chronicle;
	bool is_good = actions_init(&campaign->actions, &campaign->loop, chronicle->actions, chronicle->actions_n,
		&campaign->actions_host, err);

	is_good =
		probes_init(&campaign->probes, &campaign->loop, chronicle->probes, chronicle->probes_n, err) && is_good;
	campaign->probes.now_ns = course_now_ns;
	campaign->probes.on_change = course_on_probe;
	campaign->probes.context = campaign;
	is_good = scrapes_init(&campaign->scrapes, &campaign->loop, &campaign->plan->scrape, chronicle->scrapes, err) &&
		  is_good;
	is_good = push_init(&campaign->push, &campaign->loop,
			  &(struct live_run){.plan = campaign->plan, .id = campaign->id}, &chronicle->push, err) &&
		  is_good;
	campaign->scrapes.now_ns = course_now_ns;
	campaign->scrapes.on_scraped = course_on_scraped;
	campaign->scrapes.on_change = course_on_scrape_change;
	campaign->scrapes.context = campaign;
	return is_good;
}

/* Not before the idle baseline, which is to show the target at rest. */
void
campaign_course_load_begins(struct campaign *campaign)
{
	struct error err = {0};

	if (campaign->has_load_begun)
		return;
	campaign->has_load_begun = true;
	if (lifecycle_start_beside(&campaign->lifecycle, &err))
		return;
	campaign->chronicle.beside.has_failed = true;
	snprintf(campaign->chronicle.beside.text, CHRONICLE_TEXT_MAX, "%.150s", err.message);
}

void
campaign_course_load_ends(struct campaign *campaign)
{
	actions_stop(&campaign->actions);
	probes_stop(&campaign->probes);
	scrapes_stop(&campaign->scrapes);
	lifecycle_stop_beside(&campaign->lifecycle);
}

static void
note_failed_actions(struct campaign *campaign)
{
	const struct chronicle *chronicle = &campaign->chronicle;
	struct run_facts *facts = &campaign->facts;

	for (size_t i = 0; i < chronicle->actions_n; i++) {
		const struct action_record *record = &chronicle->actions[i];

		if (record->state == ACTION_FAILED && facts->actions_failed++ == 0)
			snprintf(facts->action_text, sizeof(facts->action_text), "the action '%.100s' failed: %.100s",
				record->action->name, record->text);
	}
	if (chronicle->beside.has_failed && facts->actions_failed++ == 0)
		snprintf(facts->action_text, sizeof(facts->action_text), "beside: '%.100s' %.100s",
			campaign->plan->course->beside.command.shown, chronicle->beside.text);
}

/* Once: the first who asks is who concludes. */
void
campaign_course_end(struct campaign *campaign)
{
	struct chronicle *chronicle = &campaign->chronicle;
	struct run_facts *facts = &campaign->facts;

	if (campaign->is_course_over)
		return;
	campaign->is_course_over = true;
	campaign_course_load_ends(campaign); /* also where no load ever began */
	push_stop(&campaign->push);
	target_process_stop(&campaign->target, &campaign->loop);
	actions_clear(&campaign->actions);
	lifecycle_end(&campaign->lifecycle);
	actions_fini(&campaign->actions);
	probes_fini(&campaign->probes);
	scrapes_fini(&campaign->scrapes);
	note_failed_actions(campaign);
	facts->ready_ns = chronicle->ready_after_ns > 0 ? chronicle->ready_after_ns : 0;
	facts->hook_failed = chronicle->after.has_failed;
	if (facts->hook_failed)
		snprintf(facts->hook_text, sizeof(facts->hook_text), "after: '%.100s' %.100s",
			campaign->plan->course->after.command.shown, chronicle->after.text);
	judge_recovery(campaign->judge, chronicle);
}
