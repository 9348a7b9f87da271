#include "campaign/rejudge.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void
note_processes(struct rejudged *r)
{
	r->facts.is_shard = r->facts.is_part = r->rebuilt.shards > 1;
	r->facts.workers_lost = r->rebuilt.workers_lost;
	r->facts.worker_lost_ns = r->rebuilt.lost_ns;
	snprintf(r->facts.worker_lost_text, sizeof(r->facts.worker_lost_text), "%s", r->rebuilt.lost_text);
}

static void
on_interval(void *context, const struct summary *summary)
{
	struct rejudged *r = context;

	judge_interval(r->judge, summary);
}

static void
on_level_closed(void *context, const struct summary *summary, uint32_t level)
{
	struct rejudged *r = context;

	note_processes(r);
	judge_level(r->judge, summary, &summary->levels[level], &r->facts);
}

bool
rejudge(struct rejudged *r, const char *events_path, const struct plan *plan, struct error *err)
{
	const struct rebuild_events on = {.on_interval = on_interval, .on_level_closed = on_level_closed, .context = r};

	*r = (struct rejudged){.judge = judge_new(plan)};
	if (!rebuild_read(events_path, plan, &on, &r->rebuilt, err)) {
		judge_free(r->judge);
		return false;
	}
	r->facts.was_interrupted = !r->rebuilt.has_end || strcmp(r->rebuilt.status, "interrupted") == 0;
	r->facts.signal = r->rebuilt.has_end ? r->rebuilt.exit_code - 128 : SIGKILL;
	r->facts.was_unreachable = r->rebuilt.has_end && strcmp(r->rebuilt.status, "unreachable") == 0;
	note_processes(r);
	r->verdict = judge_run(r->judge, r->rebuilt.summary, &r->facts);
	return true;
}

void
rejudged_fini(struct rejudged *r)
{
	summary_free(r->rebuilt.summary);
	judge_free(r->judge);
	*r = (struct rejudged){0};
}
