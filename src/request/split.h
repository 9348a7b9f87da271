#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/* Which side of a split an arrival belongs to: its key is filled in, hashed, and so has a place in [0, 1), which is the
 * key's own for ever. Places below the share are the candidate's: raising the share moves keys to it and none away, and
 * whoever knows the key can say where it goes, without a table of what went where. */
struct split;
struct feeds;

#define SPLIT_KEY_MAX ((size_t)65536)

/* NULL without err set: the plan splits nothing; with err set: its key tells no requests apart, or is not written
 * right. The feeds must outlive it. */
struct split *split_new(const struct plan *plan, struct feeds *feeds, struct error *err);
void split_free(struct split *split);

/* FNV-1a, 64 bits (Fowler, Noll, Vo), whose low bits are better mixed than its high ones, through SplitMix64's
 * finaliser (base/rng.h); then its upper 53 bits as a fraction. */
double split_place(const char *key, size_t length);

static inline bool
split_is_candidate(double place, double share)
{
	return place < share;
}

/* The key of the k-th arrival of a scenario, whose seed this is: the bytes stay the split's until the next call. */
const char *split_key(struct split *split, uint64_t seed, uint64_t k, size_t *length);

/* Whether that arrival is sent by the side that this run is. */
bool split_takes(struct split *split, uint64_t seed, uint64_t k);
