#include "import/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "import/address.h"
#include "import/literal.h"
#include "import/profile_names.h"
#include "import/yaml_text.h"
#include "plan/plan.h"

#define BODY_INLINE_MAX ((size_t)4 * 1024)
#define BODY_PLAIN_CEILING ((size_t)64 * 1024 * 1024)
#define REQUESTS_MAX 1000 /* of a profile */
#define ARRIVALS_CEILING ((size_t)1024 * 1024 * 1024)

struct writer {
	struct draft *draft;
	struct import *import;
	struct buf *into;
	struct draft_taken **chosen; /* in the order they are written */
	size_t n;
	size_t bodies;
	struct error *err;
};

/* The most frequent first, else as they came. */
static int
compare_taken(const void *a, const void *b)
{
	const struct draft_taken *x = *(struct draft_taken *const *)a, *y = *(struct draft_taken *const *)b;

	if (x->times != y->times)
		return x->times > y->times ? -1 : 1;
	return (x > y) - (x < y);
}

static void
choose(struct writer *w)
{
	struct draft *draft = w->draft;
	uint64_t most = draft->options->most < REQUESTS_MAX ? draft->options->most : REQUESTS_MAX, others = 0;

	w->chosen = must_calloc(draft->n + 1, sizeof(struct draft_taken *));
	for (size_t i = 0; i < draft->n; i++)
		w->chosen[i] = &draft->taken[i];
	if (!draft_has(draft, IMPORT_AS_FLOW))
		qsort(w->chosen, draft->n, sizeof(struct draft_taken *), compare_taken);
	w->n = draft->n < most ? draft->n : (size_t)most;
	for (size_t i = 0; i < draft->n; i++) {
		w->chosen[i]->is_chosen = i < w->n;
		others += i < w->n ? 0 : w->chosen[i]->times;
	}
	if (others > 0)
		draft_leave_out(draft, 0,
			"%llu requests, %zu different ones, are left out: the %zu most frequent ones are taken; --most takes "
			"more, up to %d",
			(unsigned long long)others, draft->n - w->n, w->n, REQUESTS_MAX);
	profile_name_requests(draft);
}

/* "12 to https://a, 3 to https://b" */
static bool
refuse_several(const struct draft *draft, struct error *err)
{
	struct buf list;

	buf_init(&list, 700);
	for (size_t i = 0; i < draft->bases_n && i < 8; i++)
		buf_printf(&list, "%s%llu to %s", i > 0 ? ", " : "", (unsigned long long)draft->bases[i].times,
			draft->bases[i].base);
	if (draft->bases_n > 8)
		buf_printf(&list, " and %zu%s others", draft->bases_n - 8,
			draft->bases_n == ARRAY_LEN(draft->bases) ? " or more" : "");
	error_set(err, "a profile has one target, and these requests go to several: %s; choose one with --host",
		list.bytes);
	buf_fini(&list);
	return false;
}

static bool
check_draft(const struct draft *draft, struct error *err)
{
	size_t comments = 0;

	if (draft->n == 0 && draft->of_other_hosts > 0)
		return error_set(err,
			"none of the %llu requests goes to '%.200s'; --host names one of those they go to",
			(unsigned long long)draft->of_other_hosts, draft->options->host);
	if (draft->n == 0)
		return error_set(err, "there is no request in it that could be taken over");
	for (size_t i = 0; i < draft->n; i++)
		comments += draft->taken[i].request->is_comment;
	if (comments == draft->n)
		return error_set(err, "every request in it changes something at the server; --writes takes them");
	return draft->bases_n == 1 || refuse_several(draft, err);
}

/* A file beside the profile: "shop-body-1.bin" for shop.yaml. NULL with err set: nobody knows where that is. */
static const char *
file_beside(struct writer *w, const char *what)
{
	const char *out = w->draft->options->out;
	const char *slash = out != NULL ? strrchr(out, '/') : NULL, *dot = out != NULL ? strrchr(out, '.') : NULL;

	if (out == NULL) {
		error_set(w->err, "%s goes into a file beside the profile; say where that is to be, --out FILE",
			strstr(what, "arrivals") != NULL ? "a trace" : "a body that is long, or no text,");
		return NULL;
	}
	int length = dot != NULL && dot > (slash != NULL ? slash + 1 : out) ? (int)(dot - out) : (int)strlen(out);

	return arena_printf(&w->draft->arena, "%.*s-%s", length, out, what);
}

