#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the levels of a load say together, as data: written by judge/, read by report/. */

/* In flight, measured by the integral over the window, against what the times of the exchanges add up to (Little 1961):
 * two accounts of the same thing that are kept apart. `most` counts what waited for the cap, too, `least` only the
 * server's time; slack is what may lie across the window's edges. */
struct little {
	bool is_checked; /* else some never ended, or nothing did */
	double in_flight, least, most, slack;
	bool holds;
};

/* One level. NAN: not known. */
struct curve_point {
	uint32_t level;
	double load;      /* offered, per second or users */
	double in_flight; /* mean */
	double achieved_per_s;
	double p95_ns;
	double memory_bytes; /* mean */
	bool has_died;       /* the target crashed in it or ran out of memory */
	struct little little;
};

/* Gunther's Universal Scalability Law: X(N) = λN / (1 + σ(N − 1) + κN(N − 1)). */
struct usl {
	char why_not[120]; /* why there is none; empty: below holds */
	size_t points;
	bool in_users;                        /* N: users, else requests in flight */
	double lambda, sigma, kappa;          /* throughput of one, contention, coherency */
	double lambda_se, sigma_se, kappa_se; /* standard errors; NAN: at its bound of 0 */
	double r_squared, residual;           /* residual: standard error over the mean throughput */
	double peak_load, peak_per_s;         /* where throughput is the highest; NAN: none can be told */
	double limit_per_s;                   /* what it tends to without a peak; NAN: none */
	char no_peak[120];                    /* why there is none; empty: there is one */
};

/* Where response P95 begins to rise faster than the load (Kneedle). */
struct knee {
	char why_not[120]; /* empty: below holds */
	uint32_t level;
	double load, p95_ns;
	double difference; /* of the normalised curve from the diagonal, 0..1: how sharp it is */
};

/* memory = idle + per_load × load, least squares over the levels. */
struct memory_fit {
	char why_not[120]; /* empty: below holds */
	size_t points;
	bool in_users;
	double idle_bytes;     /* of the fit, at no load */
	double per_load_bytes; /* per user, or per request/s */
	double per_load_ci[2]; /* 95% */
	double r_squared, residual_bytes;
	double measured_idle_bytes;   /* before the load; NAN: not watched then */
	double most_bytes, most_load; /* the highest level's */
	double above_idle_bytes;      /* most − idle, the measured one where it is known */
	double above_idle_share;      /* of idle */
};

static inline bool
memory_fit_is_known(const struct memory_fit *fit)
{
	return fit->points > 0 && fit->why_not[0] == '\0';
}

struct load_curve {
	bool is_known; /* the load had levels */
	struct usl usl;
	struct knee knee;
	struct memory_fit memory;
	size_t little_checked, little_off;
	struct little worst; /* of those that do not hold, the farthest off … */
	uint32_t worst_level;
};
