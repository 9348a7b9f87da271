#include "plan/scalar.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

/* A quantity in all the forms that a field may want. */
struct quantity {
	double value;
	int64_t ns;
	uint64_t whole;
};

static const char level_form[] = "a rate such as 50/s or 3000/min, or a number of users such as '10 users'";

bool
scalar_is_one(enum plan_type type)
{
	return type <= PLAN_CHOICE;
}

const char *
scalar_form(const struct plan_key *key)
{
	switch (key->type) {
	case PLAN_LEVEL: return key->name != NULL && strcmp(key->name, "users") == 0 ? units_users_form : level_form;
	case PLAN_RATE: return units_rate_form;
	case PLAN_TIME: return units_time_form;
	case PLAN_RATIO: return units_ratio_form;
	case PLAN_BYTES: return units_bytes_form;
	case PLAN_COUNT: return units_count_form;
	case PLAN_NUMBER: return "a number such as 2 or 0.5";
	case PLAN_BOOL: return "true or false";
	case PLAN_TEXT: return "text";
	case PLAN_SECTION: return "a map of keys";
	case PLAN_LIST: return "a list";
	case PLAN_TEXTS: return "a list of texts";
	case PLAN_PAIRS: return "a map of names to texts";
	default: return key->form ? key->form : "a value";
	}
}

static bool
number_parse(const char *text, double *value)
{
	if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text))
		return false;
	char *end;
	double number = strtod(text, &end);

	if (*end != '\0' || end[-1] == '.' || !isfinite(number))
		return false;
	*value = number;
	return true;
}

static bool
bool_parse(const char *text, bool *value)
{
	static const char *const names[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*value = i % 2 == 1;
			return true;
		}
	return false;
}

/* Levels count users or are rates; a bare number goes with whatever the load's other levels say. */
static bool
level_parse(const char *text, bool is_users_key, struct quantity *quantity, enum plan_level_unit *unit)
{
	bool is_bare = number_parse(text, &quantity->value);

	if (units_parse_users(text, &quantity->value) || (is_users_key && is_bare))
		*unit = LEVEL_UNIT_USERS;
	else if (is_users_key || !units_parse_rate(text, &quantity->value))
		return false;
	else
		*unit = is_bare ? LEVEL_UNIT_NONE : LEVEL_UNIT_RATE;
	return true;
}

static bool
quantity_parse(const struct plan_key *key, const char *text, struct quantity *quantity, enum plan_level_unit *unit)
{
	bool is_users_key = strcmp(key->name, "users") == 0;

	switch (key->type) {
	case PLAN_LEVEL: return level_parse(text, is_users_key, quantity, unit);
	case PLAN_RATE: return units_parse_rate(text, &quantity->value);
	case PLAN_RATIO: return units_parse_ratio(text, &quantity->value);
	case PLAN_NUMBER: return number_parse(text, &quantity->value);
	case PLAN_TIME:
		if (!units_parse_time_ns(text, &quantity->ns))
			return false;
		quantity->value = (double)quantity->ns;
		return true;
	case PLAN_BYTES:
	case PLAN_COUNT:
		if (is_users_key && units_parse_users(text, &quantity->value) && quantity->value < 9e15)
			quantity->whole = (uint64_t)quantity->value;
		else if (!(key->type == PLAN_BYTES ? units_parse_bytes : units_parse_count)(text, &quantity->whole))
			return false;
		quantity->value = (double)quantity->whole;
		return true;
	default: CHECK(!"a quantity"); return false;
	}
}

static void
quantity_store(enum plan_type type, const struct quantity *quantity, void *field)
{
	if (type == PLAN_TIME)
		*(int64_t *)field = quantity->ns;
	else if (type == PLAN_BYTES || type == PLAN_COUNT)
		*(uint64_t *)field = quantity->whole;
	else
		*(double *)field = quantity->value;
}

static bool
unit_agrees(struct plan_context *context, const struct plan_node *node, const struct plan_key *key,
	enum plan_level_unit unit, struct error *err)
{
	const struct plan_node *other = context->level_node;

	if (strcmp(key->name, "users") == 0)
		unit = LEVEL_UNIT_USERS;
	if (unit == LEVEL_UNIT_NONE || unit == context->level_unit)
		return true;
	if (context->level_unit != LEVEL_UNIT_NONE)
		return plan_error(node, err, "%s: '%s' %s, but '%s' %s; one load counts one thing", key->name,
			node->source, unit == LEVEL_UNIT_USERS ? "counts users" : "is a rate", other->source,
			unit == LEVEL_UNIT_USERS ? "is a rate" : "counts users");
	context->level_unit = unit;
	context->level_node = node;
	return true;
}

