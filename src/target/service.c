#include "target/service.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"

#define SERVICE_MAX_NS (3600 * NS_PER_S)
#define SIGMA_MAX 5.0
#define SERVICE_FORM "write 5ms, exponential:5ms (mean) or lognormal:5ms:0.5 (median, sigma)"

static bool
parse_scale(const char *text, const char *whole, int64_t *ns, struct error *err)
{
	int64_t value;

	if (!units_parse_time_ns(text, &value) || value > SERVICE_MAX_NS)
		return error_set(err, "'%s' is not a service time up to 1h; " SERVICE_FORM, whole);
	*ns = value;
	return true;
}

static bool
parse_lognormal(const char *text, const char *whole, struct service *service, struct error *err)
{
	char median[32], *end;
	const char *colon = strchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof(median))
		return error_set(err, "'%s' lacks its sigma; " SERVICE_FORM, whole);
	snprintf(median, sizeof(median), "%.*s", (int)(colon - text), text);
	double sigma = strtod(colon + 1, &end);

	if (end == colon + 1 || *end != '\0' || !(sigma >= 0 && sigma <= SIGMA_MAX))
		return error_set(err, "'%s': sigma is a number from 0 to 5; " SERVICE_FORM, whole);
	service->kind = SERVICE_LOGNORMAL;
	service->sigma = sigma;
	return parse_scale(median, whole, &service->scale_ns, err);
}

bool
service_parse(const char *text, struct service *service, struct error *err)
{
	struct service s = {.kind = SERVICE_CONSTANT};
	bool is_good;

	if (strncmp(text, "lognormal:", 10) == 0) {
		is_good = parse_lognormal(text + 10, text, &s, err);
	} else if (strncmp(text, "exponential:", 12) == 0) {
		s.kind = SERVICE_EXPONENTIAL;
		is_good = parse_scale(text + 12, text, &s.scale_ns, err);
	} else {
		is_good = parse_scale(strncmp(text, "constant:", 9) == 0 ? text + 9 : text, text, &s.scale_ns, err);
	}
	if (is_good)
		*service = s;
	return is_good;
}

/* Box and Muller: a standard normal number from two uniform ones. */
double
service_normal_at(uint64_t seed, enum target_stream radius, enum target_stream angle, uint64_t k)
{
	return sqrt(-2 * log(rng_unit_at(seed, radius, k))) * cos(2 * M_PI * rng_unit_at(seed, angle, k));
}

int64_t
service_ns(const struct service *s, uint64_t seed, uint64_t k)
{
	double scale = (double)s->scale_ns;
	double ns = 0; // NOLINT(clang-analyzer-deadcode.DeadStores): gcc does not see that the switch is exhaustive

	switch (s->kind) {
	case SERVICE_CONSTANT: ns = scale; break;
	case SERVICE_EXPONENTIAL: ns = -scale * log(rng_unit_at(seed, TARGET_STREAM_SERVICE, k)); break;
	case SERVICE_LOGNORMAL:
		ns = scale *
		     exp(s->sigma * service_normal_at(seed, TARGET_STREAM_SERVICE, TARGET_STREAM_SERVICE_ANGLE, k));
		break;
	}
	return ns < (double)SERVICE_MAX_NS ? (int64_t)(ns + 0.5) : SERVICE_MAX_NS;
}

double
service_mean_ns(const struct service *s)
{
	double scale = (double)s->scale_ns;

	return s->kind == SERVICE_LOGNORMAL ? scale * exp(s->sigma * s->sigma / 2) : scale;
}
