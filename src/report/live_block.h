#pragma once

#include "measure/shard_record.h"
#include "report/page.h"

/* What the live view says, apart from how it is drawn. */
struct live_state {
	const struct plan *plan;
	const struct summary *summary;
	int64_t planned_ns; /* 0: not known */
	const char *title;  /* of one run among several; NULL: there is no other */
	int64_t after_ns;   /* how long those after it take */
	int64_t now_ns;
	const char *phase;
	struct shard_records shards; /* those that share the load, as of now */
};

/* Lines of the block for a terminal, each ended by "\n", none wider than the page. */
void live_block_draw(const struct live_state *state, struct page *page);
/* The same in one plain line, without its "\n". */
void live_block_line(const struct live_state *state, struct buf *into);