static bool
in_range(const struct plan_node *node, const struct plan_key *key, double value, struct error *err)
{
	char bound[64];

	if (!isfinite(value) || (key->max > 0 && value > key->max))
		return plan_error(node, err, "%s: '%s' is too much; the most is %s", key->name, node->source,
			scalar_text(key->type, key->max, bound, sizeof(bound)));
	if (value < key->min)
		return plan_error(node, err, "%s: '%s' is too little; the least is %s", key->name, node->source,
			scalar_text(key->type, key->min, bound, sizeof(bound)));
	return true;
}

/* A level of 0 may be a pause between others; whether it is one is known only when all of them are. */
static bool
level_keep(struct plan_context *context, const struct plan_node *node, const struct plan_key *key, double level,
	struct error *err)
{
	context->has_level = true;
	if (level > context->level_most) {
		context->level_most = level;
		context->most_node = node;
	}
	if (level > 0)
		return true;
	context->zero_path = context->load_path;
	context->zero_node = node;
	return !key->is_above_0 || scalar_sends_nothing(context, err);
}

bool
scalar_sends_nothing(const struct plan_context *context, struct error *err)
{
	const struct plan_node *node = context->zero_node;

	return plan_error(node, err, "%s.%s: %s sends nothing; write a level above 0, such as 50/s or '10 users'",
		context->zero_path, node->key, node->source);
}

static bool
choice_store(const struct plan_node *node, const struct plan_key *key, int *field, struct error *err)
{
	char valid[256] = "";

	for (int i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(node->text, key->choices[i]) == 0) {
			*field = i;
			return true;
		}
		size_t used = strlen(valid);

		snprintf(valid + used, sizeof(valid) - used, "%s%s", i ? ", " : "", key->choices[i]);
	}
	return plan_error(node, err, "%s: '%s' is not one of %s", key->name, node->source, valid);
}

bool
scalar_parse(struct plan_context *context, const struct plan_node *node, const struct plan_key *key, void *field,
	struct error *err)
{
	struct quantity quantity = {0};
	enum plan_level_unit unit = LEVEL_UNIT_NONE;

	if (key->type == PLAN_CHOICE)
		return choice_store(node, key, field, err);
	if (key->type == PLAN_TEXT) {
		*(const char **)field = node->text;
		return true;
	}
	if (key->type == PLAN_BOOL) {
		if (bool_parse(node->text, field))
			return true;
	} else if (quantity_parse(key, node->text, &quantity, &unit)) {
		quantity_store(key->type, &quantity, field);
		if (key->type == PLAN_LEVEL && !level_keep(context, node, key, quantity.value, err))
			return false;
		return in_range(node, key, quantity.value, err) && unit_agrees(context, node, key, unit, err);
	} else if (node->text[0] == '-' && quantity_parse(key, node->text + 1, &quantity, &unit))
		return plan_error(
			node, err, "%s: '%s' is negative; write %s", key->name, node->source, scalar_form(key));
	return plan_error(node, err, "%s: '%s' is not %s", key->name, node->source, scalar_form(key));
}

/* The largest unit that leaves a whole number. */
struct unit_name {
	const char *name;
	double factor;
};

static const char *
amount_text(double value, const struct unit_name *units, char *into, size_t size)
{
	while (units->factor > 1 && (value < units->factor || fmod(value, units->factor) != 0))
		units++;
	snprintf(into, size, "%.15g%s", value / units->factor, units->name);
	return into;
}

const char *
scalar_text(enum plan_type type, double value, char *into, size_t size)
{
	static const struct unit_name times[] = {
		{"d", 86400e9}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
	static const struct unit_name sizes[] = {{"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024}, {"", 1}};

	if (type == PLAN_TIME && value > 0)
		return amount_text(value, times, into, size);
	if (type == PLAN_BYTES)
		return amount_text(value, sizes, into, size);
	if (type == PLAN_RATIO)
		snprintf(into, size, "%.9g%%", value * 100);
	else
		snprintf(into, size, "%.9g%s", value, type == PLAN_RATE || type == PLAN_LEVEL ? "/s" : "");
	return into;
}
