#include "reader/progress.h"

void
progress_init(struct progress *p)
{
	*p = (struct progress){.gap_ns = -1};
	generation_init(&p->generation);
}

/* The server's count, and one for each chunk that it has not counted yet: as long as there are any, the sum is a lower
 * bound. */
static void
count_tokens(struct progress *p)
{
	struct generation *g = &p->generation;

	g->completion_tokens = p->counted_tokens + p->chunks_since;
	if (p->counted_tokens > 0 && p->chunks_since == 0)
		g->basis = p->counted_chunks == g->chunks && g->chunks > 0 ? TOKENS_BY_CHUNK_USAGE : TOKENS_BY_USAGE;
	else
		g->basis = g->chunks > 0 ? TOKENS_BY_CHUNKS : TOKENS_UNKNOWN;
}

void
progress_note_event(struct progress *p, int64_t now_ns)
{
	p->generation.events++;
	if (p->generation.first_event_ns < 0)
		p->generation.first_event_ns = now_ns;
}

void
progress_note_chunk(struct progress *p, bool is_content, int64_t now_ns)
{
	struct generation *g = &p->generation;

	g->chunks++;
	p->chunks_since++;
	if (is_content && g->first_content_ns < 0)
		g->first_content_ns = now_ns;
	if (g->first_token_ns < 0) {
		g->first_token_ns = g->last_token_ns = now_ns;
	} else if (now_ns > g->last_token_ns) {
		p->gap_ns = now_ns - g->last_token_ns;
		g->last_token_ns = now_ns;
	} else {
		g->coalesced++;
	}
	count_tokens(p);
}

void
progress_note_count(struct progress *p, uint64_t tokens, bool with_chunk)
{
	if (tokens == 0)
		return;
	p->counted_tokens = tokens;
	p->counted_chunks += with_chunk;
	p->chunks_since = 0;
	count_tokens(p);
}

int64_t
progress_take_gap_ns(struct progress *p)
{
	int64_t gap_ns = p->gap_ns;

	p->gap_ns = -1;
	return gap_ns;
}
