#pragma once

#include "base/buf.h"
#include "campaign/ceiling.h"
#include "daemon/config.h"
#include "daemon/sharing.h"
#include "net/allow.h"

/* What the operator lets anybody ask for, whoever submits it: whom to connect to, and how much of it. */
struct admission {
	struct allow *allow;
	struct buf allow_text; /* as --allow takes it */
	struct ceilings ceilings;
	struct sharing_ceilings sharing;
};

/* Of the configuration. False with err set; admission_fini is needed in either case. */
bool admission_init(struct admission *admission, const struct config *config, struct error *err);
void admission_fini(struct admission *admission); /* of a zeroed one: nothing */

/* Of experiment and suite one is NULL. False with err set: what is more than is let. */
bool admission_check(const struct admission *admission, const struct sharing *sharing,
	const struct plan_experiment *experiment, const struct plan_suite *suite, struct error *err);
