#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "target/freeze.h"
#include "target/llm_options.h"
#include "target/service.h"
#include "target/station.h"

#define TARGET_WORKERS_MAX 4096
#define TARGET_CREW_MAX 256 /* worker processes */

enum overload {
	OVERLOAD_503,
	OVERLOAD_CLOSE, /* the connection ends without a word */
	OVERLOAD_HANG,  /* silence until the client gives up */
};

struct stall {
	double ratio;
	int64_t time_ns;
};

/* What `brunt target` simulates. After target_options_parse everything is resolved: workers, service and listen hold.
 */
struct target_options {
	char listen[256]; /* as httpd wants it */
	uint64_t port;
	uint64_t workers; /* 0: one for everybody */
	double capacity_per_s;
	struct service service;
	uint64_t queue_max;
	enum overload overload;
	int64_t cpu_ns;
	uint64_t memory_bytes, leak_bytes;
	double error_ratio, reset_ratio;
	struct stall stall;
	struct freeze freeze;
	uint64_t crash_after; /* 0: never */
	uint64_t response_bytes, connections_max, seed;
	int64_t spin_ns;
	const char *truth_path;           /* NULL: none; argv's */
	const char *cert_path, *key_path; /* both NULL: in the clear; argv's */
	struct llm_options llm;
	bool wants_help;
};

/* argv[0] is the command's name. False with err set: exit 2. */
bool target_options_parse(int argc, char **argv, struct target_options *options, struct error *err);

/* The flags, one line each, for --help. */
void target_options_help(struct buf *into);

/* Requests per second when all workers are busy; 0: no bound of the model's. */
double target_capacity_per_s(const struct target_options *options);
