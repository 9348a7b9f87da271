#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/hex.h"
#include "base/units.h"
#include "import/draft.h"
#include "import/lines.h"
#include "import/literal.h"
#include "import/moment.h"

/* What nginx and Apache write of each request, by their own documentation of the formats:
 *
 *     common             HOST - USER [22/Nov/2026:20:32:00 +0000] "GET /items?a=b HTTP/1.1" 200 612
 *     combined           … "REFERER" "USER AGENT"
 *     vhost_combined     SERVER:PORT in front of that
 *
 * Only the time and the request are of interest: a log has neither bodies nor most headers. Times are of whole seconds;
 * what falls into one second is spread over it evenly. */

#define REQUEST_MAX ((size_t)32 * 1024)

struct entry {
	int64_t second; /* since 1970 */
	char request[REQUEST_MAX];
};

static bool
read_digits(const char **at, size_t n, unsigned *value)
{
	*value = 0;
	for (size_t i = 0; i < n; i++, ++*at) {
		if (!isdigit((unsigned char)**at))
			return false;
		*value = *value * 10 + (unsigned)(**at - '0');
	}
	return true;
}

static bool
read_month(const char **at, unsigned *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*month = 1; *month <= 12; ++*month)
		if (strncmp(*at, names + (*month - 1) * 3, 3) == 0) {
			*at += 3;
			return true;
		}
	return false;
}

/* "22/Nov/2026:20:32:00 +0100", of which `at` holds no less. */
static bool
read_time(const char *at, int64_t *second)
{
	unsigned day, month, year, hour, minute, s, zone_hours, zone_minutes;
	bool is_good = read_digits(&at, 2, &day) && *at++ == '/' && read_month(&at, &month) && *at++ == '/' &&
		       read_digits(&at, 4, &year) && *at++ == ':' && read_digits(&at, 2, &hour) && *at++ == ':' &&
		       read_digits(&at, 2, &minute) && *at++ == ':' && read_digits(&at, 2, &s) && *at++ == ' ';
	char sign = is_good ? *at++ : '+';

	if (!is_good || (sign != '+' && sign != '-') || !read_digits(&at, 2, &zone_hours) ||
		!read_digits(&at, 2, &zone_minutes) || *at != ']')
		return false;
	int64_t zone = ((int64_t)zone_hours * 60 + zone_minutes) * 60;

	*second = moment_s(year, month, day, hour, minute, s) - (sign == '+' ? zone : -zone);
	return true;
}

/* Between quotes, with \" \\ \n \t \xHH undone (nginx: escape=default; Apache: ap_escape_logitem). False: it does not
 * end. */
static bool
read_request(const char *at, const char *end, char *into)
{
	size_t length = 0;

	for (; at < end && *at != '"' && length + 1 < REQUEST_MAX; at++) {
		if (*at != '\\' || end - at < 2) {
			into[length++] = *at;
			continue;
		}
		at++;
		if (*at == 'x' && end - at > 2 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
			into[length++] = (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
			at += 2;
		} else
			into[length++] = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at == 'r' ? '\r' : *at;
	}
	into[length] = '\0';
	return at < end && *at == '"' && memchr(into, '\0', length) == NULL;
}

/* What is wrong with a line, or NULL. */
static const char *
read_line(const struct lines *lines, struct entry *entry)
{
	const char *end = lines->line + lines->length, *bracket = memchr(lines->line, '[', lines->length);
	const char *quote = bracket != NULL ? memchr(bracket, '"', (size_t)(end - bracket)) : NULL;

	if (bracket == NULL || quote == NULL || end - bracket < 28 || !read_time(bracket + 1, &entry->second))
		return "there is no time such as [22/Nov/2026:20:32:00 +0000] in it, and a request in quotes behind that";
	if (!read_request(quote + 1, end, entry->request))
		return "its request does not end, or is longer than 32 KiB";
	return NULL;
}

static bool
changes_something(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && strcmp(method, "OPTIONS") != 0;
}

static bool
is_asset(const char *path)
{
	static const char *const endings[] = {".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".webp",
		".avif", ".svg", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".wasm"};
	size_t length = strcspn(path, "?#");

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length >= ending && strncasecmp(path + length - ending, endings[i], ending) == 0)
			return true;
	}
	return false;
}

