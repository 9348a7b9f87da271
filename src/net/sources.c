#include "net/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

int
source_bind(int fd, const struct address *from)
{
	int on = 1;

	/* An option of IP, and of sockets of IPv6 too. Without it connections fail sooner, with EADDRNOTAVAIL. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, &from->any, from->length) == 0 ? 0 : errno;
}

static bool
check_source(const struct address *source, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = socket(source->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = fd >= 0 ? source_bind(fd, source) : errno;

	if (fd >= 0)
		close(fd);
	if (error == 0)
		return true;
	address_text(source, text, sizeof(text));
	*strrchr(text, ':') = '\0'; /* the port, which is 0 */
	return error == EADDRNOTAVAIL
		       ? error_set(err,
				 "target.source_addresses: %s is no address of this machine; add it to an interface, or leave "
				 "it out",
				 text)
		       : error_set(err, "target.source_addresses: cannot connect from %s: %s", text, strerror(error));
}

bool
sources_init(struct sources *sources, const struct plan_list *plan, struct error *err)
{
	const struct plan_address *addresses = plan->items;

	*sources = (struct sources){.list = must_calloc(plan->n + 1, sizeof(*sources->list))};
	for (size_t i = 0; i < plan->n; i++) {
		sources->list[sources->n++] = address_of_plan(&addresses[i], 0);
		if (!check_source(&sources->list[i], err)) {
			sources_fini(sources);
			return false;
		}
	}
	return true;
}

void
sources_fini(struct sources *sources)
{
	free(sources->list);
	*sources = (struct sources){0};
}

const struct address *
sources_pick(struct sources *sources, const struct address *to)
{
	for (size_t tried = 0; tried < sources->n; tried++) {
		const struct address *source = &sources->list[sources->next++ % sources->n];

		if (source->any.sa_family == to->any.sa_family)
			return source;
	}
	return NULL;
}

static bool
have_family(const struct sources *sources, const struct address *to)
{
	for (size_t i = 0; i < sources->n; i++)
		if (sources->list[i].any.sa_family == to->any.sa_family)
			return true;
	return sources->n == 0 || to->any.sa_family == AF_UNIX;
}

void
sources_filter(const struct sources *sources, struct addresses *addresses)
{
	size_t n = 0;

	for (size_t i = 0; i < addresses->n; i++)
		if (have_family(sources, &addresses->list[i]))
			addresses->list[n++] = addresses->list[i];
	addresses->n = n;
}
