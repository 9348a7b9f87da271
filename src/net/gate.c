#include "net/gate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"

/* The daemon's, a suite's, one's own: each process adds its own to what it was told. */
#define GATE_LISTS_MAX 8
#define BETWEEN_LISTS ';'

/* A process has one gate: whoever opens a connection passes it, told of it or not. */
static struct allow *lists[GATE_LISTS_MAX];
static size_t lists_n;

void
gate_narrow(struct allow *allow)
{
	CHECK_OP(lists_n, <, GATE_LISTS_MAX);
	lists[lists_n++] = allow;
}

void
gate_open(void)
{
	while (lists_n > 0)
		allow_free(lists[--lists_n]);
}

static bool
narrow_by(const char *list_or_file, struct error *err)
{
	if (lists_n == GATE_LISTS_MAX)
		return error_set(err, "more than %d lists, one within the other", GATE_LISTS_MAX);
	struct allow *allow = allow_load(list_or_file, err);

	if (allow != NULL)
		gate_narrow(allow);
	return allow != NULL;
}

/* Behind what this process was told itself: they are held to both. A process may be started in another directory. */
static bool
tell_children(const char *list_or_file, struct error *err)
{
	const char *inherited = getenv(ALLOW_VARIABLE);
	char path[PATH_MAX];
	struct buf told;

	buf_init(&told, GATE_LISTS_MAX * (ALLOW_TEXT_MAX + 1));
	if (inherited != NULL)
		buf_printf(&told, "%s%c", inherited, BETWEEN_LISTS);
	if (list_or_file[0] == '@' && realpath(list_or_file + 1, path) != NULL)
		buf_printf(&told, "@%s", path);
	else
		buf_add_text(&told, list_or_file);
	bool is_told = setenv(ALLOW_VARIABLE, told.bytes, 1) == 0;

	buf_fini(&told);
	return is_told || error_set(err, "there is no memory to pass it on");
}

bool
gate_inherit(struct error *err)
{
	const char *inherited = getenv(ALLOW_VARIABLE);

	while (inherited != NULL) {
		const char *end = strchrnul(inherited, BETWEEN_LISTS);
		char *list = must_strndup(inherited, (size_t)(end - inherited));
		bool is_good = narrow_by(list, err);

		free(list);
		if (!is_good)
			return false;
		inherited = *end != '\0' ? end + 1 : NULL;
	}
	return true;
}

bool
gate_set(const char *list_or_file, struct error *err)
{
	if (strchr(list_or_file, BETWEEN_LISTS) != NULL)
		return error_set(err, "'%c' is in no address or name; write commas, and a file's path without it",
			BETWEEN_LISTS);
	return narrow_by(list_or_file, err) && tell_children(list_or_file, err);
}

bool
gate_has_address(const char *name, const struct address *to)
{
	for (size_t i = 0; i < lists_n; i++)
		if (!allow_has_address(lists[i], name, to))
			return false;
	return true;
}

bool
gate_has_name(const char *name, unsigned port)
{
	for (size_t i = 0; i < lists_n; i++)
		if (!allow_has_name(lists[i], name, port))
			return false;
	return true;
}

static bool
check(const struct plan_url *url, bool as_name, const struct addresses *addresses, struct error *err)
{
	for (size_t i = 0; i < lists_n; i++)
		if (!allow_check_addresses(lists[i], url, as_name, addresses, err))
			return false;
	return true;
}

bool
gate_check_addresses(const struct plan_url *url, const struct addresses *addresses, struct error *err)
{
	return check(url, true, addresses, err);
}

/* Through a proxy, which looks the name up itself. */
static bool
check_beyond(const struct plan_url *url, struct error *err)
{
	return gate_has_name(url->host, url->port) ||
	       error_set(err,
		       "target.url: '%s' is not in the operator's allowlist as it is written, and a proxy connects to whatever "
		       "it stands for",
		       url->authority);
}

bool
gate_check_target(const struct plan_target *target, const struct addresses *addresses, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;

	for (size_t i = 0; i < target->backends.n; i++) {
		bool is_proxy = plan_has_proxy(target);
		const struct plan_url *url = is_proxy ? &target->proxy.url : &backends[i].url;

		if (!check(url, is_proxy || target->connect_to.n == 0, &addresses[i], err) ||
			(is_proxy && !check_beyond(&backends[i].url, err)))
			return false;
	}
	return true;
}