/* "SERVER:PORT CLIENT - USER [": with vhost_combined a word more than without. NULL: it does not say whose it is. */
static const char *
server_of(struct arena *arena, const struct lines *lines)
{
	const char *bracket = memchr(lines->line, '[', lines->length), *word, *first = NULL;
	size_t at = 0, words = 0, length, first_length = 0;

	while ((length = lines_word(lines, &at, &word)) > 0 && word < bracket) {
		if (words++ == 0) {
			first = word;
			first_length = length;
		}
	}
	return words == 4 ? arena_strndup(arena, first, first_length) : NULL;
}

/* "GET /path HTTP/1.1": method and target. False: it is none, which was said. */
static bool
take_apart(struct draft *draft, struct draft_request *request, const char *server, char *text)
{
	char *target = strchr(text, ' '), *version = target != NULL ? strchr(target + 1, ' ') : NULL;

	if (target == NULL || version == NULL || strncmp(version, " HTTP/", 6) != 0) {
		draft_leave_out(draft, request->place, "left out: what was asked is no request of HTTP");
		return false;
	}
	*target++ = *version = '\0';
	if (target[0] != '/') {
		draft_leave_out(draft, request->place, "left out: what was asked for is no path");
		return false;
	}
	request->method = arena_strdup(&draft->arena, text);
	return draft_set_url(draft, request,
		arena_printf(&draft->arena, "http://%s%s", server != NULL ? server : "server",
			literal_copy(&draft->arena, target, strlen(target))));
}

static void
take_entry(struct draft *draft, const struct lines *lines, struct entry *entry)
{
	struct draft_request request = {.place = lines->number};

	if (!take_apart(draft, &request, server_of(&draft->arena, lines), entry->request))
		return;
	if (changes_something(request.method) && !draft_has(draft, IMPORT_WRITES)) {
		draft_leave_out(draft, lines->number,
			"%.20s is left out, as logs hold no bodies; --writes sends it without one", request.method);
		return;
	}
	if (draft_has(draft, IMPORT_NO_ASSETS) && is_asset(request.path)) {
		draft_leave_out(
			draft, lines->number, "left out as --no-assets says: an image, font, style, script or medium");
		return;
	}
	draft_add(draft, &request, entry->second * NS_PER_S);
}

/* The k-th of the n arrivals of a second is due k / n of a second later. */
static void
spread(struct draft *draft)
{
	struct draft_arrival *arrivals = draft->arrivals;
	size_t n = draft->arrivals_n;

	for (size_t first = 0, after; first < n; first = after) {
		for (after = first + 1; after < n && arrivals[after].at_ns == arrivals[first].at_ns;)
			after++;
		for (size_t i = first + 1; i < after; i++)
			arrivals[i].at_ns +=
				(int64_t)((double)NS_PER_S * (double)(i - first) / (double)(after - first));
	}
}

static bool
access_log_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	struct lines lines = {.at = text, .end = text + length};
	struct entry *entry = must_alloc(sizeof(*entry));
	int64_t first = INT64_MAX, last = INT64_MIN;

	while (lines_next(&lines)) {
		const char *problem;

		if (lines_is_empty(&lines))
			continue;
		problem = read_line(&lines, entry);
		if (problem != NULL) {
			draft_leave_out(draft, lines.number, "this line is left out: %s", problem);
			continue;
		}
		draft->seen++;
		first = entry->second < first ? entry->second : first;
		last = entry->second > last ? entry->second : last;
		take_entry(draft, &lines, entry);
	}
	free(entry);
	if (draft->seen == 0)
		return error_set(err, "no line of it is one of an access log, common or combined");
	draft->seconds = (double)(last - first + 1);
	draft_sort_arrivals(draft);
	spread(draft);
	return true;
}

const struct importer access_log_importer = {
	.name = "access-log",
	.help = "access logs of nginx and Apache (common, combined): by weight, or --as-trace",
	.origin = "an access log",
	.place = "line",
	.modes = IMPORT_AS_TRACE | IMPORT_WRITES | IMPORT_NO_ASSETS,
	.needs_url = true,
	.read = access_log_read,
};
