#pragma once

#include "fleet/merger.h"

/* What merger.c (whose turn it is) and merger_accounts.c (what is kept of each shard) share; nobody else includes it.
 */

/* An interval of the shard's is taken. False: more levels at once than any recorder keeps. */
bool merger_note_levels(struct merger *merger, struct merger_shard *shard, const struct interval *interval);
/* It will end nothing any more: what it had under way goes into the run's interval as unfinished, or cancelled. */
void merger_pay_debts(struct merger *merger, struct merger_shard *shard);
