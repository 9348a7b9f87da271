#pragma once

#include "daemon/submission.h"

/* Whether a submission can be shared out as it is wished, by what `brunt run` itself would say to it. */
bool serve_may_share(const struct submission *submission, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err);
