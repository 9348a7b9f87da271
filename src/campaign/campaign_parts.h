#pragma once

#include <uv.h>

#include "campaign/actions.h"
#include "campaign/campaign.h"
#include "campaign/control_input.h"
#include "campaign/digest.h"
#include "campaign/lifecycle.h"
#include "campaign/probes.h"
#include "campaign/push.h"
#include "campaign/requests_log.h"
#include "campaign/sampling.h"
#include "campaign/scrapes.h"
#include "campaign/target_process.h"
#include "judge/judge.h"
#include "report/reporter.h"

/* What prepare.c (before the load), campaign.c (the course of a run), course.c (what is done around and beside its
 * load) and conclude.c (its end) share; nobody else includes it. */
struct campaign {
	const struct campaign_options *options;
	const struct plan *plan;
	uv_loop_t loop;
	uv_signal_t on_int, on_term;
	uv_timer_t live_timer;
	struct addresses *addresses; /* of each backend; NULL: not known yet */
	struct target_process target;
	struct sampler *target_sampler, *self_sampler;
	struct sampling target_sampling, self_sampling;
	struct sampler *energy_sampler; /* NULL: no command says what the target draws */
	struct sampling energy_sampling;
	char began_text[32]; /* when the load began, for the journal */
	double told_w;       /* by the energy sampler, last; NAN: nothing */
	bool has_told;       /* it did say something once */
	struct control_input control;
	struct summary *summary;
	struct judge *judge;
	struct digest digest;
	struct result_dir *result_dir;
	struct live_view *live;
	struct requests_log requests_log;
	struct driver *driver;
	struct run_config run_config;
	bool is_driving;  /* the load is under way, or about to be */
	bool was_driving; /* it was, or is */
	bool was_aborted; /* somebody asked a second time to stop */
	struct chronicle chronicle;
	struct lifecycle lifecycle;
	struct actions_host actions_host;
	struct actions actions;
	struct probes probes;
	struct scrapes scrapes;
	struct push push;
	int64_t t0_wall_ns; /* what the moments that it tells count from; 0 before the first */
	bool has_load_begun, is_course_over;
	struct run_facts facts;
	struct run_identity identity;
	struct run_file *files; /* of the identity */
	char id[64];
	const char *phase;
	int64_t ended_ns;
	/* Of a search: what was said last. */
	double search_level;
	int64_t search_measure_ns;
	bool is_watched;
};

static inline bool
campaign_is_shard(const struct campaign *campaign)
{
	return campaign->options->shards > 1;
}

/* Of several shards the first looks at the target for all of them, since what each saw would be added up. */
static inline bool
campaign_looks_at_target(const struct campaign *campaign)
{
	return campaign->options->shard == 0;
}

/* Which run this is; and, from the moment its load begins, when that was, where others have to know it. */
void campaign_make_identity(struct campaign *campaign);
void campaign_note_beginning(struct campaign *campaign, int64_t at_ns);

/* Around and beside the load: the records, the clients; what begins and ends with the load; and in the end, before the
 * verdict, the target's own end and `after`. */
void campaign_course_init(struct campaign *campaign);
void campaign_course_fini(struct campaign *campaign);
bool campaign_course_open(struct campaign *campaign, struct error *err);
void campaign_course_load_begins(struct campaign *campaign);
void campaign_course_load_ends(struct campaign *campaign);
void campaign_course_end(struct campaign *campaign);

/* What target.energy's command says, beside the load: it is told with the target's readings, until there is a newer
 * one, and by itself where nobody watches the target. Nothing happens where there is no command. */
void campaign_energy_start(struct campaign *campaign);
void campaign_energy_stop(struct campaign *campaign); /* waits for a reading that is under way */
void campaign_add_target_reading(struct campaign *campaign, const struct reading *reading);

/* Before the load begins; nothing happens where it is no search. */
void campaign_search_init(struct campaign *campaign);
/* Says the next level, or that it is over, by what the judge found. */
void campaign_search_steer(struct campaign *campaign, const struct digest_outcome *outcome);

/* What the load needs: addresses, the target where it is ours to start, the samplers. False: the campaign is over,
 * nothing was sent, and *exit_code says how it ended. */
bool campaign_prepare(struct campaign *campaign, int *exit_code);

/* The user's mistake, as a sentence; nothing was sent, and no results directory is left behind. Returns EXIT_USAGE. */
int campaign_refuse(struct campaign *campaign, const struct error *err);
/* Those that share the load, as of now. */
struct shard_records campaign_shards(const struct campaign *campaign);
/* The verdict over everything, written and printed; returns the exit code. */
int campaign_conclude(struct campaign *campaign);
/* The same for a target that could not even be tried: `--json` prints a result on every exit but 2. */
int campaign_conclude_unreachable(struct campaign *campaign, const struct error *err);
/* The same where this machine would not let us look at ourselves. */
int campaign_conclude_internal(struct campaign *campaign, const struct error *err);
