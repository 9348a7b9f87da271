#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/verdict.h"
#include "plan/expr.h"

/* What is kept of a run for later, taken from its result.json: the figures of history.def, and its verdict. Ledger,
 * trends and alerts about runs that ended speak of the same figures by the same names, which are those of SLOs. */

enum history_figure {
#define HISTORY(NAME, name, unit, higher_is_better, is_main, where, text) HISTORY_##NAME,
#include "daemon/history.def"
#undef HISTORY
	HISTORY_FIGURES_N
};

struct history_row {
	struct plan_metric metric; /* name, unit, is_higher_better, help; STAT_NONE */
	bool is_main;              /* an overview shows it */
	const char *where;         /* path in result.json */
};

extern const struct history_row history_rows[HISTORY_FIGURES_N];
/* The same for expressions, ended by NULL. */
extern const struct plan_metric *const history_metrics[HISTORY_FIGURES_N + 1];

int history_find(const char *name);                      /* −1: there is none of that name */
int history_of_metric(const struct plan_metric *metric); /* its row */

#define HISTORY_ID_MAX 40
#define HISTORY_NAME_MAX 64

struct history_run {
	char id[HISTORY_ID_MAX], name[HISTORY_NAME_MAX + 1];
	int64_t started_ns; /* wall time */
	enum verdict_status status;
	int exit_code;
	bool is_lost;                      /* it ended without a result: nothing below is known */
	unsigned modes;                    /* BIT(enum failure_mode) of its causes */
	bool has_regressed;                /* a gated figure, against its baseline or another arm */
	bool has_alerted;                  /* an alert of the profile's own fired */
	bool was_limited;                  /* by the generator */
	char reason[FINDING_TEXT_MAX];     /* the first of its verdict's */
	double figures[HISTORY_FIGURES_N]; /* NAN: not known */
};

/* All of it from result.json, as it was parsed; what is missing or of another type is not known. False: it has no
 * verdict, and so is no result. */
bool history_take(struct history_run *into, const cJSON *result);
/* Of a run that left none. */
void history_take_lost(struct history_run *into, const char *id, const char *name, int64_t started_ns);