static void
add_file(struct writer *w, const char *path, const char *bytes, size_t length)
{
	struct import *import = w->import;

	import->files = must_realloc(import->files, (import->files_n + 1) * sizeof(*import->files));
	import->files[import->files_n++] = (struct import_file){path, bytes, length};
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
add_body_file(struct writer *w, const struct draft_request *request)
{
	const char *path = file_beside(w, arena_printf(&w->draft->arena, "body-%zu.bin", w->bodies + 1));
	char *bytes;

	if (path == NULL)
		return false;
	w->bodies++;
	bytes = arena_alloc(&w->draft->arena, request->body_length + 1);
	size_t length = request->body_length;

	if (request->body_is_plain)
		memcpy(bytes, request->body, length);
	else {
		struct buf plain;

		buf_init(&plain, BODY_PLAIN_CEILING);
		literal_add_plain(&plain, request->body, length);
		length = plain.length;
		memcpy(bytes, plain.bytes, length);
		buf_fini(&plain);
	}
	add_file(w, path, bytes, length);
	buf_add_text(w->into, "    body_file: ");
	yaml_text_add(w->into, base_name(path), strlen(base_name(path)), 6);
	buf_add_char(w->into, '\n');
	return true;
}

static bool
add_body(struct writer *w, const struct draft_request *request)
{
	const char *body = request->body;

	if (request->json != NULL)
		buf_printf(w->into, "    json: %s\n", request->json);
	if (body == NULL)
		return true;
	bool is_text = yaml_text_can_hold(body, request->body_length);
	bool has_reference = is_text && !request->body_is_plain && literal_has_reference(body);

	if (!is_text || (request->body_length > BODY_INLINE_MAX && !has_reference))
		return add_body_file(w, request);
	if (request->body_is_plain)
		body = literal_copy(&w->draft->arena, body, request->body_length);
	buf_add_text(w->into, "    body: ");
	yaml_text_add(w->into, body, strlen(body), 6);
	buf_add_char(w->into, '\n');
	return true;
}

static void
add_method(struct writer *w, const struct draft_request *request)
{
	static const char *const keys[] = {"get", "post", "put", "delete", "patch", "head", "options"};
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(request->method, methods[i]) == 0) {
			buf_printf(w->into, "    %s: ", keys[i]);
			yaml_text_add(w->into, request->path, strlen(request->path), 6);
			buf_add_char(w->into, '\n');
			return;
		}
	buf_printf(w->into, "    method: ");
	yaml_text_add(w->into, request->method, strlen(request->method), 6);
	buf_add_text(w->into, "\n    path: ");
	yaml_text_add(w->into, request->path, strlen(request->path), 6);
	buf_add_char(w->into, '\n');
}

static void
add_headers(struct writer *w, const struct draft_request *request)
{
	if (request->headers_n > 0)
		buf_add_text(w->into, "    headers:\n");
	for (size_t i = 0; i < request->headers_n; i++) {
		const struct draft_header *header = &request->headers[i];

		buf_add_text(w->into, "      ");
		yaml_text_add(w->into, header->name, strlen(header->name), 8);
		buf_add_text(w->into, ": ");
		yaml_text_add(w->into, header->value, strlen(header->value), 8);
		buf_add_char(w->into, '\n');
	}
}

static bool
add_request(struct writer *w, const struct draft_taken *taken, bool has_weights)
{
	const struct draft_request *request = taken->request;

	buf_printf(w->into, "  - name: %s\n", taken->final_name);
	if (has_weights)
		buf_printf(w->into, "    weight: %llu\n", (unsigned long long)taken->times);
	add_method(w, request);
	add_headers(w, request);
	if (!add_body(w, request))
		return false;
	if (draft_has(w->draft, IMPORT_AS_FLOW) && request->think_ns >= NS_PER_MS)
		buf_printf(w->into, "    think: %lldms\n", (long long)(request->think_ns / NS_PER_MS));
	return true;
}

