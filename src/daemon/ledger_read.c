#include "daemon/ledger_parts.h"

#include "base/buf.h"
#include "base/check.h"

#define SQL_MAX ((size_t)4096)
#define FIGURES_MAX 256 /* of one run: more are left out */

static const char *
text_of(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

#define RUN_COLUMNS                                                                                                    \
	"number, id, name, profile, submitted_by, target, load, baseline, state, submitted_ns, started_ns, ended_ns,"  \
	" planned_ns, pid, pid_start, status, exit_code, reason, reasons, failure_mode, has_files, bytes"

/* A state that a later version may have written, which this one does not know, counts as over. */
static enum ledger_state
state_of(sqlite3_int64 value)
{
	return value >= 0 && value < LEDGER_STATES_N ? (enum ledger_state)value : LEDGER_ENDED;
}

static void
take_run(sqlite3_stmt *row, struct ledger_run *run)
{
	*run = (struct ledger_run){
		.number = (uint64_t)sqlite3_column_int64(row, 0),
		.id = text_of(row, 1),
		.name = text_of(row, 2),
		.profile = text_of(row, 3),
		.submitted_by = text_of(row, 4),
		.target = text_of(row, 5),
		.load = text_of(row, 6),
		.baseline = text_of(row, 7),
		.state = state_of(sqlite3_column_int64(row, 8)),
		.submitted_ns = sqlite3_column_int64(row, 9),
		.started_ns = sqlite3_column_int64(row, 10),
		.ended_ns = sqlite3_column_int64(row, 11),
		.planned_ns = sqlite3_column_int64(row, 12),
		.pid = sqlite3_column_int64(row, 13),
		.pid_start = sqlite3_column_int64(row, 14),
		.status = text_of(row, 15),
		.exit_code = sqlite3_column_int(row, 16),
		.reason = text_of(row, 17),
		.reasons = text_of(row, 18),
		.failure_mode = text_of(row, 19),
		.has_files = sqlite3_column_int(row, 20) != 0,
		.bytes = (uint64_t)sqlite3_column_int64(row, 21),
	};
}

/* The statement that lists: a condition for each thing that is asked for, bound in the same order by bind_filter. */
static void
compose(struct buf *sql, const struct ledger_filter *filter)
{
	buf_add_text(sql, "SELECT " RUN_COLUMNS " FROM runs WHERE number < ?");
	if (filter->name != NULL)
		buf_add_text(sql, " AND name = ?");
	if (filter->id != NULL)
		buf_add_text(sql, " AND id = ?");
	if (filter->submitted_by != NULL)
		buf_add_text(sql, " AND submitted_by = ?");
	if (filter->status != NULL)
		buf_add_text(sql, " AND instr(',' || ? || ',', ',' || status || ',') > 0");
	for (int state = 0, n = 0; filter->states != 0 && state < LEDGER_STATES_N; state++)
		if (filter->states & BIT(state))
			buf_printf(sql, "%s%d", n++ == 0 ? " AND state IN (" : ",", state);
	buf_printf(sql, "%s ORDER BY number DESC LIMIT ?", filter->states != 0 ? ")" : "");
}

static void
bind_filter(sqlite3_stmt *statement, const struct ledger_filter *filter)
{
	int at = 1;

	sqlite3_bind_int64(statement, at++, filter->before > 0 ? (sqlite3_int64)filter->before : INT64_MAX);
	if (filter->name != NULL)
		ledger_bind_text(statement, at++, filter->name);
	if (filter->id != NULL)
		ledger_bind_text(statement, at++, filter->id);
	if (filter->submitted_by != NULL)
		ledger_bind_text(statement, at++, filter->submitted_by);
	if (filter->status != NULL)
		ledger_bind_text(statement, at++, filter->status);
	sqlite3_bind_int64(statement, at, filter->limit > 0 ? (sqlite3_int64)filter->limit : -1);
}

/* The figures of one run; their names are lent until the statement's next row. */
static bool
hand_out(struct ledger *ledger, sqlite3_stmt *figures, const struct ledger_run *run, ledger_run_fn *each, void *context,
	bool *goes_on, struct error *err)
{
	struct ledger_figure list[FIGURES_MAX];
	struct buf names;
	size_t starts[FIGURES_MAX], n = 0;
	int code;

	buf_init(&names, (size_t)64 * FIGURES_MAX);
	sqlite3_reset(figures);
	sqlite3_bind_int64(figures, 1, (sqlite3_int64)run->number);
	while ((code = sqlite3_step(figures)) == SQLITE_ROW && n < FIGURES_MAX) {
		size_t start = names.length;

		if (!buf_add_text(&names, text_of(figures, 0)) || !buf_add_char(&names, '\0'))
			break;
		starts[n] = start;
		list[n++].value = sqlite3_column_double(figures, 1);
	}
	for (size_t i = 0; i < n; i++)
		list[i].name = names.bytes + starts[i];
	bool is_read = code == SQLITE_ROW || code == SQLITE_DONE || ledger_fail(ledger, err);

	*goes_on = is_read && each(context, run, list, n);
	buf_fini(&names);
	return is_read;
}

bool
ledger_list_runs(struct ledger *ledger, const struct ledger_filter *filter, ledger_run_fn *each, void *context,
	struct error *err)
{
	struct buf sql;
	int code = SQLITE_ROW;
	bool is_read = true, goes_on = true;

	buf_init(&sql, SQL_MAX);
	compose(&sql, filter);
	sqlite3_stmt *runs = ledger_prepare(ledger, sql.bytes, err);
	sqlite3_stmt *figures =
		runs != NULL ? ledger_prepare(ledger, "SELECT name, value FROM figures WHERE run = ?", err) : NULL;

	buf_fini(&sql);
	if (figures != NULL)
		bind_filter(runs, filter);
	while (figures != NULL && is_read && goes_on && (code = sqlite3_step(runs)) == SQLITE_ROW) {
		struct ledger_run run;

		take_run(runs, &run);
		is_read = hand_out(ledger, figures, &run, each, context, &goes_on, err);
	}
	is_read = figures != NULL && is_read && (code == SQLITE_ROW || code == SQLITE_DONE || ledger_fail(ledger, err));
	sqlite3_finalize(figures);
	sqlite3_finalize(runs);
	return is_read;
}

bool
ledger_list_names(struct ledger *ledger, ledger_name_fn *each, void *context, struct error *err)
{
	sqlite3_stmt *statement =
		ledger_prepare(ledger, "SELECT name, count(*) FROM runs GROUP BY name ORDER BY name", err);
	int code = SQLITE_ERROR;

	while (statement != NULL && (code = sqlite3_step(statement)) == SQLITE_ROW)
		each(context, text_of(statement, 0), (uint64_t)sqlite3_column_int64(statement, 1));
	bool is_read = statement != NULL && (code == SQLITE_DONE || ledger_fail(ledger, err));

	sqlite3_finalize(statement);
	return is_read;
}

bool
ledger_list_notes(struct ledger *ledger, const char *kind, ledger_note_fn *each, void *context, struct error *err)
{
	sqlite3_stmt *statement =
		ledger_prepare(ledger, "SELECT name, text FROM notes WHERE kind = ? ORDER BY name", err);
	int code = SQLITE_ERROR;

	if (statement != NULL)
		ledger_bind_text(statement, 1, kind);
	while (statement != NULL && (code = sqlite3_step(statement)) == SQLITE_ROW)
		each(context, text_of(statement, 0), text_of(statement, 1));
	bool is_read = statement != NULL && (code == SQLITE_DONE || ledger_fail(ledger, err));

	sqlite3_finalize(statement);
	return is_read;
}
