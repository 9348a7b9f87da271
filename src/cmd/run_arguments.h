#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "campaign/campaign.h"
#include "cmd/command.h"
#include "cmd/profile_arguments.h"
#include "fleet/fleet.h"
#include "report/reporter.h"

/* What every command that runs a load takes: where the results go, how they are told, by how many processes it is
 * driven. */

enum {
	OPTION_OUT = OPTION_SET + 1,
	OPTION_EVENTS,
	OPTION_FIGURES,
	OPTION_CONTROL,
	OPTION_FORMAT,
	OPTION_BASELINE,
	OPTION_BASELINES,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_WORKERS,
	OPTION_WORKER,
	OPTION_SHARD,
	OPTION_START_AT,
	OPTION_ARM,
	OPTION_SHARES_CPU,
	OPTION_SUITE,
	OPTION_ALLOW,
	OPTIONS_OF_RUN_END /* a command's own flags begin here */
};

/* Rows of such a command's flags; --control, baselines and what shards are told have theirs where they are of use. */
#define RUN_FLAGS                                                                                                      \
	PROFILE_FLAGS, {"out", required_argument, NULL, OPTION_OUT},                                                   \
		{"events", required_argument, NULL, OPTION_EVENTS}, {"figures", no_argument, NULL, OPTION_FIGURES},    \
		{"format", required_argument, NULL, OPTION_FORMAT}, {"json", no_argument, NULL, OPTION_JSON},          \
		{"quiet", no_argument, NULL, OPTION_QUIET}, {"allow", required_argument, NULL, OPTION_ALLOW},          \
	{                                                                                                              \
		"workers", required_argument, NULL, OPTION_WORKERS                                                     \
	}

/* What the flags ask for: a campaign, driven by this process or by workers, or to be one of them. */
struct run_arguments {
	const struct command *command; /* whose usage mistakes are told with */
	struct profile_arguments profile;
	const char *settings[SETTINGS_MAX]; /* of the profile, as they were written */
	bool is_written; /* the profile was written from flags: what is wrong with it is wrong with a flag */
	struct campaign_options campaign;
	struct document_list documents;
	const char *formats;              /* the same, as they were said; NULL: none were */
	const char *baseline, *baselines; /* what the run is compared with, and where it is kept */
	struct fleet_options fleet;
	struct shard_options worker;      /* of a leader; shards 0: it is none */
	const char *shard;                /* which share of the load is sent, as it was said; NULL: all of it */
	uint32_t shards;                  /* of how many; 0: that was not said by itself */
	unsigned shard_arm, shard_repeat; /* of an experiment: of which run it is one … */
	bool is_side;                     /* … and is it as a whole, with whatever shards: a side of a split */
	char arm[32];                     /* the same, as a leader says it to its workers */
};

/* What one flag says only together with another, once all of them were taken; false: that was said. */
bool run_arguments_settle(struct run_arguments *arguments);

/* One of the flags above, its value in optarg. False: it is not right, and that was said. */
bool run_arguments_take(struct run_arguments *arguments, int flag);
