#pragma once

#include "base/buf.h"
#include "measure/shard_record.h"

/* How those that share a load stand, beside the event `figures` of each interval (`--figures`), for whoever shows a run
 * while it lasts:
 *
 *   shards    {event, at_ns, shards[]}: as the result has them, and as far as they have come
 *
 * One line, with its "\n"; false: the buffer's ceiling was reached and nothing was appended. */
bool shards_event_encode(struct buf *into, const struct shard_records *shards, int64_t at_ns);
