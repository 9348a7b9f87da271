#pragma once

#include "net/address.h"

/* The addresses of this machine that connections are made from, in turn. Each has ports of its own towards each address
 * of the target, so that many of them allow more connections than one has ports. */
struct sources {
	struct address *list;
	size_t n; /* 0: as the kernel chooses */
	size_t next;
};

/* False with err set: one of them is no address of this machine. */
bool sources_init(struct sources *sources, const struct plan_list *plan, struct error *err);
void sources_fini(struct sources *sources);

/* The next for a connection to `to`; NULL: as the kernel chooses, or none is of its family. */
const struct address *sources_pick(struct sources *sources, const struct address *to);

/* Leaves out what no connection can be made to from any of them. */
void sources_filter(const struct sources *sources, struct addresses *addresses);

/* Binds a socket that will connect. The port is chosen only then, among those that are free towards that address
 * (IP_BIND_ADDRESS_NO_PORT): bind() itself would take one that is free towards all. 0 or errno. */
int source_bind(int fd, const struct address *from);
