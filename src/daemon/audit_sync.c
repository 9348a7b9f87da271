#include "daemon/audit_sync.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

struct audit_syncs {
	uv_loop_t *loop;
	struct audit *audit;
	struct list waiting, under_way;
	bool is_busy;
	uint64_t n;

	/* The thread's while is_busy. */
	uv_work_t work;
	int fd;
	bool is_kept;
};

static void begin(struct audit_syncs *syncs);

static void
sync_file(uv_work_t *work)
{
	struct audit_syncs *syncs = container_of(work, struct audit_syncs, work);

	syncs->is_kept = syncs->fd >= 0 && fdatasync(syncs->fd) == 0;
	if (syncs->fd >= 0)
		close(syncs->fd);
}

static void
on_synced(uv_work_t *work, int status)
{
	struct audit_syncs *syncs = container_of(work, struct audit_syncs, work);

	CHECK_OP(status, ==, 0);
	syncs->is_busy = false;
	if (!syncs->is_kept)
		log_error("the audit log cannot be written to its disk");
	while (!list_is_empty(&syncs->under_way)) {
		struct audit_wait *wait = list_first(&syncs->under_way, struct audit_wait, node);

		list_remove(&wait->node);
		wait->done(wait, syncs->is_kept);
	}
	if (!syncs->is_busy && !list_is_empty(&syncs->waiting))
		begin(syncs);
}

/* With a descriptor of its own: the log may be reopened meanwhile. */
static void
begin(struct audit_syncs *syncs)
{
	while (!list_is_empty(&syncs->waiting)) {
		struct list *node = syncs->waiting.next;

		list_remove(node);
		list_add_last(&syncs->under_way, node);
	}
	syncs->is_busy = true;
	syncs->n++;
	syncs->fd = audit_dup(syncs->audit);
	CHECK_OP(uv_queue_work(syncs->loop, &syncs->work, sync_file, on_synced), ==, 0);
}

struct audit_syncs *
audit_syncs_new(uv_loop_t *loop, struct audit *audit)
{
	struct audit_syncs *syncs = must_alloc(sizeof(*syncs));

	syncs->loop = loop;
	syncs->audit = audit;
	list_init(&syncs->waiting);
	list_init(&syncs->under_way);
	return syncs;
}

void
audit_syncs_wait(struct audit_syncs *syncs, struct audit_wait *wait)
{
	list_add_last(&syncs->waiting, &wait->node);
	if (!syncs->is_busy && list_is_empty(&syncs->under_way))
		begin(syncs);
}

uint64_t
audit_syncs_n(const struct audit_syncs *syncs)
{
	return syncs->n;
}

void
audit_syncs_free(struct audit_syncs *syncs)
{
	while (syncs->is_busy)
		uv_run(syncs->loop, UV_RUN_ONCE);
	free(syncs);
}
