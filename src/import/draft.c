#include "import/draft.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "import/address.h"
#include "import/literal.h"
#include "import/yaml_text.h"
#include "base/base64.h"

#define USER_CEILING ((size_t)64 * 1024)

void
draft_init(struct draft *draft, const struct importer *importer, const struct import_options *options)
{
	*draft = (struct draft){.importer = importer, .options = options};
	arena_init(&draft->arena);
}

void
draft_fini(struct draft *draft)
{
	arena_fini(&draft->arena);
	free(draft->taken);
	free(draft->table);
	free(draft->arrivals);
}

bool
draft_has(const struct draft *draft, unsigned mode)
{
	return (draft->options->modes & mode) != 0;
}

static void
note(struct draft *draft, enum note_kind kind, size_t place, const char *format, va_list args)
{
	char text[600];

	vsnprintf(text, sizeof(text), format, args);
	notes_add(&draft->notes, &draft->arena, kind, place, text);
}

void
draft_leave_out(struct draft *draft, size_t place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(draft, NOTE_LEFT_OUT, place, format, args);
	va_end(args);
}

void
draft_change(struct draft *draft, size_t place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(draft, NOTE_CHANGED, place, format, args);
	va_end(args);
}

static struct draft_header *
find_header(const struct draft_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers_n; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return (struct draft_header *)&request->headers[i];
	return NULL;
}

const char *
draft_header(const struct draft_request *request, const char *name)
{
	const struct draft_header *header = find_header(request, name);

	return header != NULL ? header->value : NULL;
}

/* What follows from the connection, the body or the URL, and is written anew for each request. */
static bool
is_protocols_own(const char *name)
{
	static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
		"Proxy-Connection", "Upgrade", "TE", "Trailer", "HTTP2-Settings", "Expect"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return name[0] == ':'; /* RFC 9113 §8.3 */
}

/* RFC 9110 §5.6.2, §5.5 */
static const char *
header_problem(const char *name, const char *value)
{
	if (name[0] == '\0' || strlen(name) > 128)
		return "its name is empty, or longer than 128 bytes";
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return "its name holds what no header's name may";
	for (const char *p = value; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return "its value holds a line end or control character";
	return yaml_text_can_hold(value, strlen(value)) ? NULL : "its value is no UTF-8";
}

#define HEADERS_STEP 16

static void
grow_headers(struct draft *draft, struct draft_request *request)
{
	struct draft_header *more = arena_alloc(&draft->arena, (request->headers_n + HEADERS_STEP) * sizeof(*more));

	if (request->headers_n > 0)
		memcpy(more, request->headers, request->headers_n * sizeof(*more));
	request->headers = more;
}

void
draft_set_header(struct draft *draft, struct draft_request *request, const char *name, const char *value)
{
	struct draft_header *there = find_header(request, name);
	const char *problem = header_problem(name, value);

	if (problem != NULL)
		draft_change(draft, request->place, "the header '%.80s' is left out: %s", name, problem);
	else if (there != NULL)
		there->value = value;
	else if (request->headers_n < DRAFT_HEADERS_MAX) {
		if (request->headers_n % HEADERS_STEP == 0)
			grow_headers(draft, request);
		request->headers[request->headers_n++] = (struct draft_header){name, value};
	} else
		draft_change(
			draft, request->place, "more than %d headers; '%.80s' is left out", DRAFT_HEADERS_MAX, name);
}

void
draft_add_header(struct draft *draft, struct draft_request *request, const char *name, const char *value)
{
	const struct draft_header *there = find_header(request, name);

	if (is_protocols_own(name))
		return;
	name = arena_strdup(&draft->arena, name);
	if (there == NULL)
		value = arena_strdup(&draft->arena, value);
	else
		value = arena_printf(
			&draft->arena, "%s%s%s", there->value, strcasecmp(name, "Cookie") == 0 ? "; " : ", ", value);
	draft_set_header(draft, request, name, value);
}

void
draft_set_user(struct draft *draft, struct draft_request *request, const char *user)
{
	const char *pair = strchr(user, ':') != NULL ? user : arena_printf(&draft->arena, "%s:", user);

	if (literal_has_reference(pair)) {
		draft_change(draft, request->place,
			"a user name or password out of a variable cannot be encoded here; write the header Authorization");
		return;
	}
	struct buf plain;

	buf_init(&plain, USER_CEILING);
	literal_add_plain(&plain, pair, strlen(pair));
	char *encoded = base64_encode((const uint8_t *)plain.bytes, plain.length);

	draft_set_header(draft, request, "Authorization", arena_printf(&draft->arena, "Basic %s", encoded));
	free(encoded);
	buf_fini(&plain);
}

bool
draft_set_url(struct draft *draft, struct draft_request *request, const char *url)
{
	struct address address;
	const char *problem = address_read(&draft->arena, url, &address);

	if (problem != NULL) {
		draft_leave_out(draft, request->place, "'%.200s' is left out: %s", url, problem);
		return false;
	}
	request->base = address.base;
	request->path = address.path;
	if (address.user != NULL && draft_header(request, "Authorization") == NULL)
		draft_set_user(draft, request, address.user);
	return true;
}

static bool
hide_secrets(struct draft *draft, struct draft_request *request)
{
	if (draft->options->with_secrets)
		return true;
	request->path = secrets_hide_path(&draft->secrets, &draft->arena, request->path);
	bool is_hidden = request->path != NULL;

	for (size_t i = 0; i < request->headers_n; i++) {
		struct draft_header *header = &request->headers[i];

		header->value = secrets_hide_header(&draft->secrets, &draft->arena, header->name, header->value);
		is_hidden = is_hidden && header->value != NULL;
	}
	if (!is_hidden)
		draft_leave_out(draft, request->place,
			"left out: there are more than %d different secrets; --with-secrets takes them as they are",
			SECRETS_MAX);
	return is_hidden;
}

static uint64_t
hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* where one text ends; FNV-1a */
}

