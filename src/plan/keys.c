#include "plan/keys.h"

#include "plan/key_rows.h"
#include "plan/rows.h"

/* keys.def expanded into the tables of keys.h. */

static const char *const tls_version_names[] = {"1.2", "1.3", NULL}; /* enum plan_tls_version */
static const char *const unasked_names[] = {"close", "ignore", NULL};
static const char *const pick_names[] = {"lifo", "round_robin", NULL};
static const char *const energy_prints_names[] = {"joules", "watts", NULL};
static const char *const when_full_names[] = {"queue", "drop", NULL};
static const char *const pacing_names[] = {"auto", "precise", "relaxed", NULL};
static const char *const requests_log_names[] = {"off", "errors", "sample", "all", NULL};
static const char *const on_failure_names[] = {"end", "continue", NULL};
static const char *const order_names[] = {"interleaved", "sequential", NULL};
static const char *const on_regression_names[] = {"hold", "rollback", NULL};
static const char *const split_side_names[] = {"both", "baseline", "candidate", NULL};
static const char *const feed_order_names[] = {"sequential", "random", "shuffle", "unique", "zipf", NULL};
static const char *const format_names[] = {"auto", "csv", "jsonl", "sharegpt", "lines", NULL};
static const char *const over_names[] = {"sum", "avg", "max", "min", NULL};
static const char *const shared_by_names[] = {"all", "session", NULL};

#define EXPORTED_TABLE(table) const struct plan_key table[] = {
#define FLAT(key, otherwise, of_section, of_scalar, sentence)                                                          \
	{                                                                                                              \
		.name = (key),                                                                                         \
		.type = PLAN_SECTION,                                                                                  \
		.offset = 0,                                                                                           \
		.default_text = (otherwise),                                                                           \
		.keys = (of_section),                                                                                  \
		.shorthand = (of_scalar),                                                                              \
		.help = (sentence),                                                                                    \
	},

#include "plan/keys.def"
