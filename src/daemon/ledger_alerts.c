#include "daemon/ledger_parts.h"

#include <math.h>

#include "base/check.h"

/* The alerts of a ledger. */

static void
bind_double(sqlite3_stmt *statement, int at, double value)
{
	if (isfinite(value))
		sqlite3_bind_double(statement, at, value);
	else
		sqlite3_bind_null(statement, at);
}

bool
ledger_put_alert(struct ledger *ledger, struct ledger_alert *alert, struct error *err)
{
	static const char sql[] =
		"INSERT INTO alerts (number, rule, severity, run, name, text, value, threshold, since_ns, ended_ns,"
		" fired_ns, is_quiet) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (number) DO UPDATE SET"
		" text = excluded.text, value = excluded.value, threshold = excluded.threshold,"
		" ended_ns = excluded.ended_ns, is_quiet = excluded.is_quiet RETURNING number";
	sqlite3_stmt *statement = ledger_prepare(ledger, sql, err);

	if (statement == NULL)
		return false;
	if (alert->number > 0)
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)alert->number);
	ledger_bind_text(statement, 2, alert->rule);
	ledger_bind_text(statement, 3, alert->severity);
	ledger_bind_text(statement, 4, alert->run);
	ledger_bind_text(statement, 5, alert->name);
	ledger_bind_text(statement, 6, alert->text);
	bind_double(statement, 7, alert->value);
	bind_double(statement, 8, alert->threshold);
	sqlite3_bind_int64(statement, 9, alert->since_ns);
	sqlite3_bind_int64(statement, 10, alert->ended_ns);
	sqlite3_bind_int64(statement, 11, alert->fired_ns);
	sqlite3_bind_int(statement, 12, alert->is_quiet);
	bool is_put = sqlite3_step(statement) == SQLITE_ROW || ledger_fail(ledger, err);

	if (is_put)
		alert->number = (uint64_t)sqlite3_column_int64(statement, 0);
	/* The row's work is done only when the statement has ended. */
	is_put = is_put && (sqlite3_step(statement) == SQLITE_DONE || ledger_fail(ledger, err));
	sqlite3_finalize(statement);
	return is_put;
}

bool
ledger_acknowledge(
	struct ledger *ledger, uint64_t number, const char *by, const char *note, int64_t at_ns, struct error *err)
{
	sqlite3_stmt *statement = ledger_prepare(
		ledger, "UPDATE alerts SET acknowledged_by = ?, note = ?, acknowledged_ns = ? WHERE number = ?", err);

	if (statement == NULL)
		return false;
	ledger_bind_text(statement, 1, by);
	ledger_bind_text(statement, 2, note);
	sqlite3_bind_int64(statement, 3, at_ns);
	sqlite3_bind_int64(statement, 4, (sqlite3_int64)number);
	return ledger_finish(ledger, statement, err) && sqlite3_changes(ledger->db) > 0;
}

static double
double_of(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

static void
take_alert(sqlite3_stmt *row, struct ledger_alert *alert)
{
	*alert = (struct ledger_alert){
		.number = (uint64_t)sqlite3_column_int64(row, 0),
		.rule = (const char *)sqlite3_column_text(row, 1),
		.severity = (const char *)sqlite3_column_text(row, 2),
		.run = (const char *)sqlite3_column_text(row, 3),
		.name = (const char *)sqlite3_column_text(row, 4),
		.text = (const char *)sqlite3_column_text(row, 5),
		.value = double_of(row, 6),
		.threshold = double_of(row, 7),
		.since_ns = sqlite3_column_int64(row, 8),
		.ended_ns = sqlite3_column_int64(row, 9),
		.acknowledged_by = (const char *)sqlite3_column_text(row, 10),
		.note = (const char *)sqlite3_column_text(row, 11),
		.acknowledged_ns = sqlite3_column_int64(row, 12),
		.fired_ns = sqlite3_column_int64(row, 13),
		.is_quiet = sqlite3_column_int(row, 14) != 0,
	};
}

bool
ledger_list_alerts(struct ledger *ledger, const struct ledger_alert_filter *filter, ledger_alert_fn *each,
	void *context, struct error *err)
{
	static const char sql[] =
		"SELECT number, rule, severity, run, name, text, value, threshold, since_ns, ended_ns, acknowledged_by,"
		" note, acknowledged_ns, fired_ns, is_quiet FROM alerts WHERE number < ?1 AND (?2 = 0 OR number = ?2)"
		" AND (?3 = 0 OR (ended_ns = 0) = (?3 = 1)) AND (?4 < 0 OR (acknowledged_ns > 0) = ?4)"
		" ORDER BY number DESC LIMIT ?5";
	sqlite3_stmt *statement = ledger_prepare(ledger, sql, err);
	int code = SQLITE_ERROR, which = filter->firing == filter->resolved ? 0 : filter->firing ? 1 : 2;
	bool goes_on = true;

	if (statement == NULL)
		return false;
	sqlite3_bind_int64(statement, 1, filter->before > 0 ? (sqlite3_int64)filter->before : INT64_MAX);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)filter->number);
	sqlite3_bind_int(statement, 3, which);
	sqlite3_bind_int(statement, 4, filter->acknowledged);
	sqlite3_bind_int64(statement, 5, filter->limit > 0 ? (sqlite3_int64)filter->limit : -1);
	while (goes_on && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct ledger_alert alert;

		take_alert(statement, &alert);
		goes_on = each(context, &alert);
	}
	bool is_read = code == SQLITE_ROW || code == SQLITE_DONE || ledger_fail(ledger, err);

	sqlite3_finalize(statement);
	return is_read;
}
