#pragma once

#include <stddef.h>

#include "load/line.h"
#include "load/shape.h"

/* The parameters of every shape as plan/ fills them from the profile. Each is the business of the shape of its name
 * alone, but for the ramp, whose start a chain of stages may fill in. */

struct steady {
	double level;
	int64_t for_ns; /* 0: until `count` */
	uint64_t count; /* 0: until `for` */
};

struct ramp {
	struct line line;
	bool has_from; /* else a chain of stages fills it in */
};

struct spike {
	double base, peak;
	int64_t before_ns, during_ns, after_ns;
	uint64_t repeat;
	int64_t every_ns; /* from the start of a spike to the start of the next; 0: there is one */
};

struct steps {
	double from, by, to;
	int64_t every_ns;
};

struct levels {
	double *at; /* n of them */
	size_t n;
	int64_t every_ns;
	double *before; /* n + 1: arrivals before each, and of all */
};

struct stages {
	struct plan_list chain; /* of struct plan_chosen */
	/* Filled when the profile was read; chain.n + 1 of each, the last being the end of all. */
	int64_t *starts_ns;
	double *arrivals; /* before each stage */
	bool is_stepped;  /* plateaus that rise */
};

struct sine {
	double mean, amplitude;
	int64_t period_ns;
	int64_t for_ns; /* 0: until `count` */
	uint64_t count; /* 0: until `for` */
};

struct burst {
	uint64_t count, times;
	int64_t every_ns;
};

struct trace {
	int unit; /* of its timestamps: index into the names in trace.c */
	double speed;
	int64_t *stamps; /* since the first, in units of 10^-digits */
	size_t n;
	int digits;
	/* The second word of each line, where the first one has any: names of requests, 0 for none, else 1 + index. */
	bool is_named; /* they are that; else of no interest */
	uint32_t *named;
	const char **names;
	size_t names_n;
	size_t unnamed_line; /* the first line without one; 0: each has one */
};

struct concurrency {
	double users;
	int64_t for_ns;      /* 0: until `iterations` */
	uint64_t iterations; /* 0: until `for` */
};

/* Where the target breaks, by levels that whoever judges them chooses one after the other (judge/search.h). */
struct search {
	double from, max;
	double min;         /* not below it, where the first level does not hold */
	double factor;      /* from one level to the next until one breaks, > 1 */
	double width;       /* of the bracket in the end: first broken / last good − 1 */
	int64_t every_ns;   /* how long a level is measured */
	int64_t settle_ns;  /* at most so long before that, until the target is steady; not measured */
	int64_t confirm_ns; /* how long the last good level is tested in the end; 0: not again */
	int64_t limit_ns;   /* of the whole search: the bracket so far is the answer then */
};

/* Rows of the shapes' keys. */
#define LEVEL_KEY(owner, member, key, fallback, text)                                                                  \
	{                                                                                                              \
		.name = key, .type = PLAN_LEVEL, .offset = offsetof(struct owner, member), .default_text = fallback,   \
		.max = LEVEL_MOST, .help = text                                                                        \
	}
#define LEVEL_ABOVE_0_KEY(owner, member, key, text)                                                                    \
	{                                                                                                              \
		.name = key, .type = PLAN_LEVEL, .offset = offsetof(struct owner, member), .max = LEVEL_MOST,          \
		.help = text, .is_above_0 = true                                                                       \
	}
#define TIME_KEY(owner, member, key, fallback, text)                                                                   \
	{                                                                                                              \
		.name = key, .type = PLAN_TIME, .offset = offsetof(struct owner, member), .default_text = fallback,    \
		.max = (double)LOAD_NS_MOST, .help = text                                                              \
	}
#define COUNT_KEY(owner, member, key, fallback, text)                                                                  \
	{                                                                                                              \
		.name = key, .type = PLAN_COUNT, .offset = offsetof(struct owner, member), .default_text = fallback,   \
		.max = ARRIVALS_MOST, .help = text                                                                     \
	}

/* For the shapes' checks: false with err set unless the value is above 0, or one of the two ends the load. */
bool params_check_time(const char *key, int64_t time_ns, struct error *err);
bool params_check_end(const char *shape, int64_t for_ns, uint64_t count, struct error *err);

/* Once `at` and every_ns are filled and `before` has room for n + 1, the first of them 0. */
bool levels_prepare(const struct levels *levels);

/* Once the chain is filled and starts_ns and arrivals have room for n + 1: fills both, and what a ramp without `from`
 * begins at. */
bool stages_prepare(struct stages *stages, struct error *err);

/* The timestamps of a text, one per line and in order, into `stamps`, which has room for `most`. `path` is what
 * messages call it. */
#define TRACE_FILE_CEILING ((size_t)256 * 1024 * 1024)
#define TRACE_ARRIVALS_MOST ((size_t)10 * 1000 * 1000)
bool trace_read(struct trace *trace, const char *path, const char *text, size_t most, struct error *err);
/* The second words of the same text, once its timestamps were read. More than TRACE_NAMES_MOST different ones are no
 * names of requests: there are none then. */
#define TRACE_NAMES_MOST 1000
struct arena;
void trace_read_names(struct trace *trace, struct arena *arena, const char *text);
