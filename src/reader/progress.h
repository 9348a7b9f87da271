#pragma once

#include "measure/generation.h"

/* What a reader notes of an answer that grows: struct generation as it becomes, and the gaps in it. Each call says what
 * one event brought; all that arrived in one read has the same time. */
struct progress {
	struct generation generation;
	int64_t gap_ns;          /* not asked for yet; −1: none */
	uint64_t counted_tokens; /* the server's own count so far; 0: it has said none */
	uint32_t counted_chunks; /* chunks that came with such a count */
	uint32_t chunks_since;   /* chunks since there was one */
};

void progress_init(struct progress *progress);
void progress_note_event(struct progress *progress, int64_t now_ns);
/* It brought text: of the answer itself, or of another channel. */
void progress_note_chunk(struct progress *progress, bool is_content, int64_t now_ns);
/* The server counts this many completion tokens up to and with the event. with_chunk: the event brought text too. 0
 * says nothing. */
void progress_note_count(struct progress *progress, uint64_t tokens, bool with_chunk);
int64_t progress_take_gap_ns(struct progress *progress);
