#include "engine/address_set.h"

#include "base/check.h"

static bool
slot_is_free(const struct address_slot *slot)
{
	return !slot->is_listed && slot->open_n == 0;
}

/* Its slot, or one that is free; NULL: none is. */
static struct address_slot *
find_slot(struct address_set *set, const struct address *address)
{
	struct address_slot *free_slot = NULL;

	for (size_t i = 0; i < set->n; i++) {
		if (address_equal(&set->slots[i].address, address))
			return &set->slots[i];
		if (free_slot == NULL && slot_is_free(&set->slots[i]))
			free_slot = &set->slots[i];
	}
	if (free_slot == NULL && set->n < ADDRESS_SLOTS_MAX)
		free_slot = &set->slots[set->n++];
	if (free_slot != NULL)
		*free_slot = (struct address_slot){.address = *address};
	return free_slot;
}

static bool
addresses_hold(const struct addresses *addresses, const struct address *address)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (address_equal(&addresses->list[i], address))
			return true;
	return false;
}

bool
address_set_list(struct address_set *set, const struct addresses *addresses)
{
	bool has_changed = false;

	for (size_t i = 0; i < set->n; i++) {
		struct address_slot *slot = &set->slots[i];
		bool is_listed = addresses_hold(addresses, &slot->address);

		has_changed |= slot->is_listed && !is_listed;
		slot->is_listed = slot->is_listed && is_listed;
	}
	for (size_t i = 0; i < addresses->n; i++) {
		struct address_slot *slot = find_slot(set, &addresses->list[i]);

		if (slot == NULL || slot->is_listed)
			continue;
		/* What comes back may be another server. */
		slot->is_dead = slot->has_connected = false;
		slot->is_listed = has_changed = true;
	}
	return has_changed;
}

size_t
address_set_pick(struct address_set *set)
{
	for (size_t tried = 0; tried < set->n; tried++) {
		size_t i = set->next++ % set->n;

		if (set->slots[i].is_listed && !set->slots[i].is_dead)
			return i;
	}
	return SIZE_MAX;
}

bool
address_set_is_dead(const struct address_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->slots[i].is_listed && !set->slots[i].is_dead)
			return false;
	return true;
}

void
address_set_revive(struct address_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		set->slots[i].is_dead = false;
}
