#include <ctype.h>
#include <string.h>

#include "base/check.h"
#include "import/draft.h"
#include "import/lines.h"
#include "import/literal.h"

/* A request per line: "URL", "METHOD URL [BODY]", or as siege has it "URL METHOD [BODY]". # begins a comment. */

static bool
is_method(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isupper((unsigned char)word[i]))
			return false;
	return length >= 3 && length <= 16;
}

/* Whatever is left of the line. */
static void
set_body(struct draft *draft, struct draft_request *request, const struct lines *lines, size_t at)
{
	while (at < lines->length && (lines->line[at] == ' ' || lines->line[at] == '\t'))
		at++;
	if (at == lines->length)
		return;
	if (lines->line[at] == '<') {
		draft_change(draft, request->place, "a body out of a file ('<') is left out; write it into the line");
		return;
	}
	request->body = literal_copy(&draft->arena, lines->line + at, lines->length - at);
	request->body_length = strlen(request->body);
	draft_set_header(draft, request, "Content-Type",
		request->body[0] == '{' || request->body[0] == '[' ? "application/json"
								   : "application/x-www-form-urlencoded");
}

static void
read_line(struct draft *draft, const struct lines *lines)
{
	struct draft_request request = {.place = lines->number, .method = "GET"};
	const char *word, *second;
	size_t at = 0, length = lines_word(lines, &at, &word), after_first = at;
	size_t second_length = lines_word(lines, &at, &second);
	const char *url = word, *method = second;
	size_t url_length = length, method_length = second_length;

	draft->seen++;
	if (is_method(word, length)) {
		url = second;
		url_length = second_length;
		method = word;
		method_length = length;
	} else if (!is_method(second, second_length)) {
		method_length = 0;
		at = after_first;
	}
	if (memchr(lines->line, '\0', lines->length) != NULL) {
		draft_leave_out(draft, lines->number, "this line is left out: it holds a NUL byte");
		return;
	}
	if (method_length > 0)
		request.method = arena_strndup(&draft->arena, method, method_length);
	if (!draft_set_url(draft, &request, literal_copy(&draft->arena, url, url_length)))
		return;
	set_body(draft, &request, lines, at);
	draft_add(draft, &request, 0);
}

static bool
urls_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	struct lines lines = {.at = text, .end = text + length};

	while (lines_next(&lines))
		if (!lines_is_empty(&lines))
			read_line(draft, &lines);
	return draft->seen > 0 || error_set(err, "there is no line in it; write: GET http://127.0.0.1:8080/items");
}

const struct importer urls_importer = {
	.name = "urls",
	.help = "a line per request: URL, METHOD URL [BODY], or URL METHOD [BODY] as siege has it",
	.origin = "a list of URLs",
	.place = "line",
	.modes = IMPORT_AS_FLOW,
	.read = urls_read,
};
