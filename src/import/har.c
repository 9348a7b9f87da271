#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/check.h"
#include "base/units.h"
#include "import/address.h"
#include "import/document.h"
#include "import/draft.h"
#include "import/literal.h"
#include "import/moment.h"

/* What a browser recorded of its requests: HTTP Archive 1.2 (Jan Odvarko's specification), with what Chromium adds
 * behind '_'. */

#define FORM_CEILING ((size_t)16 * 1024 * 1024)
#define COOKIES_MAX 256

struct recording {
	struct draft *draft;
	size_t entry;                     /* from 1 */
	const char *cookies[COOKIES_MAX]; /* names that the server has set so far */
	size_t cookies_n;
	int64_t ended_ns; /* the entry before; INT64_MIN: there is none */
};

static bool
begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

static bool
is_asset(const cJSON *entry)
{
	static const char *const kinds[] = {"image", "font", "stylesheet", "script", "media", "texttrack", "manifest"};
	static const char *const types[] = {"image/", "font/", "audio/", "video/", "text/css", "text/javascript",
		"application/javascript", "application/x-javascript", "application/wasm", "application/font"};
	const char *kind = document_text(entry, "_resourceType");
	const char *type = document_text(document_object(document_object(entry, "response"), "content"), "mimeType");

	for (size_t i = 0; kind != NULL && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	for (size_t i = 0; type != NULL && i < ARRAY_LEN(types); i++)
		if (begins(type, types[i]))
			return true;
	return false;
}

/* Why the server never saw it, or will not see the like; NULL: it did. */
static const char *
why_not(const struct draft *draft, const cJSON *entry)
{
	const cJSON *response = document_object(entry, "response");

	if (draft_has(draft, IMPORT_NO_ASSETS) && is_asset(entry))
		return "as --no-assets says: an image, font, style, script or medium";
	if (document_text(entry, "_fromCache") != NULL)
		return "it came from the browser's cache";
	if (document_array(entry, "_webSocketMessages") != NULL)
		return "it became a WebSocket";
	if (response != NULL && document_number(response, "status", 0) == 0)
		return "it was never answered";
	return NULL;
}

static const char *
literal_of(struct draft *draft, const char *text)
{
	return literal_copy(&draft->arena, text, strlen(text));
}

static bool
was_set(const struct recording *recording, const char *name, size_t length)
{
	for (size_t i = 0; i < recording->cookies_n; i++)
		if (strlen(recording->cookies[i]) == length && memcmp(recording->cookies[i], name, length) == 0)
			return true;
	return false;
}

/* The session keeps its cookies itself, so that no header may: what the browser had from before is left out. */
static void
leave_out_cookies(struct recording *recording, const char *value)
{
	for (const char *p = value + strspn(value, "; "); *p != '\0'; p += strcspn(p, ";"), p += strspn(p, "; ")) {
		size_t length = strcspn(p, "=;");

		if (!was_set(recording, p, length))
			draft_change(recording->draft, recording->entry,
				"the cookie '%.*s' is from before the recording, and left out: the session has those alone that the "
				"server sets",
				(int)(length < 60 ? length : 60), p);
	}
}

/* Some recorders write down both what a page asked for and what went over the wire (chrome-har), and so most fields
 * twice. */
static bool
is_said_before(const cJSON *headers, const cJSON *header, const char *name, const char *value)
{
	const cJSON *earlier;

	cJSON_ArrayForEach(earlier, headers)
	{
		const char *other = document_text(earlier, "name"), *its = document_text(earlier, "value");

		if (earlier == header)
			return false;
		if (other != NULL && its != NULL && strcasecmp(other, name) == 0 && strcmp(its, value) == 0)
			return true;
	}
	return false;
}

static void
add_headers(struct recording *recording, struct draft_request *request, const cJSON *headers)
{
	struct draft *draft = recording->draft;
	const cJSON *header;

	cJSON_ArrayForEach(header, headers)
	{
		const char *name = document_text(header, "name"), *value = document_text(header, "value");

		if (name != NULL && value != NULL && is_said_before(headers, header, name, value))
			continue;

		if (name == NULL || value == NULL) {
			draft_change(draft, recording->entry, "a header without a name or value is left out");
			continue;
		}
		if (draft->keeps_cookies && strcasecmp(name, "Cookie") == 0)
			leave_out_cookies(recording, value);
		else
			draft_add_header(draft, request, name, literal_of(draft, value));
	}
}

/* For the entries after this one. */
static void
note_cookies(struct recording *recording, const cJSON *entry)
{
	struct draft *draft = recording->draft;
	const cJSON *header;

	cJSON_ArrayForEach(header, document_array(document_object(entry, "response"), "headers"))
	{
		const char *name = document_text(header, "name"), *value = document_text(header, "value");

		if (name == NULL || value == NULL || strcasecmp(name, "Set-Cookie") != 0)
			continue;
		for (const char *line = value; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
			if (recording->cookies_n < COOKIES_MAX)
				recording->cookies[recording->cookies_n++] =
					arena_strndup(&draft->arena, line, strcspn(line, "=;\n"));
	}
}

/* params: [{name, value}] → a=1&b=2. False: it holds a file. */
static bool
add_params(struct draft *draft, struct draft_request *request, const cJSON *params)
{
	const cJSON *param;
	struct buf form;
	bool is_form = true;

	buf_init(&form, FORM_CEILING);
	cJSON_ArrayForEach(param, params)
	{
		const char *name = document_text(param, "name"), *value = document_text(param, "value");

		is_form = is_form && document_text(param, "fileName") == NULL && name != NULL;
		if (!is_form)
			break;
		if (form.length > 0)
			buf_add_char(&form, '&');
		name = literal_of(draft, name);
		value = literal_of(draft, value != NULL ? value : "");
		address_add_form(&form, name, strlen(name));
		buf_add_char(&form, '=');
		address_add_form(&form, value, strlen(value));
	}
	request->body = arena_strndup(&draft->arena, form.length > 0 ? form.bytes : "", form.length);
	request->body_length = form.length;
	buf_fini(&form);
	return is_form;
}

static bool
is_json(const char *type)
{
	return type != NULL && (begins(type, "application/json") || strstr(type, "+json") != NULL);
}

/* An object's members as params, as chrome-har has them: their values as JSON has them. */
static void
set_json(struct draft *draft, struct draft_request *request, const cJSON *params)
{
	cJSON *object = cJSON_CreateObject();
	const cJSON *param;

	cJSON_ArrayForEach(param, params)
	{
		cJSON *value = cJSON_GetObjectItemCaseSensitive(param, "value");

		if (document_text(param, "name") != NULL)
			cJSON_AddItemToObject(object, document_text(param, "name"),
				value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
	}
	char *text = cJSON_PrintUnformatted(object);

	CHECK(text != NULL);
	request->body = arena_strdup(&draft->arena, text);
	request->body_length = strlen(text);
	request->body_is_plain = true;
	free(text);
	cJSON_Delete(object);
}

/* Instead of a text. False: it holds a file. */
static bool
set_params(struct draft *draft, struct draft_request *request, const char *type, const cJSON *params)
{
	if (!is_json(type))
		return add_params(draft, request, params);
	if (cJSON_GetArraySize(params) > 0)
		set_json(draft, request, params);
	return true;
}

/* False: it was not recorded as it was sent, and the entry is left out. */
static bool
set_body(struct recording *recording, struct draft_request *request, const cJSON *post)
{
	struct draft *draft = recording->draft;
	const char *text = document_text(post, "text"), *type = document_text(post, "mimeType");
	const char *encoding = document_text(post, "encoding");

	if (post == NULL)
		return true;
	if (type != NULL && type[0] != '\0' && draft_header(request, "Content-Type") == NULL)
		draft_add_header(draft, request, "Content-Type", literal_of(draft, type));
	if (text == NULL || (text[0] == '\0' && document_array(post, "params") != NULL)) {
		if (set_params(draft, request, type, document_array(post, "params")))
			return true;
		draft_leave_out(draft, recording->entry, "left out: it sends a file, which was not recorded");
		return false;
	}
	request->body = arena_strdup(&draft->arena, text);
	request->body_length = strlen(text);
	request->body_is_plain = true;
	if (encoding != NULL && strcasecmp(encoding, "base64") == 0) {
		uint8_t *bytes = base64_decode(text, strlen(text), &request->body_length);
		char *body = bytes != NULL ? arena_alloc(&draft->arena, request->body_length + 1) : NULL;

		if (bytes == NULL) {
			draft_leave_out(draft, recording->entry, "left out: its body is not in Base64");
			return false;
		}
		memcpy(body, bytes, request->body_length);
		request->body = body;
		free(bytes);
	} else if (strstr(text, "\xef\xbf\xbd") != NULL)
		draft_change(draft, recording->entry,
			"its body was no text, and the browser wrote U+FFFD for some of its bytes: it is not what was sent");
	return true;
}

/* How long after the entry before it, and when it ended itself. */
static void
set_times(struct recording *recording, const cJSON *entry, int64_t *began_ns)
{
	struct draft *draft = recording->draft;
	const char *started = document_text(entry, "startedDateTime");
	double took_ms = document_number(entry, "time", 0);

	if (started == NULL || !moment_read(started, began_ns)) {
		*began_ns = recording->ended_ns > INT64_MIN ? recording->ended_ns : 0;
		draft_change(
			draft, recording->entry, "it has no startedDateTime; taken as right after the one before it");
	}
	if (recording->ended_ns > INT64_MIN && *began_ns > recording->ended_ns && draft->n > 0)
		draft->taken[draft->n - 1].request->think_ns = *began_ns - recording->ended_ns;
	took_ms = took_ms > 0 && took_ms < 86400e3 ? took_ms : 0;
	recording->ended_ns = *began_ns + (int64_t)(took_ms * (double)NS_PER_MS);
}

static void
take_entry(struct recording *recording, const cJSON *entry)
{
	struct draft *draft = recording->draft;
	const cJSON *asked = document_object(entry, "request");
	const char *method = document_text(asked, "method"), *url = document_text(asked, "url");
	const char *reason = method == NULL || url == NULL ? "it has no method, or no url" : why_not(draft, entry);
	struct draft_request request = {.place = recording->entry};
	int64_t began_ns;

	if (reason != NULL) {
		draft_leave_out(draft, recording->entry, "left out: %s", reason);
		return;
	}
	request.method = arena_strdup(&draft->arena, method);
	if (!draft_set_url(draft, &request, literal_of(draft, url)))
		return;
	add_headers(recording, &request, document_array(asked, "headers"));
	if (!set_body(recording, &request, document_object(asked, "postData")))
		return;
	if (draft->options->host != NULL && !address_is_of(request.base, draft->options->host)) {
		draft_add(draft, &request, 0); /* counted there */
		return;
	}
	set_times(recording, entry, &began_ns);
	draft_add(draft, &request, began_ns);
	note_cookies(recording, entry);
}

static bool
sets_cookie(const cJSON *entries)
{
	const cJSON *entry, *header;

	cJSON_ArrayForEach(entry, entries)
	{
		cJSON_ArrayForEach(header, document_array(document_object(entry, "response"), "headers"))
		{
			const char *name = document_text(header, "name");

			if (name != NULL && strcasecmp(name, "Set-Cookie") == 0)
				return true;
		}
	}
	return false;
}

static bool
har_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	cJSON *tree = document_read_json(text, length, err);
	const cJSON *log = document_object(tree, "log"), *entries = document_array(log, "entries"), *entry;
	struct recording *recording = must_alloc(sizeof(*recording));

	recording->draft = draft;
	recording->ended_ns = INT64_MIN;
	draft->keeps_cookies = draft_has(draft, IMPORT_AS_FLOW) && sets_cookie(entries);
	if (tree != NULL && entries == NULL)
		error_set(err, "this is no HAR: it has no log.entries");
	cJSON_ArrayForEach(entry, entries)
	{
		recording->entry++;
		draft->seen++;
		take_entry(recording, entry);
	}
	const cJSON *page = cJSON_GetArrayItem(document_array(log, "pages"), 0);
	const char *title = document_text(page, "title");

	if (title != NULL && strstr(title, "://") == NULL)
		draft->title = arena_strdup(&draft->arena, title);
	free(recording);
	cJSON_Delete(tree);
	return !error_is_set(err);
}

const struct importer har_importer = {
	.name = "har",
	.help = "what a browser recorded (HTTP Archive): by weight, --as-flow or --as-trace",
	.origin = "a recording of a browser",
	.place = "entry",
	.modes = IMPORT_AS_FLOW | IMPORT_AS_TRACE | IMPORT_NO_ASSETS,
	.read = har_read,
};