/* Every line of it behind a '#'. */
static bool
add_commented(struct writer *w, const struct draft_taken *taken, bool has_weights)
{
	struct buf text, *into = w->into;

	buf_init(&text, PLAN_FILE_CEILING);
	w->into = &text;
	bool is_good = add_request(w, taken, has_weights);

	w->into = into;
	for (const char *line = text.length > 0 ? text.bytes : ""; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		buf_printf(into, "# %.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
	buf_fini(&text);
	return is_good;
}

static bool
add_requests(struct writer *w)
{
	bool is_flow = draft_has(w->draft, IMPORT_AS_FLOW), has_weights = false;

	for (size_t i = 1; i < w->n && !is_flow && !draft_has(w->draft, IMPORT_AS_TRACE); i++)
		has_weights = has_weights || w->chosen[i]->times != w->chosen[0]->times;
	if (is_flow && w->draft->keeps_cookies)
		buf_add_text(w->into, "session: {cookies: true}    # what the server sets is sent back\n");
	buf_add_text(w->into, is_flow ? "flow:\n" : "requests:\n");
	for (size_t i = 0; i < w->n; i++) {
		const struct draft_request *request = w->chosen[i]->request;

		if (request->remark != NULL)
			buf_printf(w->into, "  # %s\n", request->remark);
		if (!(request->is_comment ? add_commented : add_request)(w, w->chosen[i], has_weights))
			return false;
	}
	return true;
}

/* In seconds, since the first; each with the name of its request. */
static bool
add_trace(struct writer *w)
{
	struct draft *draft = w->draft;
	const char *path = file_beside(w, "arrivals.txt");
	struct buf text;

	if (path == NULL)
		return false;
	draft_sort_arrivals(draft);
	buf_init(&text, ARRIVALS_CEILING);
	buf_printf(
		&text, "# When each request of %s began, in seconds, and which one it was.\n", draft->importer->origin);
	for (size_t i = 0; i < draft->arrivals_n; i++) {
		const struct draft_arrival *arrival = &draft->arrivals[i];

		if (draft->taken[arrival->taken].is_chosen && !draft->taken[arrival->taken].request->is_comment)
			buf_printf(&text, "%.6f %s\n", ns_to_s(arrival->at_ns - draft->arrivals[0].at_ns),
				draft->taken[arrival->taken].final_name);
	}
	size_t length = text.length;
	char *bytes = arena_alloc(&draft->arena, length + 1);

	memcpy(bytes, text.bytes, length);
	buf_fini(&text);
	add_file(w, path, bytes, length);
	buf_add_text(w->into, "load:\n  trace: {file: ");
	yaml_text_add_quoted(w->into, base_name(path), strlen(base_name(path)));
	buf_add_text(w->into, ", named: true, speed: 1}    # as it was recorded; speed: 2 takes half the time\n");
	return true;
}

/* As much as was recorded, where that is known; else gentle: nobody knows yet what the server can do. */
static bool
add_load(struct writer *w)
{
	const struct draft *draft = w->draft;
	bool is_flow = draft_has(draft, IMPORT_AS_FLOW);
	double rate = is_flow ? 1 : 10;
	uint64_t times = 0;

	if (draft_has(draft, IMPORT_AS_TRACE))
		return add_trace(w);
	for (size_t i = 0; i < w->n; i++)
		times += w->chosen[i]->times;
	bool is_recorded = draft->seconds >= 1 && !is_flow && (double)times / draft->seconds >= 0.01;

	if (is_recorded)
		rate = (double)times / draft->seconds;
	buf_printf(w->into,
		rate < 100 ? "load:\n  steady: {rate: %.3g/s, for: 30s}" : "load:\n  steady: {rate: %.0f/s, for: 30s}",
		rate);
	buf_printf(w->into, "    # %s; or ramp, steps, search, users: brunt help profile\n",
		is_recorded ? "on average as recorded"
		: is_flow   ? "sessions"
			    : "gentle");
	return true;
}

static void
add_head(struct writer *w)
{
	struct draft *draft = w->draft;
	const char *base = draft->options->url != NULL ? draft->options->url : draft->bases[0].base;

	buf_printf(w->into,
		"# Written by brunt import %s, from %s. `brunt check` shows what it sends, `brunt help profile` what else "
		"there is.\n",
		draft->importer->name, draft->importer->origin);
	for (size_t i = 0; i < draft->secrets.n; i++)
		buf_printf(w->into, "%s${env:%s} is %s%s\n",
			i == 0 ? "# Secrets are taken from the environment of the run:\n#   " : "#   ",
			draft->secrets.list[i].variable, draft->secrets.list[i].what,
			draft->secrets.list[i].value == NULL ? ", as the server wants it" : ".");
	buf_printf(w->into, "name: %s\ntarget:\n  url: ", profile_name(draft, base));
	yaml_text_add(w->into, base, strlen(base), 4);
	buf_add_char(w->into, '\n');
	if (draft->is_insecure && strncmp(base, "https:", 6) == 0)
		buf_add_text(w->into, "  tls: {verify: false}\n");
}

bool
profile_write(struct draft *draft, struct import *import, struct error *err)
{
	struct writer w = {.draft = draft, .import = import, .into = &import->profile, .err = err};

	if (!check_draft(draft, err))
		return false;
	choose(&w);
	add_head(&w);
	bool is_good = add_load(&w) && add_requests(&w);

	free(w.chosen);
	return is_good &&
	       (!import->profile.overflowed ||
		       error_set(err, "the profile would be larger than %zu bytes; --most takes fewer requests",
			       import->profile.ceiling));
}
