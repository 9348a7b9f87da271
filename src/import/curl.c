#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/file.h"
#include "import/address.h"
#include "import/draft.h"
#include "import/literal.h"
#include "import/shell.h"

#define DATA_CEILING ((size_t)16 * 1024 * 1024)
#define URLS_MAX 64 /* of one command */

enum action {
	USER_AGENT,
	COOKIE,
	DATA,
	DATA_BINARY,
	DATA_RAW,
	DATA_URLENCODE,
	REFERER,
	FORM,
	GET,
	GLOB_OFF,
	HEADER,
	HEAD,
	JSON,
	INSECURE,
	COMPRESSED,
	BEARER,
	URL,
	URL_QUERY,
	USER,
	UPLOAD,
	METHOD,
	NEXT,
	RANGE,
	OUTPUT,
	NOT_TAKEN
};

static const struct option_row {
	char letter;
	const char *name;
	bool takes_value;
	enum action action;
} options[] = {
#define CURL(letter, name, takes_value, action) {letter, name, takes_value, action},
#include "import/curl_options.def"
#undef CURL
};

/* What the options said so far of one transfer, or of several that differ in their URLs alone. */
struct transfer {
	struct draft *draft;
	struct draft_request request;
	const char *urls[URLS_MAX];
	size_t urls_n;
	struct buf data, query; /* in the form of literal.h */
	bool has_data, is_json, is_get, is_head, is_upload, is_glob_off, is_insecure;
	const char *method, *upload, *user;
	const char *problem; /* why it cannot be taken over; NULL: it can */
};

static void
transfer_begin(struct transfer *t, struct draft *draft, size_t line)
{
	*t = (struct transfer){.draft = draft, .request = {.place = line}};
	buf_init(&t->data, DATA_CEILING);
	buf_init(&t->query, DATA_CEILING);
}

static void
transfer_fini(struct transfer *t)
{
	buf_fini(&t->data);
	buf_fini(&t->query);
}

static void
fail(struct transfer *t, const char *problem)
{
	if (t->problem == NULL)
		t->problem = problem;
}

/* A file that a command names, from where brunt runs: malloc'ed; NULL: it cannot be read. */
static char *
read_data_file(struct transfer *t, const char *name, size_t *length)
{
	struct error err = {0};
	char *bytes = NULL;

	if (strcmp(name, "-") == 0)
		fail(t, "its body comes from stdin, '@-'; write it into a file");
	else if (literal_has_reference(name))
		fail(t, "the name of its body's file holds a variable");
	else {
		bytes = file_read(name, DATA_CEILING, length, &err);
		if (bytes == NULL)
			fail(t, arena_printf(&t->draft->arena, "its body: %s", err.message));
	}
	return bytes;
}

/* As curl sends a file's text: without its line ends. */
static void
add_without_line_ends(struct buf *into, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\0')
			literal_add(into, &bytes[i], 1);
}

static void
add_data(struct transfer *t, enum action action, const char *value)
{
	size_t length = 0;
	char *bytes = value[0] == '@' && action != DATA_RAW ? read_data_file(t, value + 1, &length) : NULL;

	if (t->has_data && !(action == JSON && t->is_json))
		buf_add_char(&t->data, '&');
	t->has_data = true;
	t->is_json = t->is_json || action == JSON;
	if (bytes == NULL)
		buf_add_text(&t->data, value);
	else if (action == DATA)
		add_without_line_ends(&t->data, bytes, length);
	else
		literal_add(&t->data, bytes, length);
	free(bytes);
}

/* NAME=CONTENT, =CONTENT, CONTENT, @FILE or NAME@FILE: the content is encoded, the name is not. */
static void
add_encoded(struct transfer *t, struct buf *into, const char *value)
{
	size_t name = strcspn(value, "=@"), length = 0;
	const char *content = value[name] == '\0' ? value : value + name + 1;
	char *bytes = NULL;

	if (into->length > 0)
		buf_add_char(into, '&');
	if (value[name] == '@') {
		bytes = read_data_file(t, content, &length);
		content = bytes != NULL ? literal_copy(&t->draft->arena, bytes, length) : "";
	}
	if (value[name] != '\0' && name > 0)
		buf_printf(into, "%.*s=", (int)name, value);
	address_add_form(into, content, strlen(content));
	free(bytes);
}

