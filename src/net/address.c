#include "net/address.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/check.h"

static bool
addresses_have(const struct addresses *addresses, const struct sockaddr *any, socklen_t length)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (addresses->list[i].length == length && memcmp(&addresses->list[i].any, any, length) == 0)
			return true;
	return false;
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
			"target.url: no name server answered for '%s'; check the network, or write the address", host);
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
	for (const struct addrinfo *at = found; at != NULL && addresses->n < ADDRESSES_MAX; at = at->ai_next) {
		if ((at->ai_family != AF_INET && at->ai_family != AF_INET6) ||
			addresses_have(addresses, at->ai_addr, at->ai_addrlen))
			continue;
		struct address *address = &addresses->list[addresses->n++];

		CHECK(at->ai_addrlen <= sizeof(address->v6));
		memcpy(&address->any, at->ai_addr, at->ai_addrlen);
		address->length = at->ai_addrlen;
	}
	freeaddrinfo(found);
	return addresses->n > 0 ? true : explain(url->host, EAI_NODATA, err);
}

bool
addresses_resolve(const struct plan_url *url, struct addresses *addresses, struct error *err)
{
	*addresses = (struct addresses){0};
	return url->unix_path != NULL ? resolve_unix(url->unix_path, addresses, err)
				      : resolve_name(url, addresses, err);
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
