#include "daemon/retention.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/jobs.h"

#define LOOK_MS (10 * 60 * 1000) /* what is kept for so long goes by itself */
#define SWEPT_AT_ONCE 100        /* directories: some ms */

struct retention {
	struct desk *desk;
	const struct config *config;
	uv_timer_t timer;
	bool is_busy, is_wanted, is_closing, is_closed;

	/* The desk's while is_busy. */
	struct desk_order order;
	struct config_retention limits;
	bool has_more, has_swept;
	DIR *sweeping; /* of DATA/runs */
};

static void give(struct retention *retention);

static bool
has_files(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	(void)figures;
	(void)n;
	*(bool *)context = run->has_files;
	return false;
}

static bool
remove_files(const struct retention *retention, const char *id)
{
	char dir[4096];

	return file_remove_tree(jobs_dir(retention->config, id, dir, sizeof(dir)));
}

/* One whose row says that its files are gone; what has no row is not ours to judge. */
static void
sweep_one(struct retention *retention, struct ledger *ledger, const char *id)
{
	const struct ledger_filter filter = {.id = id, .limit = 1};
	struct error err = {0};
	bool is_kept = true;

	if (id[0] == '.' || !ledger_list_runs(ledger, &filter, has_files, &is_kept, &err) || is_kept)
		return;
	log_info("the results of run %s were to be removed when the daemon ended; now they are", id);
	(void)remove_files(retention, id); /* else the next start will */
}

/* False: all of it was looked at. */
static bool
sweep(struct retention *retention, struct ledger *ledger)
{
	const struct dirent *entry = NULL;
	char path[4200];

	if (retention->has_swept)
		return false;
	if (retention->sweeping == NULL) {
		snprintf(path, sizeof(path), "%s/runs", retention->config->data);
		retention->sweeping = opendir(path);
	}
	for (size_t i = 0; i < SWEPT_AT_ONCE && retention->sweeping != NULL; i++) {
		entry = readdir(retention->sweeping);
		if (entry == NULL)
			break;
		sweep_one(retention, ledger, entry->d_name);
	}
	if (entry != NULL)
		return true;
	if (retention->sweeping != NULL)
		closedir(retention->sweeping);
	retention->sweeping = NULL;
	retention->has_swept = true;
	return false;
}

/* True: one went, and there may be another. */
static bool
let_go(struct retention *retention, struct ledger *ledger)
{
	const struct config_retention *limits = &retention->limits;
	const struct ledger_limits kept = {.ended_from_ns = limits->for_ns > 0 ? wall_now_ns() - limits->for_ns : 0,
		.runs = limits->runs,
		.bytes = limits->bytes};
	struct error err = {0};
	char id[LEDGER_ID_MAX];

	if (!ledger_spent_run(ledger, &kept, id, &err) || !ledger_drop_files(ledger, id, &err)) {
		if (error_is_set(&err))
			log_error("retention: %s", err.message);
		return false;
	}
	if (remove_files(retention, id))
		log_info("the results of run %s were removed: they are older, or more, than is kept", id);
	else
		log_error("the results of run %s cannot be removed; it is tried again at the next start", id);
	return true;
}

static void
work(struct desk_order *order, struct ledger *ledger)
{
	struct retention *retention = container_of(order, struct retention, order);

	retention->has_more = sweep(retention, ledger) || let_go(retention, ledger);
}

static void
done(struct desk_order *order)
{
	struct retention *retention = container_of(order, struct retention, order);

	retention->is_busy = false;
	if (!retention->is_closing && (retention->has_more || retention->is_wanted))
		give(retention);
}

static void
give(struct retention *retention)
{
	retention->is_busy = true;
	retention->is_wanted = false;
	retention->limits = retention->config->retention;
	retention->order = (struct desk_order){.work = work, .done = done};
	desk_give(retention->desk, &retention->order);
}

void
retention_look(struct retention *retention)
{
	if (retention->is_busy)
		retention->is_wanted = true;
	else if (!retention->is_closing)
		give(retention);
}

static void
on_timer(uv_timer_t *timer)
{
	retention_look(timer->data);
}

struct retention *
retention_new(uv_loop_t *loop, struct desk *desk, const struct config *config)
{
	struct retention *retention = must_alloc(sizeof(*retention));

	retention->desk = desk;
	retention->config = config;
	CHECK_OP(uv_timer_init(loop, &retention->timer), ==, 0);
	retention->timer.data = retention;
	return retention;
}

void
retention_start(struct retention *retention)
{
	CHECK_OP(uv_timer_start(&retention->timer, on_timer, 0, LOOK_MS), ==, 0);
}

static void
on_closed(uv_handle_t *handle)
{
	struct retention *retention = handle->data;

	retention->is_closed = true;
}

void
retention_close(struct retention *retention)
{
	retention->is_closing = true;
	uv_close((uv_handle_t *)&retention->timer, on_closed);
	while (!retention->is_closed)
		uv_run(retention->timer.loop, UV_RUN_ONCE);
}

void
retention_free(struct retention *retention)
{
	CHECK(retention->is_closed && !retention->is_busy);
	if (retention->sweeping != NULL)
		closedir(retention->sweeping);
	free(retention);
}