/* "Name: value"; "Name;" has no value; "Name:" takes back what curl would send by itself, which brunt does not. */
static void
add_header(struct transfer *t, const char *line)
{
	size_t name = strcspn(line, ":;");
	const char *value = line[name] == '\0' ? "" : line + name + 1 + strspn(line + name + 1, " \t");
	size_t length = strlen(value);

	while (length > 0 && strchr("\r\n", value[length - 1]) != NULL)
		length--;
	if (line[0] == '@')
		draft_change(t->draft, t->request.place,
			"-H %.80s: headers out of a file are left out; write them here", line);
	else if (line[name] == '\0')
		draft_change(t->draft, t->request.place, "-H '%.80s' is no header", line);
	else if (length > 0 || line[name] == ';')
		draft_add_header(t->draft, &t->request, arena_strndup(&t->draft->arena, line, name),
			arena_strndup(&t->draft->arena, value, length));
}

static void
add_url(struct transfer *t, const char *url)
{
	if (t->urls_n < URLS_MAX)
		t->urls[t->urls_n++] = url;
	else
		draft_leave_out(t->draft, t->request.place, "'%.200s' is left out: more than %d URLs in one command",
			url, URLS_MAX);
}

static void
set_referer(struct transfer *t, const char *value)
{
	const char *automatic = strstr(value, ";auto");
	size_t length = automatic != NULL ? (size_t)(automatic - value) : strlen(value);

	if (length > 0)
		draft_set_header(t->draft, &t->request, "Referer", arena_strndup(&t->draft->arena, value, length));
}

static void
set_cookie(struct transfer *t, const char *value)
{
	if (strchr(value, '=') == NULL)
		draft_change(t->draft, t->request.place,
			"-b %.80s: cookies out of a file are left out; write them here, -b 'name=value'", value);
	else
		draft_add_header(t->draft, &t->request, "Cookie", value);
}

static void
take_option(struct transfer *t, const struct option_row *row, const char *value)
{
	struct draft *draft = t->draft;

	switch (row->action) {
	case USER_AGENT: draft_set_header(draft, &t->request, "User-Agent", value); break;
	case COOKIE: set_cookie(t, value); break;
	case DATA:
	case DATA_BINARY:
	case DATA_RAW:
	case JSON: add_data(t, row->action, value); break;
	case DATA_URLENCODE:
		t->has_data = true;
		add_encoded(t, &t->data, value);
		break;
	case REFERER: set_referer(t, value); break;
	case FORM:
		fail(t, "-F sends multipart/form-data, whose parts a profile has no words for; write the body that "
			"`curl --trace-ascii -` shows into a file, and send it by --data-binary @FILE with its Content-Type");
		break;
	case GET: t->is_get = true; break;
	case GLOB_OFF: t->is_glob_off = true; break;
	case HEADER: add_header(t, value); break;
	case HEAD: t->is_head = true; break;
	case INSECURE: t->is_insecure = true; break;
	case COMPRESSED: draft_set_header(draft, &t->request, "Accept-Encoding", "deflate, gzip"); break;
	case BEARER:
		draft_set_header(draft, &t->request, "Authorization", arena_printf(&draft->arena, "Bearer %s", value));
		break;
	case URL: add_url(t, value); break;
	case URL_QUERY: add_encoded(t, &t->query, value); break;
	case USER: t->user = value; break;
	case UPLOAD:
		t->is_upload = true;
		t->upload = value;
		break;
	case METHOD: t->method = value; break;
	case RANGE:
		draft_set_header(draft, &t->request, "Range", arena_printf(&draft->arena, "bytes=%s", value));
		break;
	case NOT_TAKEN: draft_change(draft, t->request.place, "--%s is not taken over", row->name); break;
	case NEXT:
	case OUTPUT: break;
	}
}

