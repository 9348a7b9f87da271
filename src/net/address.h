#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include "base/error.h"
#include "plan/plan.h"

#define ADDRESSES_MAX 64 /* of one name */
#define ADDRESS_TEXT_MAX 112

struct address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un unix_path;
	};
};

struct addresses {
	struct address list[ADDRESSES_MAX];
	size_t n;
	size_t beyond;   /* there are more, and there is no room for them */
	int64_t took_ns; /* to look them up */
};

/* Blocking. All A and AAAA records; a unix path gives one. False with err set. */
bool addresses_resolve(const struct plan_url *url, struct addresses *addresses, struct error *err);

/* Where connections of one of the target's backends go: to connect_to's addresses, to the proxy's, or to what its own
 * URL stands for. Blocking: called before the run starts. */
bool addresses_of_backend(
	const struct plan_target *target, size_t backend, struct addresses *addresses, struct error *err);
/* Those of every backend: an array of its own for each, which the caller frees; NULL with err set. */
struct addresses *addresses_of_target(const struct plan_target *target, struct error *err);

/* Warns where the name stands for more addresses than there is room for: the load does without those. */
void addresses_tell_beyond(const struct addresses *addresses, const char *host);

/* What the name of a URL has to be asked for; false: it is an address already, or a path. */
bool address_is_looked_up(const struct plan_url *url);

/* As a profile writes it; port: where it says none. */
struct address address_of_plan(const struct plan_address *plan, uint16_t port);
bool address_equal(const struct address *a, const struct address *b);

/* "127.0.0.1:8080", "[::1]:80", "/run/x.sock"; returns into. */
const char *address_text(const struct address *address, char *into, size_t size);
