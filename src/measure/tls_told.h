#pragma once

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "measure/json_read.h"

/* What came of TLS, in an interval or a whole run; and what failures said that their rows cannot: one example of each,
 * the first. Each text is of one line. */

#define FAILURE_WORDS_MAX 160
#define TLS_SPOKEN_MAX 96

struct tls_told {
	uint64_t full, resumed;      /* handshakes that succeeded */
	char spoken[TLS_SPOKEN_MAX]; /* what the first of them agreed upon: "TLSv1.3, TLS_AES_256_GCM_SHA384, http/1.1"
				      */
	char words[FAILURE_COUNT][FAILURE_WORDS_MAX]; /* "": none, or it has nothing to say */
};

/* The text of whichever was first stays. */
void tls_told_words(struct tls_told *told, enum failure failure, const char *words);
void tls_told_merge(struct tls_told *into, const struct tls_told *from);

/* For the event stream: `tls`, {full, resumed, spoken}, where there was a handshake, and `words`, {CLASS: text}. */
void tls_told_encode(struct buf *into, const struct tls_told *told);
void tls_told_read(struct json_reader *r, const cJSON *tree, struct tls_told *into);