/* A slash where there is none, and what -G and --url-query say. */
static const char *
add_query(struct draft *draft, const char *path, const struct buf *query)
{
	if (query->length == 0)
		return path;
	return address_encode_path(&draft->arena, arena_printf(&draft->arena, "%s%s%s", path,
							  strchr(path, '?') == NULL       ? "?"
							  : path[strlen(path) - 1] == '?' ? ""
											  : "&",
							  query->bytes));
}

static void
set_body(struct transfer *t, struct draft_request *request)
{
	struct draft *draft = t->draft;
	char *body = arena_alloc(&draft->arena, t->data.length + 1);

	if (t->data.length > 0)
		memcpy(body, t->data.bytes, t->data.length);
	request->body = body;
	request->body_length = t->data.length;
	if (draft_header(request, "Content-Type") == NULL && !t->is_upload)
		draft_set_header(draft, request, "Content-Type",
			t->is_json ? "application/json" : "application/x-www-form-urlencoded");
	if (t->is_json && draft_header(request, "Accept") == NULL)
		draft_set_header(draft, request, "Accept", "application/json");
}

static bool
has_pattern(const char *url)
{
	for (const char *p = url; *p != '\0'; p++) {
		if (strncmp(p, "${", 2) == 0 && strchr(p, '}') != NULL)
			p = strchr(p, '}');
		else if (*p == '{' || (*p == '[' && (p == url || strncmp(p - 1, "/[", 2) != 0)))
			return true;
	}
	return false;
}

static void
add_transfer(struct transfer *t, const char *url)
{
	struct draft *draft = t->draft;
	struct draft_request request = t->request;

	if (!t->is_glob_off && has_pattern(url)) {
		draft_leave_out(draft, request.place,
			"'%.200s' is left out: a pattern {…} or […] stands for many URLs; write each, or give curl -g",
			url);
		return;
	}
	if (strstr(url, "://") == NULL && strncmp(url, "${", 2) != 0)
		url = arena_printf(&draft->arena, "http://%s", url);
	if (!draft_set_url(draft, &request, url))
		return;
	if (t->user != NULL && draft_header(&t->request, "Authorization") == NULL)
		draft_set_user(draft, &request, t->user);
	request.path = add_query(draft, request.path, &t->query);
	bool has_body = (t->has_data && !t->is_get) || t->is_upload;

	if (t->has_data && t->is_get)
		request.path = add_query(draft, request.path, &t->data);
	if (t->is_upload && request.path[strlen(request.path) - 1] == '/') {
		const char *slash = strrchr(t->upload, '/');

		request.path = address_encode_path(&draft->arena,
			arena_printf(&draft->arena, "%s%s", request.path, slash != NULL ? slash + 1 : t->upload));
	}
	if (has_body)
		set_body(t, &request);
	request.method = t->method != NULL ? t->method
			 : t->is_upload    ? "PUT"
			 : t->is_head      ? "HEAD"
			 : has_body        ? "POST"
					   : "GET";
	draft->is_insecure = draft->is_insecure || t->is_insecure;
	draft_add(draft, &request, 0);
}

static void
transfer_end(struct transfer *t)
{
	if (t->is_upload && t->problem == NULL) {
		size_t length = 0;
		char *bytes = read_data_file(t, t->upload, &length);

		buf_clear(&t->data);
		literal_add(&t->data, bytes != NULL ? bytes : "", length);
		free(bytes);
	}
	if (t->problem == NULL && (t->data.overflowed || t->query.overflowed))
		fail(t, "its body is larger than 16 MiB");
	if (t->problem == NULL && t->urls_n == 0)
		fail(t, "there is no URL in it");
	if (t->problem != NULL)
		draft_leave_out(t->draft, t->request.place, "this command is left out: %s", t->problem);
	for (size_t i = 0; i < t->urls_n && t->problem == NULL; i++)
		add_transfer(t, t->urls[i]);
	transfer_fini(t);
}

