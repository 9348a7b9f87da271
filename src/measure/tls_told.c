#include "measure/tls_told.h"

#include <stdio.h>

#include "measure/json.h"

void
tls_told_words(struct tls_told *told, enum failure failure, const char *words)
{
	if (told->words[failure][0] == '\0')
		snprintf(told->words[failure], FAILURE_WORDS_MAX, "%s", words);
}

void
tls_told_merge(struct tls_told *into, const struct tls_told *from)
{
	into->full += from->full;
	into->resumed += from->resumed;
	if (into->spoken[0] == '\0')
		snprintf(into->spoken, TLS_SPOKEN_MAX, "%s", from->spoken);
	for (int f = 0; f < FAILURE_COUNT; f++)
		tls_told_words(into, (enum failure)f, from->words[f]);
}

void
tls_told_encode(struct buf *into, const struct tls_told *told)
{
	bool has_words = false;

	if (told->full + told->resumed > 0) {
		json_open(into, "tls", '{');
		json_add_u64(into, "full", told->full);
		json_add_u64(into, "resumed", told->resumed);
		json_add_text(into, "spoken", told->spoken);
		json_close(into, '}');
	}
	for (int f = 0; f < FAILURE_COUNT; f++) {
		if (told->words[f][0] == '\0')
			continue;
		if (!has_words)
			json_open(into, "words", '{');
		has_words = true;
		json_add_text(into, failure_rows[f].counter, told->words[f]);
	}
	if (has_words)
		json_close(into, '}');
}

void
tls_told_read(struct json_reader *r, const cJSON *tree, struct tls_told *into)
{
	const cJSON *tls = json_object(r, tree, "tls"), *words = json_object(r, tree, "words");

	if (tls != NULL) {
		json_read_u64(r, tls, "full", UINT64_MAX, &into->full);
		json_read_u64(r, tls, "resumed", UINT64_MAX, &into->resumed);
		json_read_text(r, tls, "spoken", into->spoken, TLS_SPOKEN_MAX);
	}
	for (int f = 0; f < FAILURE_COUNT && words != NULL; f++)
		json_read_text(r, words, failure_rows[f].counter, into->words[f], FAILURE_WORDS_MAX);
}
