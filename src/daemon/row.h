#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/ledger.h"

/* Rows of the ledger as the API shows them: components/schemas of openapi.yaml. */

#define ROW_NO_POSITION SIZE_MAX

/* The members of a run_row, without the braces around them. position: of one that waits or runs. */
void row_add_members(struct buf *into, const struct ledger_run *run, const struct ledger_figure *figures, size_t n,
	size_t position, int64_t now_ns);
/* The whole object, as `name`'s value or (NULL) an item. */
void row_add_run(struct buf *into, const char *name, const struct ledger_run *run, const struct ledger_figure *figures,
	size_t n, size_t position, int64_t now_ns);
void row_add_alert(struct buf *into, const struct ledger_alert *alert);

/* "2026-11-22T02:00:00Z"; 0: null. */
void row_add_time(struct buf *into, const char *name, int64_t wall_ns);
void row_add_count(struct buf *into, const char *name, uint64_t count); /* 0: null */
/* NULL: null. */
void row_add_text(struct buf *into, const char *name, const char *text);
