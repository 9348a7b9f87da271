#include "campaign/likeness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define PATH_TEXT_MAX 160
#define SHOWN_MAX 3 /* differences that are told; of the others how many there are */

/* Of a profile: what says how a run is judged and kept, not what is asked of the target. */
static const char *const of_the_judge[] = {"name", "slo", "compare", "regression", "output", NULL};
/* Of its target: where it is, how it is found, and what it is called. */
static const char *const of_the_place[] = {"url", "watch", "command", "ready", "stop", "version", NULL};

struct differences {
	char *into;
	size_t size, length;
	size_t n;
};

static bool
is_among(const char *const *names, const char *name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
is_left_out(const char *path, const char *key)
{
	if (path[0] == '\0')
		return is_among(of_the_judge, key);
	return strcmp(path, "target") == 0 && is_among(of_the_place, key);
}

/* As it stands in the profile, cut where it is long. */
static void
value_text(const cJSON *value, char *into, size_t size)
{
	char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
	const char *shown = text == NULL ? "nothing" : cJSON_IsString(value) ? value->valuestring : text;

	snprintf(into, size, "%.40s%s", shown, strlen(shown) > 40 ? "…" : "");
	cJSON_free(text);
}

static void
tell(struct differences *d, const char *path, const cJSON *a, const cJSON *b)
{
	char before[64], after[64];

	if (d->n++ >= SHOWN_MAX || d->length >= d->size)
		return;
	value_text(a, before, sizeof(before));
	value_text(b, after, sizeof(after));
	d->length += (size_t)snprintf(d->into + d->length, d->size - d->length, "%s%.80s: %s, now %s",
		d->n > 1 ? "; " : "", path, before, after);
}

static const char *
join(const char *path, const char *key, char into[PATH_TEXT_MAX])
{
	snprintf(into, PATH_TEXT_MAX, "%.100s%s%.50s", path, path[0] != '\0' ? "." : "", key);
	return into;
}

static void differ(struct differences *d, const char *path, const cJSON *a, const cJSON *b);

static void
differ_members(struct differences *d, const char *path, const cJSON *a, const cJSON *b)
{
	char below[PATH_TEXT_MAX];

	for (const cJSON *item = a->child; item != NULL; item = item->next)
		if (!is_left_out(path, item->string))
			differ(d, join(path, item->string, below), item,
				cJSON_GetObjectItemCaseSensitive(b, item->string));
	for (const cJSON *item = b->child; item != NULL; item = item->next)
		if (!is_left_out(path, item->string) && cJSON_GetObjectItemCaseSensitive(a, item->string) == NULL)
			tell(d, join(path, item->string, below), NULL, item);
}

static void
differ(struct differences *d, const char *path, const cJSON *a, const cJSON *b)
{
	if (a != NULL && b != NULL && cJSON_IsObject(a) && cJSON_IsObject(b))
		differ_members(d, path, a, b);
	else if (a == NULL || b == NULL || !cJSON_Compare(a, b, true))
		tell(d, path, a, b);
}

void
likeness_of_profiles(const cJSON *baseline, const cJSON *current, char *into, size_t size)
{
	struct differences d = {.into = into, .size = size};

	into[0] = '\0';
	differ_members(&d, "", baseline, current);
	if (d.n > SHOWN_MAX && d.length < size)
		snprintf(into + d.length, size - d.length, "; and %zu more", d.n - SHOWN_MAX);
}

void
likeness_of_places(const cJSON *baseline, const cJSON *current, char *into, size_t size)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(baseline, "target"),
		    *b = cJSON_GetObjectItemCaseSensitive(current, "target");
	struct differences d = {.into = into, .size = size};
	char path[PATH_TEXT_MAX];

	into[0] = '\0';
	for (size_t i = 0; of_the_place[i] != NULL; i++) {
		const cJSON *x = cJSON_GetObjectItemCaseSensitive(a, of_the_place[i]),
			    *y = cJSON_GetObjectItemCaseSensitive(b, of_the_place[i]);

		if (strcmp(of_the_place[i], "version") != 0 && (x != NULL || y != NULL))
			differ(&d, join("target", of_the_place[i], path), x, y);
	}
}

void
likeness_of_goals(const cJSON *baseline, const cJSON *current, char *into, size_t size)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(baseline, "slo"),
		    *b = cJSON_GetObjectItemCaseSensitive(current, "slo");
	struct differences d = {.into = into, .size = size};

	into[0] = '\0';
	if (a != NULL || b != NULL)
		differ(&d, "slo", a, b);
}
