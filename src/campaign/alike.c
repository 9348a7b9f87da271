#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "campaign/against.h"
#include "campaign/likeness.h"

/* Whether runs may be compared: the same was asked of the same by the same, and each came to an end. */

void
against_note(struct against *against, const char *format, ...)
{
	va_list args;

	if (against->notes_n == AGAINST_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(against->notes[against->notes_n], sizeof(against->notes[0]), format, args);
	va_end(args);
	for (size_t i = 0; i < against->notes_n; i++)
		if (strcmp(against->notes[i], against->notes[against->notes_n]) == 0)
			return;
	against->notes_n++;
}

/* What must be forced: noted then, else refused. */
static bool
object(struct against *against, const struct against_subject *baseline, const struct against_subject *current,
	struct error *err, const char *what, const char *text)
{
	against_note(against, "%s: %.180s", what, text);
	return against->is_forced ||
	       error_set(err, "'%.300s' and '%.300s' are not alike: %s: %s; %s takes them all the same",
		       baseline->about->dir, current->about->dir, what, text, against->how_to_force);
}

static bool
check_profiles(struct against *against, const struct against_subject *baseline, const struct against_subject *current,
	struct error *err)
{
	char text[512];

	if (baseline->about->hash[0] != '\0' && strcmp(baseline->about->hash, current->about->hash) == 0)
		return true;
	likeness_of_places(baseline->profile, current->profile, text, sizeof(text));
	if (text[0] != '\0')
		against_note(against, "the targets are in other places: %.190s", text);
	likeness_of_goals(baseline->profile, current->profile, text, sizeof(text));
	if (text[0] != '\0')
		against_note(against, "their objectives differ, on which the goodput rests: %.160s", text);
	likeness_of_profiles(baseline->profile, current->profile, text, sizeof(text));
	return text[0] == '\0' || object(against, baseline, current, err, "their profiles differ", text);
}

static bool
check_versions(struct against *against, const struct against_subject *baseline, const struct against_subject *current,
	struct error *err)
{
	const char *a = baseline->about->version, *b = current->about->version;
	char text[320];

	snprintf(text, sizeof(text), "%s, now %s", a[0] != '\0' ? a : "none was said",
		b[0] != '\0' ? b : "none is said");
	if (strcmp(a, b) != 0 && a[0] != '\0' && b[0] != '\0')
		return object(against, baseline, current, err, "the target's versions differ", text);
	if (strcmp(a, b) != 0)
		against_note(against, "the target's version is known of one alone: %.180s", text);
	return true;
}

bool
against_check_alike(struct against *against, const struct against_subject *baseline,
	const struct against_subject *current, struct error *err)
{
	char text[160];

	snprintf(text, sizeof(text), "%s, now %s", baseline->about->brunt, current->about->brunt);
	return check_profiles(against, baseline, current, err) && check_versions(against, baseline, current, err) &&
	       (strcmp(baseline->about->brunt, current->about->brunt) == 0 ||
		       object(against, baseline, current, err, "the versions of brunt differ", text));
}

bool
against_check_whole(struct against *against, const struct stored_run *run, int *exit_code, struct error *err)
{
	const char *status = run->about.status;

	if (strcmp(status, "pass") == 0 || strcmp(status, "fail") == 0)
		return true;
	if (strcmp(status, "unreachable") == 0)
		return error_set(err, "'%s' never reached its target: there is nothing to compare", run->about.dir);
	against_note(against, "%.100s was %s: %.100s", run->about.dir, status, run->reason);
	if (against->is_forced)
		return true;
	*exit_code = strcmp(status, "inconclusive") == 0 ? EXIT_INCONCLUSIVE : EXIT_USAGE;
	return error_set(err, "'%s' was %s and tells too little (%s); %s takes it all the same", run->about.dir, status,
		run->reason, against->how_to_force);
}

bool
against_check_side(struct against *against, const struct side *side, int *exit_code, struct error *err)
{
	for (size_t i = 0; i < side->n; i++) {
		const struct against_subject first = {&side->about[0], side->runs[0].profile},
					     this = {&side->about[i], side->runs[i].profile};

		if (!against_check_whole(against, &side->runs[i], exit_code, err) ||
			(i > 0 && !against_check_alike(against, &first, &this, err)))
			return false;
		if (i > 0 && strcmp(first.about->id, this.about->id) == 0)
			return error_set(err, "'%s' and '%s' are the same run: twice the same tells no more",
				first.about->dir, this.about->dir);
	}
	return true;
}
