#pragma once

#include "cmd/nats_arguments.h"
#include "cmd/run_arguments.h"

/* `brunt run PROFILE --nats URL --shards N`: a load shared by agents on other machines. */
struct run_shared {
	struct bus_options nats;
	uint32_t shards; /* 0: not given */
};

enum { OPTION_SHARDS = OPTIONS_OF_NATS_END };

#define RUN_SHARED_FLAGS                                                                                               \
	NATS_FLAGS,                                                                                                    \
	{                                                                                                              \
		"shards", required_argument, NULL, OPTION_SHARDS                                                       \
	}

#define RUN_SHARED_HELP                                                                                                \
	"  --nats URL       share it out among machines, each of which runs `brunt agent --nats URL`,\n"               \
	"  --shards N       so many of them\n" NATS_FLAGS_HELP

/* Each false where something is wrong, which was said. */
bool run_shared_take(struct run_shared *shared, const struct command *command, int flag);
bool run_shared_check(const struct run_shared *shared, const struct run_arguments *arguments, bool is_url);
/* Whether agents would take a profile from somebody else; false with err set. */
bool run_shared_may_send(const char *path, struct error *err);
/* The whole run; returns its exit code. */
int run_shared_go(const struct run_shared *shared, struct run_arguments *arguments);
