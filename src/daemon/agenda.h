#pragma once

#include <uv.h>

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
};

struct agenda *agenda_new(const struct agenda_config *config);
/* As the ledger has it; before the desk is used, and once jobs are restored. */
bool agenda_restore(struct agenda *agenda, struct ledger *ledger, struct error *err);
void agenda_start(struct agenda *agenda);
void agenda_free(struct agenda *agenda); /* turns the loop */

/* Of a run that has ended; those of others are passed over. */
void agenda_on_ended(struct agenda *agenda, const struct ledger_run *run);

struct schedule *agenda_schedule(const struct agenda *agenda);
/* After something of an entry was changed: keeps its state. */
void agenda_keep(struct agenda *agenda, const char *name);
/* What an entry has run, now; `told` as of jobs_submit. */
void agenda_submit(struct agenda *agenda, const struct schedule_wish *wish, struct jobs_wish *into);