static uint64_t
hash_of(const struct draft_request *request)
{
	uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), request->method, strlen(request->method));

	hash = hash_bytes(hash, request->base, strlen(request->base));
	hash = hash_bytes(hash, request->path, strlen(request->path));
	for (size_t i = 0; i < request->headers_n; i++) {
		hash = hash_bytes(hash, request->headers[i].name, strlen(request->headers[i].name));
		hash = hash_bytes(hash, request->headers[i].value, strlen(request->headers[i].value));
	}
	if (request->json != NULL)
		hash = hash_bytes(hash, request->json, strlen(request->json));
	return hash_bytes(hash, request->body, request->body_length);
}

static bool
is_same(const struct draft_request *a, const struct draft_request *b)
{
	bool is = strcmp(a->method, b->method) == 0 && strcmp(a->base, b->base) == 0 && strcmp(a->path, b->path) == 0 &&
		  a->headers_n == b->headers_n && (a->body == NULL) == (b->body == NULL) &&
		  a->body_length == b->body_length &&
		  (a->body == NULL || memcmp(a->body, b->body, a->body_length) == 0);

	is = is && (a->json == NULL) == (b->json == NULL) && (a->json == NULL || strcmp(a->json, b->json) == 0);
	for (size_t i = 0; is && i < a->headers_n; i++)
		is = strcmp(a->headers[i].name, b->headers[i].name) == 0 &&
		     strcmp(a->headers[i].value, b->headers[i].value) == 0;
	return is;
}

/* Where it stands in the table, or would. */
static size_t
slot_of(const struct draft *draft, const struct draft_request *request, uint64_t hash)
{
	size_t slot = hash & (draft->table_size - 1);

	for (; draft->table[slot] != 0; slot = (slot + 1) & (draft->table_size - 1)) {
		const struct draft_taken *there = &draft->taken[draft->table[slot] - 1];

		if (there->hash == hash && is_same(there->request, request))
			break;
	}
	return slot;
}

static void
grow(struct draft *draft)
{
	if (draft->n < draft->capacity)
		return;
	draft->capacity = draft->capacity > 0 ? draft->capacity * 2 : 64;
	draft->taken = must_realloc(draft->taken, draft->capacity * sizeof(*draft->taken));
	free(draft->table);
	draft->table_size = draft->capacity * 2;
	draft->table = must_calloc(draft->table_size, sizeof(*draft->table));
	for (size_t i = 0; i < draft->n; i++) {
		size_t slot = draft->taken[i].hash & (draft->table_size - 1);

		while (draft->table[slot] != 0)
			slot = (slot + 1) & (draft->table_size - 1);
		draft->table[slot] = (uint32_t)i + 1;
	}
}

