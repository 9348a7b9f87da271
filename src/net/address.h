#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include "base/error.h"
#include "plan/plan.h"

#define ADDRESSES_MAX 64

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
};

/* Blocking: called before the run starts. All A and AAAA records; a unix path gives one. False with err set. */
bool addresses_resolve(const struct plan_url *url, struct addresses *addresses, struct error *err);

/* "127.0.0.1:8080", "[::1]:80", "/run/x.sock"; returns into. */
const char *address_text(const struct address *address, char *into, size_t size);
