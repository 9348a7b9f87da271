#include "daemon/ledger_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"

/* "brunt" in ASCII less its last letter: so that another program's database is not taken for ours. */
#define APPLICATION_ID 0x6272756e
#define BUSY_MS 5000 /* somebody reads it by the sqlite3 shell */

/* Each step brings a database from the version before it, its index, to the next. Steps are never changed once they
 * were released: new ones are added. */
static const char *const migrations[] = {
	"CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
	" profile TEXT, submitted_by TEXT, target TEXT, load TEXT, baseline TEXT, state INTEGER NOT NULL,"
	" submitted_ns INTEGER NOT NULL, started_ns INTEGER NOT NULL, ended_ns INTEGER NOT NULL,"
	" planned_ns INTEGER NOT NULL, pid INTEGER NOT NULL, pid_start INTEGER NOT NULL, status TEXT,"
	" exit_code INTEGER NOT NULL, reason TEXT, reasons TEXT, failure_mode TEXT, has_files INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL);"
	"CREATE INDEX runs_by_name ON runs (name, number);"
	"CREATE INDEX runs_by_state ON runs (state);"
	"CREATE TABLE figures (run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, name TEXT NOT NULL,"
	" value REAL NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;"
	"CREATE TABLE alerts (number INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, severity TEXT NOT NULL,"
	" run TEXT, name TEXT, text TEXT NOT NULL, value REAL, threshold REAL, since_ns INTEGER NOT NULL,"
	" ended_ns INTEGER NOT NULL, acknowledged_by TEXT, note TEXT, acknowledged_ns INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE notes (kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, name))"
	" WITHOUT ROWID;",
	"ALTER TABLE alerts ADD COLUMN fired_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE alerts ADD COLUMN is_quiet INTEGER NOT NULL DEFAULT 0;",
};

const char *const ledger_state_names[LEDGER_STATES_N] = {"queued", "running", "stopping", "ended"};

bool
ledger_fail(struct ledger *ledger, struct error *err)
{
	return error_set(err, "%s: %s", ledger->path, sqlite3_errmsg(ledger->db));
}

static bool
run_sql(struct ledger *ledger, const char *sql, struct error *err)
{
	return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK || ledger_fail(ledger, err);
}

sqlite3_stmt *
ledger_prepare(struct ledger *ledger, const char *sql, struct error *err)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) == SQLITE_OK)
		return statement;
	ledger_fail(ledger, err);
	return NULL;
}

void
ledger_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text == NULL)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

bool
ledger_finish(struct ledger *ledger, sqlite3_stmt *statement, struct error *err)
{
	bool is_done = sqlite3_step(statement) == SQLITE_DONE || ledger_fail(ledger, err);

	sqlite3_finalize(statement);
	return is_done;
}

static bool
read_integer(struct ledger *ledger, const char *sql, int64_t *into, struct error *err)
{
	sqlite3_stmt *statement = ledger_prepare(ledger, sql, err);

	if (statement == NULL)
		return false;
	bool is_read = sqlite3_step(statement) == SQLITE_ROW;

	*into = is_read ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return is_read || ledger_fail(ledger, err);
}

/* One step and the version it leads to become true together. */
static bool
migrate_once(struct ledger *ledger, size_t from, struct error *err)
{
	char version[64];

	snprintf(version, sizeof(version), "PRAGMA user_version = %zu; COMMIT", from + 1);
	if (run_sql(ledger, "BEGIN IMMEDIATE", err) && run_sql(ledger, migrations[from], err) &&
		run_sql(ledger, version, err))
		return true;
	(void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL); /* what went wrong is told already */
	return false;
}

static bool
migrate(struct ledger *ledger, struct error *err)
{
	int64_t application, version, tables;

	if (!read_integer(ledger, "PRAGMA application_id", &application, err) ||
		!read_integer(ledger, "PRAGMA user_version", &version, err) ||
		!read_integer(ledger, "SELECT count(*) FROM sqlite_master", &tables, err))
		return false;
	if (application != APPLICATION_ID && (application != 0 || tables > 0))
		return error_set(err, "%s is no database of brunt's; name another directory by `data:`", ledger->path);
	if (version > (int64_t)ARRAY_LEN(migrations))
		return error_set(err,
			"%s was written by a newer brunt (version %" PRId64
			" of its tables, this one knows %zu); run that one",
			ledger->path, version, ARRAY_LEN(migrations));
	if (application == 0) {
		char mark[64];

		snprintf(mark, sizeof(mark), "PRAGMA application_id = %d", APPLICATION_ID);
		if (!run_sql(ledger, mark, err))
			return false;
	}
	for (size_t i = (size_t)version; i < ARRAY_LEN(migrations); i++)
		if (!migrate_once(ledger, i, err))
			return false;
	return true;
}

