#pragma once

#include "target/llm_dialect.h"

/* What Ollama's two APIs have in common: newline-delimited JSON, streamed unless told otherwise, durations in ns. */
bool ollama_read_options(const cJSON *body, struct ask *ask, struct error *err);
void ollama_add_frame(struct answer *answer);                       /* {"model":…,"created_at":…, */
void ollama_add_end(const struct answer *answer, struct buf *into); /* "done":true … } and the newline */
void ollama_fail(const struct answer *answer, const char *message, struct buf *into);
void ollama_refuse(int status, const char *message, struct buf *into);