static const struct option_row *
option_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static const struct option_row *
option_by_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* --no-NAME switches a flag off that nobody switched on. */
static bool
is_negated(const char *word)
{
	const struct option_row *row = strncmp(word, "--no-", 5) == 0 ? option_by_name(word + 5) : NULL;

	return row != NULL && !row->takes_value;
}

static void
take(struct transfer *t, const struct option_row *row, const char *value)
{
	if (row->action == NEXT) {
		struct draft *draft = t->draft;
		size_t line = t->request.place;

		transfer_end(t);
		transfer_begin(t, draft, line);
		return;
	}
	take_option(t, row, value);
}

/* "-sSXPOST": flags, and at last one whose value is the rest of the word or the next one. */
static void
take_letters(struct transfer *t, const struct shell_command *command, size_t *i)
{
	const char *word = command->words[*i];

	for (const char *p = word + 1; *p != '\0'; p++) {
		const struct option_row *row = option_by_letter(*p);

		if (row == NULL) {
			fail(t, arena_printf(&t->draft->arena,
					"nobody here knows its option '-%c', nor whether a value follows it", *p));
			return;
		}
		if (!row->takes_value) {
			take(t, row, NULL);
			continue;
		}
		if (p[1] == '\0' && *i + 1 == command->words_n)
			fail(t, arena_printf(&t->draft->arena, "-%c wants a value", *p));
		else
			take(t, row, p[1] != '\0' ? p + 1 : command->words[++*i]);
		return;
	}
}

static void
take_long(struct transfer *t, const struct shell_command *command, size_t *i)
{
	const char *word = command->words[*i];
	const struct option_row *row = option_by_name(word + 2);

	if (row == NULL && !is_negated(word))
		fail(t, arena_printf(&t->draft->arena,
				"nobody here knows its option '%.60s', nor whether a value follows it", word));
	else if (row != NULL && row->takes_value && *i + 1 == command->words_n)
		fail(t, arena_printf(&t->draft->arena, "%s wants a value", word));
	else if (row != NULL)
		take(t, row, row->takes_value ? command->words[++*i] : NULL);
}

static bool
is_curl(const char *word)
{
	const char *slash = strrchr(word, '/');

	word = slash != NULL ? slash + 1 : word;
	return strcmp(word, "curl") == 0 || strcmp(word, "curl.exe") == 0;
}

static void
read_command(struct draft *draft, const struct shell_command *command)
{
	struct transfer t;
	size_t i = strcmp(command->words[0], "$") == 0 && command->words_n > 1
			   ? 1
			   : 0; /* a prompt, as documentation has it */

	if (!is_curl(command->words[i])) {
		draft_change(draft, command->line, "'%.60s' is no command of curl", command->words[i]);
		return;
	}
	draft->seen++;
	transfer_begin(&t, draft, command->line);
	if (command->problem != NULL)
		fail(&t, command->problem);
	for (i++; i < command->words_n && t.problem == NULL; i++) {
		const char *word = command->words[i];

		if (strncmp(word, "--", 2) == 0 && word[2] != '\0')
			take_long(&t, command, &i);
		else if (word[0] == '-' && word[1] != '\0')
			take_letters(&t, command, &i);
		else
			add_url(&t, word);
	}
	transfer_end(&t);
}

static bool
curl_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	struct shell_command *command = must_alloc(sizeof(*command));
	struct shell shell;

	shell_init(&shell, &draft->arena, text, length);
	while (shell_next(&shell, command))
		read_command(draft, command);
	free(command);
	return draft->seen > 0 ||
	       error_set(err, "there is no command of curl in it; write: curl -H 'Accept: text/html' URL");
}

const struct importer curl_importer = {
	.name = "curl",
	.help = "command lines of curl, as browsers and documentation have them",
	.origin = "command lines of curl",
	.place = "line",
	.modes = IMPORT_AS_FLOW,
	.read = curl_read,
};
