#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/check.h"
#include "base/file.h"
#include "import/document.h"
#include "import/draft.h"
#include "import/lines.h"
#include "import/literal.h"

/* Targets of vegeta in both of its formats (vegeta(1), -format): http, as
 *
 *     POST http://shop/orders
 *     Content-Type: application/json
 *     @order.json
 *
 * with an empty line before the next, and json, an object per line: {"method", "url", "header": {"Name": ["value"]},
 * "body" in Base64}. Which of them a file is, its first line says. */

#define BODY_CEILING ((size_t)16 * 1024 * 1024)

/* "@FILE": sent byte for byte. False: it cannot be read, and the target is left out. */
static bool
set_body_file(struct draft *draft, struct draft_request *request, const char *path)
{
	struct error err = {0};
	size_t length;
	char *bytes = file_read(path, BODY_CEILING, &length, &err);

	if (bytes == NULL) {
		draft_leave_out(draft, request->place, "this target is left out: its body: %s", err.message);
		return false;
	}
	char *body = arena_alloc(&draft->arena, length + 1);

	memcpy(body, bytes, length);
	free(bytes);
	request->body = body;
	request->body_length = length;
	request->body_is_plain = true;
	return true;
}

static void
add_header_line(struct draft *draft, struct draft_request *request, const struct lines *lines)
{
	const char *colon = memchr(lines->line, ':', lines->length);

	if (colon == NULL || memchr(lines->line, '\0', lines->length) != NULL) {
		draft_change(draft, lines->number, "'%.*s' is no header",
			(int)(lines->length < 80 ? lines->length : 80), lines->line);
		return;
	}
	size_t from = (size_t)(colon - lines->line) + 1;

	while (from < lines->length && (lines->line[from] == ' ' || lines->line[from] == '\t'))
		from++;
	draft_add_header(draft, request, arena_strndup(&draft->arena, lines->line, (size_t)(colon - lines->line)),
		literal_copy(&draft->arena, lines->line + from, lines->length - from));
}

/* "METHOD URL" and nothing else. */
static bool
begins_target(const struct lines *lines)
{
	const char *method, *url;
	size_t at = 0, method_length = lines_word(lines, &at, &method), url_length = lines_word(lines, &at, &url);

	return method_length > 0 && url_length > 0 && memchr(method, ':', method_length) == NULL && method[0] != '@' &&
	       memmem(url, url_length, "://", 3) != NULL;
}

static bool
read_target(struct draft *draft, struct draft_request *request, const struct lines *lines)
{
	const char *method, *url;
	size_t at = 0, method_length = lines_word(lines, &at, &method), url_length = lines_word(lines, &at, &url);

	draft->seen++;
	*request = (struct draft_request){.place = lines->number};
	if (memchr(lines->line, '\0', lines->length) != NULL) {
		draft_leave_out(draft, lines->number, "this target is left out: it holds a NUL byte");
		return false;
	}
	request->method = arena_strndup(&draft->arena, method, method_length);
	return draft_set_url(draft, request, literal_copy(&draft->arena, url, url_length));
}

static void
read_http(struct draft *draft, struct lines *lines)
{
	struct draft_request request = {0};
	bool has_target = false; /* under way */

	while (lines_next(lines)) {
		bool is_empty = lines->length == 0, begins = begins_target(lines);

		if (has_target && (is_empty || begins)) {
			draft_add(draft, &request, 0);
			has_target = false;
		}
		if (begins)
			has_target = read_target(draft, &request, lines);
		else if (lines_is_empty(lines))
			continue;
		else if (!has_target)
			draft_change(draft, lines->number, "this line belongs to no target");
		else if (lines->line[0] == '@')
			has_target = set_body_file(
				draft, &request, arena_strndup(&draft->arena, lines->line + 1, lines->length - 1));
		else
			add_header_line(draft, &request, lines);
	}
	if (has_target)
		draft_add(draft, &request, 0);
}

static void
add_json_headers(struct draft *draft, struct draft_request *request, const cJSON *headers)
{
	const cJSON *header, *value;

	cJSON_ArrayForEach(header, headers)
	{
		cJSON_ArrayForEach(value, header)
		{
			if (cJSON_IsString(value))
				draft_add_header(draft, request, header->string,
					literal_copy(&draft->arena, value->valuestring, strlen(value->valuestring)));
		}
	}
}

static bool
set_json_body(struct draft *draft, struct draft_request *request, const char *body)
{
	size_t length;
	uint8_t *bytes;

	if (body == NULL || body[0] == '\0')
		return true;
	bytes = base64_decode(body, strlen(body), &length);
	if (bytes == NULL) {
		draft_leave_out(draft, request->place, "this target is left out: its body is not in Base64");
		return false;
	}
	char *kept = arena_alloc(&draft->arena, length + 1);

	memcpy(kept, bytes, length);
	free(bytes);
	request->body = kept;
	request->body_length = length;
	request->body_is_plain = true;
	return true;
}

static void
read_json_line(struct draft *draft, const struct lines *lines)
{
	struct draft_request request = {.place = lines->number};
	struct error err = {0};
	cJSON *target = document_read_json(lines->line, lines->length, &err);
	const char *method = document_text(target, "method"), *url = document_text(target, "url");

	draft->seen++;
	if (target == NULL)
		draft_leave_out(draft, lines->number, "this line is left out: %s", strchr(err.message, ':') + 2);
	else if (method == NULL || url == NULL)
		draft_leave_out(draft, lines->number, "this target is left out: it has no method, or no url");
	else {
		request.method = arena_strdup(&draft->arena, method);
		add_json_headers(draft, &request, document_object(target, "header"));
		if (draft_set_url(draft, &request, literal_copy(&draft->arena, url, strlen(url))) &&
			set_json_body(draft, &request, document_text(target, "body")))
			draft_add(draft, &request, 0);
	}
	cJSON_Delete(target);
}

static bool
vegeta_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	struct lines lines = {.at = text, .end = text + length}, first = lines;

	while (lines_next(&first) && lines_is_empty(&first))
		;
	if (first.length > 0 && first.line[0] == '{') {
		while (lines_next(&lines))
			if (!lines_is_empty(&lines))
				read_json_line(draft, &lines);
	} else
		read_http(draft, &lines);
	return draft->seen > 0 || error_set(err, "there is no target in it; write: GET http://127.0.0.1:8080/items");
}

const struct importer vegeta_importer = {
	.name = "vegeta",
	.help = "targets of vegeta, in its format http or json",
	.origin = "targets of vegeta",
	.place = "line",
	.modes = IMPORT_AS_FLOW,
	.read = vegeta_read,
};
