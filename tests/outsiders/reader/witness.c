/* What brunt's readers make of bytes, for outsiders to judge.
 *
 *   witness json                  stdin: documents, each as its length on a line and then its bytes;
 *                                 stdout: 1 or 0 for each, a line
 *   witness wanted                the same documents; stdout: what json_scan found of WANTED in each, a line as JSON
 *   witness sse STEP…|ndjson STEP…  stdin: one body; given in pieces of these sizes, over and over;
 *                                 stdout: each event as three lines, type, id and data in hexadecimal, then "end" or
 * "cut" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "reader/framing.h"
#include "reader/json_scan.h"
#include "reader/reader.h"

#define INPUT_MAX ((size_t)64 * 1024 * 1024)

static const struct json_want inner[] = {
	JSON_WANT("b", 2),
	JSON_WANTS_END,
};
static const struct json_want wanted[] = {
	JSON_WANT("a", 1),
	JSON_WANT_IN("in", 0, inner),
	JSON_WANTS_END,
};

static void
read_all(struct buf *into)
{
	char piece[65536];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		CHECK(buf_add(into, piece, n));
}

static void
print_found(void *context, unsigned meaning, const struct json_value *value)
{
	bool *is_first = context;

	printf("%s[%u,", *is_first ? "" : ",", meaning);
	*is_first = false;
	if (value->type == JSON_STRING)
		printf("\"%.*s\"]", (int)value->length, value->text);
	else
		printf("%.*s]", value->text != NULL ? (int)value->length : 2, value->text != NULL ? value->text : "{}");
}

static void
find_nothing(void *context, unsigned meaning, const struct json_value *value)
{
	(void)context;
	(void)meaning;
	(void)value;
}

/* A copy of its very size lets the sanitizer see every byte read beyond it. */
static void
judge_document(const char *text, size_t length, bool is_telling)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool is_first = true;

	CHECK(copy != NULL);
	memcpy(copy, text, length);
	if (!is_telling) {
		printf("%d\n", json_scan(copy, length, wanted, find_nothing, NULL));
	} else {
		printf("[");
		json_scan(copy, length, wanted, print_found, &is_first);
		printf("]\n");
	}
	free(copy);
}

static void
judge_documents(const struct buf *input, bool is_telling)
{
	const char *at = input->bytes, *end = input->bytes + input->length;

	while (at < end) {
		char *after;
		size_t length = strtoull(at, &after, 10);

		CHECK(*after == '\n' && length <= (size_t)(end - after - 1));
		judge_document(after + 1, length, is_telling);
		at = after + 1 + length;
	}
}

static void
print_hex(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
	printf("\n");
}

static void
give(struct framing *framing, const char *bytes, size_t length)
{
	char *piece = malloc(length);
	struct framing_event event;

	CHECK(piece != NULL);
	memcpy(piece, bytes, length);
	framing_give(framing, piece, length);
	while (framing->ops->take(framing, &event)) {
		print_hex(event.type, event.type_length);
		print_hex(event.id, event.id_length);
		print_hex(event.data, event.length);
	}
	free(piece);
}

static void
judge_body(const struct buf *input, const struct framing_ops *ops, char **steps)
{
	struct framing framing;
	struct buf scratch;

	buf_init(&scratch, READER_SCRATCH_MAX);
	framing_init(&framing, ops, &scratch);
	for (size_t at = 0, i = 0; at < input->length; i = steps[i + 1] != NULL ? i + 1 : 0) {
		size_t step = strtoull(steps[i], NULL, 10);

		if (step > input->length - at)
			step = input->length - at;
		CHECK(step > 0);
		give(&framing, input->bytes + at, step);
		at += step;
	}
	printf("%s\n", framing.is_too_large ? "too large" : ops->is_between(&framing) ? "end" : "cut");
	buf_fini(&scratch);
}

int
main(int argc, char **argv)
{
	struct buf input;

	buf_init(&input, INPUT_MAX);
	read_all(&input);
	if (argc == 2 && (strcmp(argv[1], "json") == 0 || strcmp(argv[1], "wanted") == 0))
		judge_documents(&input, argv[1][0] == 'w');
	else if (argc > 2 && strcmp(argv[1], "sse") == 0)
		judge_body(&input, &sse_framing, argv + 2);
	else if (argc > 2 && strcmp(argv[1], "ndjson") == 0)
		judge_body(&input, &ndjson_framing, argv + 2);
	else
		return fprintf(stderr, "usage: witness json|wanted|sse STEP...|ndjson STEP...\n"), 2;
	buf_fini(&input);
	return 0;
}
