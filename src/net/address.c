#include "net/address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->length == b->length && memcmp(&a->any, &b->any, a->length) == 0;
}

/* Twice the same is once. */
static void
addresses_add(struct addresses *addresses, const struct address *address)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (address_equal(&addresses->list[i], address))
			return;
	if (addresses->n < ADDRESSES_MAX)
		addresses->list[addresses->n++] = *address;
	else
		addresses->beyond++;
}

static bool
resolve_unix(const char *path, struct addresses *addresses, struct error *err)
{
	struct address *address = &addresses->list[0];
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(address->unix_path.sun_path))
		return error_set(err, "target.url: the socket path '%s' must have 1 to %zu bytes", path,
			sizeof(address->unix_path.sun_path) - 1);
	address->unix_path.sun_family = AF_UNIX;
	memcpy(address->unix_path.sun_path, path, length + 1);
	address->length = sizeof(address->unix_path);
	addresses->n = 1;
	return true;
}

/* The resolver's own words, and what to do about them. */
static bool
explain(const char *host, int result, struct error *err)
{
	switch (result) {
	case EAI_NONAME: return error_set(err, "target.url: the name '%s' does not exist; check its spelling", host);
	case EAI_NODATA: return error_set(err, "target.url: the name '%s' has no address", host);
	case EAI_AGAIN:
		return error_set(err,
			"target.url: no name server could tell what '%s' stands for; check the network, or write the "
			"address",
			host);
	case EAI_FAIL: return error_set(err, "target.url: the name server failed to look up '%s'", host);
	case EAI_SYSTEM: return error_set(err, "target.url: looking up '%s' failed: %m", host);
	default: return error_set(err, "target.url: looking up '%s' failed: %s", host, gai_strerror(result));
	}
}

/* Without AI_ADDRCONFIG, which would hide ::1 on a machine that has no other IPv6 address. */
static bool
resolve_name(const struct plan_url *url, struct addresses *addresses, struct error *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found;
	char port[8];

	snprintf(port, sizeof(port), "%u", (unsigned)url->port);
	int result = getaddrinfo(url->host, port, &hints, &found);

	if (result != 0)
		return explain(url->host, result, err);
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		struct address address = {.length = at->ai_addrlen};

		if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
			continue;
		CHECK(at->ai_addrlen <= sizeof(address.v6));
		memcpy(&address.any, at->ai_addr, at->ai_addrlen);
		addresses_add(addresses, &address);
	}
	freeaddrinfo(found);
	return addresses->n > 0 ? true : explain(url->host, EAI_NODATA, err);
}

bool
addresses_resolve(const struct plan_url *url, struct addresses *addresses, struct error *err)
{
	int64_t since_ns = clock_now_ns(&monotonic_clock);

	*addresses = (struct addresses){0};
	bool is_good = url->unix_path != NULL ? resolve_unix(url->unix_path, addresses, err)
					      : resolve_name(url, addresses, err);

	addresses->took_ns = clock_now_ns(&monotonic_clock) - since_ns;
	return is_good;
}

struct address
address_of_plan(const struct plan_address *plan, uint16_t port)
{
	struct address address = {.length = plan->is_v6 ? sizeof(address.v6) : sizeof(address.v4)};
	in_port_t at = htons(plan->port > 0 ? plan->port : port);

	if (plan->is_v6) {
		address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = at};
		memcpy(&address.v6.sin6_addr, plan->bytes, sizeof(address.v6.sin6_addr));
	} else {
		address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = at};
		memcpy(&address.v4.sin_addr, plan->bytes, sizeof(address.v4.sin_addr));
	}
	return address;
}

/* The sentence names the key that the name is in. */
static bool
blame_proxy(struct error *err)
{
	static const char of_target[] = "target.url: ";
	char message[sizeof(err->message)];

	snprintf(message, sizeof(message), "%s", err->message);
	err->message[0] = '\0';
	return error_set(err, "target.proxy: %s", message + strlen(of_target));
}

bool
addresses_of_backend(const struct plan_target *target, size_t backend, struct addresses *addresses, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;
	const struct plan_address *fixed = target->connect_to.items;

	if (plan_has_proxy(target))
		return addresses_resolve(&target->proxy.url, addresses, err) || blame_proxy(err);
	if (target->connect_to.n == 0)
		return addresses_resolve(&backends[backend].url, addresses, err);
	*addresses = (struct addresses){0};
	for (size_t i = 0; i < target->connect_to.n; i++) {
		struct address address = address_of_plan(&fixed[i], target->url.port);

		addresses_add(addresses, &address);
	}
	return true;
}

struct addresses *
addresses_of_target(const struct plan_target *target, struct error *err)
{
	struct addresses *all = must_calloc(target->backends.n, sizeof(*all));

	for (size_t i = 0; i < target->backends.n; i++)
		if (!addresses_of_backend(target, i, &all[i], err)) {
			free(all);
			return NULL;
		}
	return all;
}

void
addresses_tell_beyond(const struct addresses *addresses, const char *host)
{
	if (addresses->beyond > 0)
		log_warn("'%s' stands for %zu addresses; the load goes to the first %d of them", host,
			addresses->n + addresses->beyond, ADDRESSES_MAX);
}

bool
address_is_looked_up(const struct plan_url *url)
{
	struct in6_addr any;

	return url->unix_path == NULL && inet_pton(AF_INET, url->host, &any) != 1 &&
	       inet_pton(AF_INET6, url->host, &any) != 1;
}

const char *
address_text(const struct address *address, char *into, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
		snprintf(into, size, "%s:%u", host, (unsigned)ntohs(address->v4.sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		snprintf(into, size, "[%s]:%u", host, (unsigned)ntohs(address->v6.sin6_port));
		break;
	case AF_UNIX: snprintf(into, size, "%s", address->unix_path.sun_path); break;
	default: snprintf(into, size, "?"); break;
	}
	return into;
}
