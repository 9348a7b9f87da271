#include "daemon/ledger_parts.h"

#include <stdio.h>

/* Which results may go. */

/* The oldest that is beyond one of the limits. What a size keeps is asked only once age and number have been: what they
 * let go takes no room from others. */
bool
ledger_spent_run(struct ledger *ledger, const struct ledger_limits *limits, char id[LEDGER_ID_MAX], struct error *err)
{
	static const char sql[] =
		"WITH kept AS (SELECT id, number, ended_ns, bytes,"
		" row_number() OVER (PARTITION BY name ORDER BY number DESC) AS place,"
		" sum(bytes) OVER (ORDER BY number DESC ROWS UNBOUNDED PRECEDING) AS taken"
		" FROM runs WHERE state = ?1 AND has_files = 1),"
		" spent AS (SELECT id, number FROM kept WHERE ended_ns < ?2 OR (?3 > 0 AND place > ?3)),"
		" heavy AS (SELECT id, number FROM kept WHERE ?4 > 0 AND taken > ?4 AND taken > bytes"
		" AND NOT EXISTS (SELECT 1 FROM spent))"
		" SELECT id FROM (SELECT * FROM spent UNION ALL SELECT * FROM heavy) ORDER BY number LIMIT 1";
	sqlite3_stmt *statement = ledger_prepare(ledger, sql, err);

	if (statement == NULL)
		return false;
	sqlite3_bind_int(statement, 1, LEDGER_ENDED);
	sqlite3_bind_int64(statement, 2, limits->ended_from_ns);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)limits->runs);
	sqlite3_bind_int64(statement, 4, (sqlite3_int64)limits->bytes);
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		snprintf(id, LEDGER_ID_MAX, "%s", (const char *)sqlite3_column_text(statement, 0));
	else if (code != SQLITE_DONE)
		ledger_fail(ledger, err);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW;
}

bool
ledger_drop_files(struct ledger *ledger, const char *id, struct error *err)
{
	sqlite3_stmt *statement = ledger_prepare(ledger, "UPDATE runs SET has_files = 0, bytes = 0 WHERE id = ?", err);

	if (statement == NULL)
		return false;
	ledger_bind_text(statement, 1, id);
	return ledger_finish(ledger, statement, err);
}
