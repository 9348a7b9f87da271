#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/api_parts.h"

/* The end of the audit log, as it stands in the file: a line of JSON each, the newest last. */

#define LINES_MAX 1000
#define LINES_DEFAULT 100
#define PIECE_BYTES ((off_t)64 * 1024)

/* Where the last n whole lines of the first `end` bytes begin. −1: it cannot be read. */
static off_t
find_start(int fd, off_t end, size_t n)
{
	char piece[PIECE_BYTES];
	size_t ends = 0;

	for (off_t at = end; at > 0;) {
		off_t from = at > PIECE_BYTES ? at - PIECE_BYTES : 0;

		if (pread(fd, piece, (size_t)(at - from), from) != (ssize_t)(at - from))
			return -1;
		while (at > from)
			if (piece[--at - from] == '\n' && ++ends > n)
				return at + 1;
	}
	return 0;
}

static bool
add_bytes(int fd, off_t from, off_t end, struct buf *into)
{
	char piece[PIECE_BYTES];

	while (from < end) {
		size_t wanted = (size_t)(end - from < PIECE_BYTES ? end - from : PIECE_BYTES);
		ssize_t n = pread(fd, piece, wanted, from);

		if (n <= 0 || !buf_add(into, piece, (size_t)n))
			return false;
		from += n;
	}
	return true;
}

/* What is written while it is read is not in it. */
static void
audit_work(struct api_call *call, struct ledger *ledger)
{
	struct stat status;
	int fd = open(audit_path(api_config_of(call)->audit), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool is_read = fd >= 0 && fstat(fd, &status) == 0;
	off_t from = is_read ? find_start(fd, status.st_size, (size_t)call->number) : -1;

	(void)ledger;
	if (from < 0 || !add_bytes(fd, from, status.st_size, &call->text))
		api_fail(call, 500, "the audit log cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void
order_work(struct desk_order *order, struct ledger *ledger)
{
	audit_work(container_of(order, struct api_call, order), ledger);
}

static void
order_done(struct desk_order *order)
{
	struct api_call *call = container_of(order, struct api_call, order);

	if (error_is_set(&call->err))
		api_answer_from_desk(call);
	else
		api_answer(call, 200, "application/x-ndjson", NULL, call->text.bytes != NULL ? call->text.bytes : "",
			call->text.length);
}

void
api_audit_show(struct api_call *call)
{
	call->number = LINES_DEFAULT;
	if (!api_query_number(call, "limit", 1, LINES_MAX, &call->number))
		return;
	call->order = (struct desk_order){.work = order_work, .done = order_done};
	desk_give(api_config_of(call)->desk, &call->order);
}
