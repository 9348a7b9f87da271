#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "daemon/history.h"
#include "daemon/ledger.h"
#include "daemon/trend.h"

/* The runs of one name that say something of their target, oldest first: those that passed or failed. Interrupted and
 * lost ones, and those that tell nothing, are left out. */
struct past_run {
	const char *id, *status;
	int64_t at_ns;                     /* when it began; wall */
	double figures[HISTORY_FIGURES_N]; /* NAN: not known */
};

struct past {
	struct past_run *runs;
	size_t n;
	const char *baseline; /* that the newest was compared with; NULL: none */
	struct arena arena;
};

/* The newest `limit` that began at from_ns or later, and before to_ns. False with err set; past_fini in either case. */
bool past_read(struct past *past, struct ledger *ledger, const char *name, size_t limit, int64_t from_ns, int64_t to_ns,
	struct error *err);
void past_fini(struct past *past);

/* Those in which the figure is known; into has room for all. Their texts are the past's. */
size_t past_points(const struct past *past, enum history_figure figure, struct trend_point *into);
