#include <stdio.h>

#include "report/result.h"

static const char *
load_unit(bool in_users)
{
	return in_users ? "users" : "per_s";
}

/* Null where there is none, and why. */
static cJSON *
add_part(cJSON *curve, const char *key, const char *why_not)
{
	char why_key[32];

	snprintf(why_key, sizeof(why_key), "no_%s", key);
	value_set_text(curve, why_key, why_not);
	if (why_not[0] == '\0')
		return value_add_object(curve, key);
	value_set(curve, key, cJSON_CreateNull());
	return NULL;
}

static cJSON *
pair(const double values[2])
{
	cJSON *array = value_array();

	cJSON_AddItemToArray(array, value_of_number(values[0]));
	cJSON_AddItemToArray(array, value_of_number(values[1]));
	return array;
}

static void
add_knee(cJSON *curve, const struct knee *knee, bool in_users)
{
	cJSON *o = add_part(curve, "knee", knee->why_not);

	if (o == NULL)
		return;
	value_set_text(o, "method", "Kneedle");
	value_set_count(o, "level", knee->level);
	value_set_number(o, "load", knee->load);
	value_set_text(o, "unit", load_unit(in_users));
	value_set_number(o, "p95_ns", knee->p95_ns);
	value_set_number(o, "difference", knee->difference);
}

static void
add_usl(cJSON *curve, const struct usl *usl)
{
	cJSON *o = add_part(curve, "usl", usl->why_not);

	if (o == NULL)
		return;
	value_set_text(o, "unit", usl->in_users ? "users" : "in_flight");
	value_set_count(o, "points", usl->points);
	value_set_number(o, "lambda_per_s", usl->lambda);
	value_set_number(o, "sigma", usl->sigma);
	value_set_number(o, "kappa", usl->kappa);
	value_set_number(o, "lambda_se", usl->lambda_se);
	value_set_number(o, "sigma_se", usl->sigma_se);
	value_set_number(o, "kappa_se", usl->kappa_se);
	value_set_number(o, "r_squared", usl->r_squared);
	value_set_number(o, "residual", usl->residual);
	value_set_number(o, "peak_load", usl->peak_load);
	value_set_number(o, "peak_per_s", usl->peak_per_s);
	value_set_number(o, "limit_per_s", usl->limit_per_s);
	value_set_text(o, "no_peak", usl->no_peak);
}

static void
add_memory(cJSON *curve, const struct memory_fit *fit)
{
	cJSON *o = add_part(curve, "memory", fit->why_not);

	if (o == NULL)
		return;
	value_set_text(o, "unit", load_unit(fit->in_users));
	value_set_count(o, "points", fit->points);
	value_set_number(o, "idle_bytes", fit->idle_bytes);
	value_set_number(o, "per_load_bytes", fit->per_load_bytes);
	value_set(o, "per_load_ci_bytes", pair(fit->per_load_ci));
	value_set_number(o, "r_squared", fit->r_squared);
	value_set_number(o, "residual_bytes", fit->residual_bytes);
	value_set_number(o, "measured_idle_bytes", fit->measured_idle_bytes);
	value_set_number(o, "most_bytes", fit->most_bytes);
	value_set_number(o, "most_load", fit->most_load);
	value_set_number(o, "above_idle_bytes", fit->above_idle_bytes);
	value_set_number(o, "above_idle", fit->above_idle_share);
}

static void
add_little(cJSON *curve, const struct load_curve *c)
{
	cJSON *o = value_add_object(curve, "little");

	value_set_count(o, "checked", c->little_checked);
	value_set_count(o, "off", c->little_off);
	if (c->little_off == 0)
		return;
	value_set_count(o, "level", c->worst_level);
	value_set_number(o, "in_flight", c->worst.in_flight);
	value_set_number(o, "least", c->worst.least);
	value_set_number(o, "most", c->worst.most);
	value_set_number(o, "slack", c->worst.slack);
}

void
result_add_curve(cJSON *result, const struct report *report)
{
	const struct load_curve *c = &report->verdict->curve;
	cJSON *o;

	if (!c->is_known && c->little_off == 0) {
		value_set(result, "curve", cJSON_CreateNull());
		return;
	}
	o = value_add_object(result, "curve");
	add_knee(o, &c->knee, c->usl.in_users);
	add_usl(o, &c->usl);
	add_memory(o, &c->memory);
	add_little(o, c);
}

/* Null where too few windows tell of it. */
static cJSON *
add_drift(cJSON *into, const char *key, const struct drift *drift)
{
	cJSON *o;

	if (drift->windows == 0) {
		value_set(into, key, cJSON_CreateNull());
		return NULL;
	}
	o = value_add_object(into, key);
	value_set_count(o, "windows", drift->windows);
	value_set_number(o, "window_s", drift->window_s);
	value_set_number(o, "first", drift->first);
	value_set_number(o, "last", drift->last);
	value_set_number(o, "per_h", drift->per_h);
	value_set(o, "per_h_ci", pair(drift->per_h_ci));
	value_set_number(o, "change", drift->change);
	value_set(o, "change_ci", pair(drift->change_ci));
	value_set_number(o, "p", drift->p);
	value_set_bool(o, "is_trend", drift->is_trend);
	return o;
}

void
result_add_sustained(cJSON *result, const struct report *report)
{
	const struct sustained *s = &report->verdict->sustained;
	cJSON *o, *memory;

	if (!s->is_known) {
		value_set(result, "sustained", cJSON_CreateNull());
		return;
	}
	o = value_add_object(result, "sustained");
	value_set_text(o, "method", "Theil-Sen slope; Mann-Kendall test, variance widened for autocorrelation");
	value_set_seconds(o, "from_s", s->from_ns);
	value_set_seconds(o, "to_s", s->to_ns);
	add_drift(o, "p50_ns", &s->p50);
	add_drift(o, "p95_ns", &s->p95);
	add_drift(o, "p99_ns", &s->p99);
	add_drift(o, "achieved_per_s", &s->achieved);
	memory = add_drift(o, "memory_bytes", &s->memory);
	if (memory == NULL)
		return;
	value_set_text(memory, "course", memory_course_names[s->memory_course]);
	value_set_number(memory, "growth_per_h", sustained_memory_growth(s));
	value_set_number(memory, "slope_bytes_per_h", sustained_memory_slope(s));
}
