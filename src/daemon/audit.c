#include "daemon/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/audit_text.h"

/* Each field's share of a line, escaped. With the names of the fields and the numbers they stay below it. */
#define SHORT_SHARE 160
#define WHAT_SHARE 512
#define DETAIL_SHARE 2048

struct audit {
	char *path;
	int fd;
	uint64_t lost, suppressed, untold;
	bool is_torn; /* the last line is a part of one: the next is not to be glued to it */
	double light; /* entries that may still be written at once */
	int64_t light_wall_ns;
	struct buf line;
};

/* That the file is there survives a power cut only once its directory was written. */
static void
sync_directory(const char *path)
{
	char copy[PATH_MAX];

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd); /* as good as it can be had */
	close(fd);
}

static bool
end_torn_line(int fd)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char last;

	return length <= 0 || pread(fd, &last, 1, length - 1) != 1 || last == '\n' || write(fd, "\n", 1) == 1;
}

/* −1 with err set. */
static int
open_file(const char *path, struct error *err)
{
	struct stat status = {0};
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && end_torn_line(fd)) {
		sync_directory(path);
		return fd;
	}
	error_set(err, "the audit log '%s' cannot be written: %s", path,
		fd >= 0 && !S_ISREG(status.st_mode) ? "it is no file" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct audit *
audit_open(const char *path, struct error *err)
{
	int fd = open_file(path, err);

	if (fd < 0)
		return NULL;
	struct audit *audit = must_alloc(sizeof(*audit));

	*audit = (struct audit){.path = must_strdup(path), .fd = fd, .light = AUDIT_LIGHT_AT_ONCE};
	buf_init(&audit->line, AUDIT_LINE_MAX);
	return audit;
}

bool
audit_reopen(struct audit *audit, struct error *err)
{
	int fd = open_file(audit->path, err);

	if (fd < 0)
		return false;
	(void)fdatasync(audit->fd);
	close(audit->fd);
	audit->fd = fd;
	audit->is_torn = false;
	return true;
}

void
audit_close(struct audit *audit)
{
	if (audit == NULL)
		return;
	(void)fdatasync(audit->fd);
	close(audit->fd);
	buf_fini(&audit->line);
	free(audit->path);
	free(audit);
}

/* A bucket that fills evenly. A wall clock that was set back fills nothing meanwhile. */
static bool
may_write_light(struct audit *audit, int64_t wall_ns)
{
	double since_s = ns_to_s(wall_ns - audit->light_wall_ns);

	if (audit->light_wall_ns != 0 && since_s > 0)
		audit->light += since_s * AUDIT_LIGHT_PER_S;
	if (audit->light > AUDIT_LIGHT_AT_ONCE)
		audit->light = AUDIT_LIGHT_AT_ONCE;
	audit->light_wall_ns = wall_ns;
	if (audit->light < 1)
		return false;
	audit->light--;
	return true;
}

static void
add_field(struct buf *line, const char *name, const char *value, size_t share)
{
	if (value == NULL)
		return;
	buf_printf(line, ",\"%s\":\"", name);
	audit_text_add(line, value, share);
	buf_add_text(line, "\"");
}

static void
compose(struct audit *audit, const struct audit_entry *entry, int64_t wall_ns)
{
	struct buf *line = &audit->line;
	char at[32];

	buf_clear(line);
	wall_text(wall_ns, at, sizeof(at));
	at[strlen(at) - 1] = '\0'; /* its Z comes behind the ms */
	buf_printf(line, "{\"at\":\"%s.%03dZ\"", at, (int)(wall_ns % NS_PER_S / NS_PER_MS));
	add_field(line, "who", entry->who, SHORT_SHARE);
	add_field(line, "role", entry->role, SHORT_SHARE);
	add_field(line, "from", entry->from, SHORT_SHARE);
	add_field(line, "action", entry->action, SHORT_SHARE);
	add_field(line, "what", entry->what, WHAT_SHARE);
	add_field(line, "outcome", entry->outcome, SHORT_SHARE);
	add_field(line, "detail", entry->detail, DETAIL_SHARE);
	if (audit->untold > 0)
		buf_printf(line, ",\"suppressed\":%llu", (unsigned long long)audit->untold);
	buf_add_text(line, "}\n");
	CHECK(!line->overflowed);
}

static bool
write_line(struct audit *audit)
{
	ssize_t n;

	if (audit->is_torn && !end_torn_line(audit->fd))
		return false;
	do
		n = write(audit->fd, audit->line.bytes, audit->line.length);
	while (n < 0 && errno == EINTR);
	audit->is_torn = n > 0 && n < (ssize_t)audit->line.length; /* the disk became full */
	return n == (ssize_t)audit->line.length;
}

bool
audit_write(struct audit *audit, const struct audit_entry *entry, int64_t wall_ns)
{
	if (entry->is_light && !may_write_light(audit, wall_ns)) {
		audit->suppressed++;
		audit->untold++;
		return true;
	}
	compose(audit, entry, wall_ns);
	if (!write_line(audit)) {
		audit->lost++;
		return false;
	}
	audit->untold = 0;
	return true;
}

bool
audit_sync(struct audit *audit)
{
	return fdatasync(audit->fd) == 0;
}

const char *
audit_path(const struct audit *audit)
{
	return audit->path;
}

int
audit_dup(const struct audit *audit)
{
	return fcntl(audit->fd, F_DUPFD_CLOEXEC, 3);
}

uint64_t
audit_lost(const struct audit *audit)
{
	return audit->lost;
}

uint64_t
audit_suppressed(const struct audit *audit)
{
	return audit->suppressed;
}
