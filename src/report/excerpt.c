#include "report/excerpt.h"

#include <stdio.h>

#include "report/figure.h"

cJSON *
excerpt_object(const struct excerpt *excerpt)
{
	cJSON *o, *values;

	if (excerpt->n == 0)
		return cJSON_CreateNull();
	o = value_object();
	value_set_text(o, "of", excerpt->of);
	value_set_text(o, "unit", unit_rows[excerpt->unit].name);
	value_set_seconds(o, "from_s", excerpt->from_ns);
	value_set_seconds(o, "step_s", excerpt->step_ns);
	value_set_count(o, "onset_index", excerpt->onset);
	values = value_add_array(o, "values");
	for (size_t i = 0; i < excerpt->n; i++)
		cJSON_AddItemToArray(values, value_of_number(excerpt->values[i]));
	return o;
}

static const char *
words_before(const struct excerpt *excerpt, size_t i)
{
	if (i == excerpt->onset)
		return i == 0 ? " from then on:" : "; from then on:";
	return i == 0 ? ":" : ",";
}

const char *
excerpt_text(const struct excerpt *excerpt, char into[EXCERPT_TEXT_MAX])
{
	char figure[FIGURE_MAX];
	size_t length = 0;

	into[0] = '\0';
	if (excerpt->n == 0)
		return into;
	length += (size_t)snprintf(
		into, EXCERPT_TEXT_MAX, "%s each %s", excerpt->of, figure_seconds(excerpt->step_ns, figure));
	for (size_t i = 0; i < excerpt->n && length + 2 * FIGURE_MAX < EXCERPT_TEXT_MAX; i++)
		length += (size_t)snprintf(into + length, EXCERPT_TEXT_MAX - length, "%s %s", words_before(excerpt, i),
			figure_in_unit(excerpt->unit, excerpt->values[i], figure));
	return into;
}