struct ledger *
ledger_open(const char *dir, struct error *err)
{
	struct ledger *ledger = must_alloc(sizeof(*ledger));
	mode_t mask = umask(077); /* its log files, too, are the daemon's alone */
	bool is_open;

	snprintf(ledger->path, sizeof(ledger->path), "%.4000s/brunt.db", dir);
	is_open = sqlite3_open_v2(ledger->path, &ledger->db,
			  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK ||
		  ledger_fail(ledger, err);
	if (is_open) {
		sqlite3_busy_timeout(ledger->db, BUSY_MS);
		sqlite3_extended_result_codes(ledger->db, 1);
		is_open = run_sql(ledger,
				  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				  "PRAGMA trusted_schema = OFF",
				  err) &&
			  migrate(ledger, err);
	}
	umask(mask);
	if (is_open)
		return ledger;
	ledger_close(ledger);
	return NULL;
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	CHECK_OP(sqlite3_close(ledger->db), ==, SQLITE_OK); /* no statement was left open */
	free(ledger);
}

static bool
put_figures(struct ledger *ledger, uint64_t run, const struct ledger_figure *figures, size_t n, struct error *err)
{
	sqlite3_stmt *statement =
		ledger_prepare(ledger, "INSERT OR REPLACE INTO figures (run, name, value) VALUES (?, ?, ?)", err);
	bool is_put = statement != NULL;

	for (size_t i = 0; is_put && i < n; i++) {
		if (!isfinite(figures[i].value))
			continue;
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)run);
		ledger_bind_text(statement, 2, figures[i].name);
		sqlite3_bind_double(statement, 3, figures[i].value);
		is_put = sqlite3_step(statement) == SQLITE_DONE || ledger_fail(ledger, err);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return is_put;
}

static bool
put_row(struct ledger *ledger, struct ledger_run *run, struct error *err)
{
	static const char sql[] =
		"INSERT INTO runs (id, name, profile, submitted_by, target, load, baseline, state, submitted_ns,"
		" started_ns, ended_ns, planned_ns, pid, pid_start, status, exit_code, reason, reasons, failure_mode,"
		" has_files, bytes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT (id) DO UPDATE SET state = excluded.state, started_ns = excluded.started_ns,"
		" ended_ns = excluded.ended_ns, pid = excluded.pid, pid_start = excluded.pid_start,"
		" status = excluded.status, exit_code = excluded.exit_code, reason = excluded.reason,"
		" reasons = excluded.reasons, failure_mode = excluded.failure_mode, has_files = excluded.has_files,"
		" bytes = excluded.bytes RETURNING number";
	const char *texts[] = {
		run->id, run->name, run->profile, run->submitted_by, run->target, run->load, run->baseline};
	const int64_t numbers[] = {run->state, run->submitted_ns, run->started_ns, run->ended_ns, run->planned_ns,
		run->pid, run->pid_start};
	sqlite3_stmt *statement = ledger_prepare(ledger, sql, err);
	int at = 1;

	if (statement == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ledger_bind_text(statement, at++, texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sqlite3_bind_int64(statement, at++, numbers[i]);
	ledger_bind_text(statement, at++, run->status);
	sqlite3_bind_int(statement, at++, run->exit_code);
	ledger_bind_text(statement, at++, run->reason);
	ledger_bind_text(statement, at++, run->reasons);
	ledger_bind_text(statement, at++, run->failure_mode);
	sqlite3_bind_int(statement, at++, run->has_files);
	sqlite3_bind_int64(statement, at++, (sqlite3_int64)run->bytes);
	bool is_put = sqlite3_step(statement) == SQLITE_ROW || ledger_fail(ledger, err);

	if (is_put)
		run->number = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return is_put;
}

bool
ledger_together(struct ledger *ledger, bool (*write)(struct ledger *ledger, void *context, struct error *err),
	void *context, struct error *err)
{
	if (run_sql(ledger, "BEGIN IMMEDIATE", err) && write(ledger, context, err) && run_sql(ledger, "COMMIT", err))
		return true;
	(void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

struct putting {
	struct ledger_run *run;
	const struct ledger_figure *figures;
	size_t n;
};

static bool
put_run(struct ledger *ledger, void *context, struct error *err)
{
	struct putting *putting = context;

	return put_row(ledger, putting->run, err) &&
	       put_figures(ledger, putting->run->number, putting->figures, putting->n, err);
}

bool
ledger_put_run(
	struct ledger *ledger, struct ledger_run *run, const struct ledger_figure *figures, size_t n, struct error *err)
{
	return ledger_together(ledger, put_run, &(struct putting){run, figures, n}, err);
}

bool
ledger_delete_run(struct ledger *ledger, const char *id, struct error *err)
{
	sqlite3_stmt *statement = ledger_prepare(ledger, "DELETE FROM runs WHERE id = ?", err);

	if (statement == NULL)
		return false;
	ledger_bind_text(statement, 1, id);
	return ledger_finish(ledger, statement, err);
}

bool
ledger_put_note(struct ledger *ledger, const char *kind, const char *name, const char *text, struct error *err)
{
	sqlite3_stmt *statement = ledger_prepare(ledger,
		text != NULL ? "INSERT OR REPLACE INTO notes (kind, name, text) VALUES (?, ?, ?)"
			     : "DELETE FROM notes WHERE kind = ? AND name = ?",
		err);

	if (statement == NULL)
		return false;
	ledger_bind_text(statement, 1, kind);
	ledger_bind_text(statement, 2, name);
	if (text != NULL)
		ledger_bind_text(statement, 3, text);
	return ledger_finish(ledger, statement, err);
}