static struct draft_request *
keep(struct draft *draft, const struct draft_request *request)
{
	struct draft_request *kept = arena_alloc(&draft->arena, sizeof(*kept));

	*kept = *request;
	return kept;
}

/* The index of what is the same; a flow's steps are each their own. SIZE_MAX: there are too many. */
static size_t
take(struct draft *draft, const struct draft_request *request)
{
	grow(draft);
	uint64_t hash = hash_of(request);
	size_t slot = slot_of(draft, request, hash);

	if (draft->table[slot] != 0 && !draft_has(draft, IMPORT_AS_FLOW)) {
		draft->taken[draft->table[slot] - 1].times++;
		return draft->table[slot] - 1;
	}
	if (draft->n == DRAFT_REQUESTS_MAX)
		return SIZE_MAX;
	draft->taken[draft->n] = (struct draft_taken){.request = keep(draft, request), .hash = hash, .times = 1};
	draft->table[slot] = (uint32_t)++draft->n;
	return draft->n - 1;
}

static void
add_arrival(struct draft *draft, int64_t at_ns, size_t taken)
{
	if (draft->arrivals_n == draft->arrivals_capacity) {
		draft->arrivals_capacity = draft->arrivals_capacity > 0 ? draft->arrivals_capacity * 2 : 1024;
		draft->arrivals = must_realloc(draft->arrivals, draft->arrivals_capacity * sizeof(*draft->arrivals));
	}
	draft->arrivals[draft->arrivals_n] =
		(struct draft_arrival){at_ns, (uint32_t)taken, (uint32_t)draft->arrivals_n};
	draft->arrivals_n++;
}

/* False: --host leaves it out. */
static bool
count_base(struct draft *draft, const char *base)
{
	if (draft->options->host != NULL && !address_is_of(base, draft->options->host)) {
		draft->of_other_hosts++;
		return false;
	}
	for (size_t i = 0; i < draft->bases_n; i++)
		if (strcmp(draft->bases[i].base, base) == 0) {
			draft->bases[i].times++;
			return true;
		}
	if (draft->bases_n < ARRAY_LEN(draft->bases)) {
		draft->bases[draft->bases_n].base = base;
		draft->bases[draft->bases_n++].times = 1;
	}
	return true;
}

static bool
is_method(const char *method)
{
	return method[0] != '\0' && strlen(method) <= 32 && strcmp(method, "CONNECT") != 0 &&
	       method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")] == '\0';
}

/* It follows from the URL, or from what --url puts in its place. */
static void
drop_host(const struct draft *draft, struct draft_request *request)
{
	const struct draft_header *host = find_header(request, "Host");
	const char *authority = strstr(request->base, "://");

	if (host == NULL || authority == NULL ||
		(strcasecmp(host->value, authority + 3) != 0 && draft->options->url == NULL))
		return;
	size_t at = (size_t)(host - request->headers);
	struct draft_header *last = &request->headers[--request->headers_n];

	memmove(&request->headers[at], &request->headers[at + 1],
		(size_t)(last - &request->headers[at]) * sizeof(*last));
}

bool
draft_add(struct draft *draft, const struct draft_request *request, int64_t at_ns)
{
	struct draft_request mine = *request;

	if (!is_method(mine.method)) {
		draft_leave_out(draft, mine.place, "left out: '%.40s' is no method that can be sent", mine.method);
		return false;
	}
	drop_host(draft, &mine);
	if (!count_base(draft, mine.base) || !hide_secrets(draft, &mine))
		return false;
	size_t taken = take(draft, &mine);

	if (taken == SIZE_MAX) {
		draft_leave_out(draft, mine.place, "left out: more than %d different requests", DRAFT_REQUESTS_MAX);
		return false;
	}
	if (draft_has(draft, IMPORT_AS_TRACE))
		add_arrival(draft, at_ns, taken);
	return true;
}

static int
compare_arrivals(const void *a, const void *b)
{
	const struct draft_arrival *x = a, *y = b;

	return x->at_ns != y->at_ns ? (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns)
				    : (x->place > y->place) - (x->place < y->place);
}

void
draft_sort_arrivals(struct draft *draft)
{
	if (draft->arrivals_n > 0)
		qsort(draft->arrivals, draft->arrivals_n, sizeof(*draft->arrivals), compare_arrivals);
}
