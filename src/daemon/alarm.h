#pragma once

#include <cjson/cJSON.h>
#include <uv.h>

#include "daemon/config.h"
#include "daemon/desk.h"
#include "daemon/job_result.h"
#include "daemon/jobs.h"

/* The alerts at work: looks at the figures of what runs and at what came of runs that ended, keeps what it finds in the
 * ledger, and then tells whoever watches (the event `alert`) and the sinks.
 *
 * What fires goes on firing over a restart, or a kill -9, of the daemon: an alert is in the ledger, with whom it is to
 * be told to, before anybody is told; each notice stays there until its sink took it, or it was given up; and a run
 * that ended is noted there until its alerts are in, too. So each sink is told of each alert and of its recovery at
 * least once, and twice only where the daemon was killed between a sink's answer and the note of it. What is forgotten
 * by a restart is how long ago an alert recovered: its cooldown. */
struct alarm;

struct alarm_config {
	uv_loop_t *loop;
	struct desk *desk;
	struct jobs *jobs;
	const struct config *config;
};

/* NULL with err set, placed in brunt.yaml: a sink cannot be what it says. */
struct alarm *alarm_new(const struct alarm_config *config, struct error *err);
/* As the ledger has it; before the desk is used. */
bool alarm_restore(struct alarm *alarm, struct ledger *ledger, struct error *err);
/* Once jobs are restored. */
void alarm_start(struct alarm *alarm);
/* Gives sinks a moment for what they are to be told and closes them; turns the loop. What they were not told then is
 * told by the next life. The desk must still be there, and runs may go on ending. */
void alarm_close(struct alarm *alarm);
void alarm_free(struct alarm *alarm); /* NULL: nothing. After desk_free */

/* An interval of one that runs, the event `figures`. */
void alarm_look(struct alarm *alarm, const struct ledger_run *run, const cJSON *figures);
void alarm_on_ended(struct alarm *alarm, const struct ledger_run *run, const struct job_result *result);

/* Somebody has seen it: after the ledger was told. row: as the API shows it. */
void alarm_acknowledged(struct alarm *alarm, uint64_t number, const char *by, int64_t at_ns, const struct buf *row);

/* The sinks of a configuration that is to come, none where one of them is wrong (err, placed). */
struct sinks *alarm_open_sinks(uv_loop_t *loop, const struct watch_config *watch, struct error *err);
/* Others from now on: what fires by a rule that is no more ends, and is told to whom it was told to. */
void alarm_use(struct alarm *alarm, const struct alert_rules *rules, struct sinks *sinks);

size_t alarm_firing(const struct alarm *alarm);
const struct sinks *alarm_sinks(const struct alarm *alarm); /* NULL: they are closed */
