#pragma once

#include "measure/interval.h"

/* Intervals added up: an interval is one process's account of a stretch of time, so that two can lie one after the
 * other or beside each other. Counts, histograms with their exact sums, and in_flight_ns add up alike in both; neither
 * order nor grouping matters, bit for bit. Both are added up (interval_add_up) before and after. Of an outline
 * (interval_new_outline) there is only what is left. False, and nothing is
 * changed: more levels at once than `into` has slots for. */

/* What the same process did next: peaks are the larger one, gauges are as of the later end. */
bool interval_extend(struct interval *into, const struct interval *later);

/* What another process, which has a share of the same load, did meanwhile: in flight, connections, users and the
 * backlog add up; so do the peaks of in flight, which need not have been at one moment: what they add up to is the most
 * that it can have been. `offered` is the whole load's in each of them. A level's window is the longest. Readings: see
 * gauge_row.across. */
bool interval_merge(struct interval *into, const struct interval *beside);

/* What adds up whoever's it is and whenever it was, and nothing else: what is left belongs into an outline. */
bool interval_add(struct interval *into, const struct interval *from);

/* Whether `into` has slots for all of its levels. */
bool interval_has_room(const struct interval *into, const struct interval *from);

/* The slot of a level, taken where it has none; NULL: no slot is free. */
struct interval_level *interval_level_of(struct interval *interval, uint32_t level);
