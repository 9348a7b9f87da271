#pragma once

#include <uv.h>

#include "daemon/audit.h"
#include "daemon/jobs.h"
#include "daemon/schedule.h"

/* The schedule at work: looks once a second what is due, submits it by name, and keeps what must outlast the daemon in
 * the ledger. */
struct agenda;

struct agenda_config {
	uv_loop_t *loop;
	struct desk *desk;
	struct jobs *jobs;
	const struct config *config;
	struct audit *audit; /* who starts a run is the schedule */
};

struct agenda *agenda_new(const struct agenda_config *config);
#define AGENDA_BY "schedule:" /* who submits: and the schedule's name */

/* Kinds of the ledger's notes, each by its schedule's name: what came by the API, as JSON, and states. */
#define AGENDA_WISHES "schedule.wish"
#define AGENDA_STATES "schedule"

/* As the ledger has it; before the desk is used, and once jobs are restored. */
bool agenda_restore(struct agenda *agenda, struct ledger *ledger, struct error *err);
void agenda_start(struct agenda *agenda);
void agenda_reload(
	struct agenda *agenda); /* the file's entries are others from now on; those that stay keep their state */
void agenda_free(struct agenda *agenda); /* turns the loop */

/* Of a run that has ended; those of others are passed over. */
void agenda_on_ended(struct agenda *agenda, const struct ledger_run *run);

struct schedule *agenda_schedule(const struct agenda *agenda);
/* What came by the API, in place of one of that name. False with err set: it is the file's, or there is no room. */
bool agenda_put(struct agenda *agenda, const struct schedule_wish *wish, struct error *err);
/* After something of an entry was changed: keeps its state. */
void agenda_keep(struct agenda *agenda, const char *name);
/* What it submits. False with err set: it has more settings than one may have; submission_fini is needed in either
 * case. */
bool agenda_fill(struct submission *submission, const struct schedule_wish *wish, struct error *err);
/* What an entry has run, now; `told` as of jobs_submit. */
void agenda_submit(struct agenda *agenda, const struct schedule_wish *wish, struct jobs_wish *into);
