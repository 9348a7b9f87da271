#pragma once

#include "daemon/delivery.h"
#include "daemon/ledger.h"

/* What sinks are still to be told: kept in the ledger beside the alert, until it was told or given up. So an alert that
 * somebody was not told of when the daemon was killed is told by its next life; one that was told in the last moment
 * is told twice, by the same webhook-id. On the desk. */

bool owed_put(struct ledger *ledger, const struct notice *notice, const char *sink, struct error *err);
bool owed_settle(struct ledger *ledger, const char *sink, uint64_t number, enum alert_news news, struct error *err);

/* By number, what fired before what recovered. Lent until the callback returns. False from it: there is no such sink
 * any more, and it is forgotten, as is what cannot be read. */
typedef bool owed_fn(void *context, const char *sink, const struct notice *notice);
bool owed_list(struct ledger *ledger, owed_fn *each, void *context, struct error *err);
