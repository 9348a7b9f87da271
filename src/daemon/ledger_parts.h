#pragma once

#include <sqlite3.h>

#include "daemon/ledger.h"

/* What ledger.c and ledger_read.c share. */

struct ledger {
	sqlite3 *db;
	char path[4096];
};

/* "DIR/brunt.db: disk I/O error" */
bool ledger_fail(struct ledger *ledger, struct error *err);

/* NULL with err set. */
sqlite3_stmt *ledger_prepare(struct ledger *ledger, const char *sql, struct error *err);

/* Binds one text per argument after the other; NULL becomes NULL. */
void ledger_bind_text(sqlite3_stmt *statement, int at, const char *text);

/* Runs a statement that gives no rows, and finalizes it. */
bool ledger_finish(struct ledger *ledger, sqlite3_stmt *statement, struct error *err);
