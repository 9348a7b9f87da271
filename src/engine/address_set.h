#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

/* The addresses of one backend, as they come and go: a slot each, whose number stays the same as long as a connection
 * is open to it. */

#define ADDRESS_SLOTS_MAX ((size_t)2 * ADDRESSES_MAX) /* those that are gone rest until they are let go */

struct address_slot {
	struct address address;
	uint32_t peer;   /* of the recorder */
	uint32_t open_n; /* connections, those being opened among them */
	bool is_listed;  /* the name stands for it; else no more connections are opened to it */
	bool is_dead;    /* it failed before any connect to it succeeded */
	bool has_connected;
};

struct address_set {
	struct address_slot slots[ADDRESS_SLOTS_MAX];
	size_t n, next;
};

/* These, and no others, are listed from now on. True: that is a change. Addresses for which there is no slot, since all
 * are still in use, are left out. */
bool address_set_list(struct address_set *set, const struct addresses *addresses);
/* The next in turn of those that are listed and not dead; SIZE_MAX: there is none. */
size_t address_set_pick(struct address_set *set);
bool address_set_is_dead(const struct address_set *set); /* all that are listed */
void address_set_revive(struct address_set *set);
