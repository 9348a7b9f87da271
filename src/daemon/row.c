#include "daemon/row.h"

#include "base/clock.h"
#include "base/units.h"
#include "measure/json.h"

void
row_add_time(struct buf *into, const char *name, int64_t wall_ns)
{
	char text[32];

	row_add_text(into, name, wall_ns > 0 ? wall_text(wall_ns, text, sizeof(text)) : NULL);
}

void
row_add_count(struct buf *into, const char *name, uint64_t count)
{
	if (count > 0)
		json_add_u64(into, name, count);
	else
		json_add_null(into, name);
}

void
row_add_text(struct buf *into, const char *name, const char *text)
{
	if (text != NULL)
		json_add_text(into, name, text);
	else
		json_add_null(into, name);
}

static void
add_seconds(struct buf *into, const char *name, int64_t ns)
{
	if (ns > 0)
		json_add_double(into, name, ns_to_s(ns));
	else
		json_add_null(into, name);
}

static int64_t
elapsed_ns(const struct ledger_run *run, int64_t now_ns)
{
	if (run->started_ns == 0)
		return 0;
	return (run->ended_ns > 0 ? run->ended_ns : now_ns) - run->started_ns;
}

void
row_add_members(struct buf *into, const struct ledger_run *run, const struct ledger_figure *figures, size_t n,
	size_t position, int64_t now_ns)
{
	json_add_text(into, "id", run->id);
	json_add_u64(into, "number", run->number);
	json_add_text(into, "name", run->name);
	json_add_text(into, "state", ledger_state_names[run->state]);
	if (position != ROW_NO_POSITION)
		json_add_u64(into, "position", position);
	else
		json_add_null(into, "position");
	row_add_time(into, "submitted_at", run->submitted_ns);
	json_add_text(into, "submitted_by", run->submitted_by != NULL ? run->submitted_by : "");
	row_add_time(into, "started_at", run->started_ns);
	row_add_time(into, "ended_at", run->ended_ns);
	json_add_text(into, "target", run->target != NULL ? run->target : "");
	json_add_text(into, "load", run->load != NULL ? run->load : "");
	add_seconds(into, "planned_s", run->planned_ns);
	add_seconds(into, "elapsed_s", elapsed_ns(run, now_ns));
	row_add_text(into, "status", run->status);
	if (run->exit_code >= 0)
		json_add_u64(into, "exit_code", (uint64_t)run->exit_code);
	else
		json_add_null(into, "exit_code");
	row_add_text(into, "reason", run->reason);
	json_open(into, "figures", '{');
	for (size_t i = 0; i < n; i++)
		json_add_double(into, figures[i].name, figures[i].value);
	json_close(into, '}');
	row_add_text(into, "failure_mode", run->failure_mode);
	json_add_bool(into, "has_files", run->has_files);
}

void
row_add_run(struct buf *into, const char *name, const struct ledger_run *run, const struct ledger_figure *figures,
	size_t n, size_t position, int64_t now_ns)
{
	json_open(into, name, '{');
	row_add_members(into, run, figures, n, position, now_ns);
	json_close(into, '}');
}

static void
add_acknowledged(struct buf *into, const struct ledger_alert *alert)
{
	if (alert->acknowledged_ns == 0) {
		json_add_null(into, "acknowledged");
		return;
	}
	json_open(into, "acknowledged", '{');
	json_add_text(into, "by", alert->acknowledged_by != NULL ? alert->acknowledged_by : "");
	row_add_time(into, "at", alert->acknowledged_ns);
	row_add_text(into, "note", alert->note);
	json_close(into, '}');
}

void
row_add_alert(struct buf *into, const struct ledger_alert *alert)
{
	json_open(into, NULL, '{');
	json_add_u64(into, "number", alert->number);
	json_add_text(into, "rule", alert->rule);
	json_add_text(into, "severity", alert->severity);
	json_add_text(into, "state", alert->ended_ns == 0 ? "firing" : "resolved");
	row_add_time(into, "since", alert->since_ns);
	row_add_time(into, "ended_at", alert->ended_ns);
	row_add_text(into, "run", alert->run);
	row_add_text(into, "name", alert->name);
	json_add_text(into, "text", alert->text);
	json_add_double(into, "value", alert->value);
	json_add_double(into, "threshold", alert->threshold);
	add_acknowledged(into, alert);
	json_close(into, '}');
}
