#pragma once

#include "target/llm_dialect.h"

/* What OpenAI's APIs have in common. */
bool openai_read_options(const cJSON *body, struct ask *ask, struct error *err);
void openai_add_usage(const struct answer *answer, struct buf *into); /* the object, as `"usage":{…}` */
void openai_fail(const struct answer *answer, const char *message, struct buf *into);
void openai_refuse(int status, const char *message, struct buf *into);
const char *openai_finish_text(enum finish finish);

/* An event's end after its choices: usage where asked for, the closing brace, the empty line. */
void openai_end_event(const struct answer *answer, struct buf *into);

/* After the last token's event and its finish: a chunk of usage alone if asked for, and the terminator. */
void openai_end_stream(const struct answer *answer, const char *object, struct buf *into);
