#include "daemon/admission.h"

#include "campaign/reach.h"

bool
admission_init(struct admission *admission, const struct config *config, struct error *err)
{
	const char *const *entries = config->allow.items;

	*admission = (struct admission){.ceilings = {.rate_per_s = config->ceilings.rate_per_s,
						.users = config->ceilings.users,
						.connections = config->ceilings.connections,
						.duration_ns = config->ceilings.duration_ns},
		.sharing = config_sharing(config)};
	buf_init(&admission->allow_text, ALLOW_TEXT_MAX);
	for (size_t i = 0; i < config->allow.n; i++)
		buf_printf(&admission->allow_text, "%s%s", i > 0 ? ", " : "", entries[i]);
	if (config->allow.n == 0)
		buf_add_text(&admission->allow_text, ALLOW_DEFAULT);
	admission->allow = allow_parse(admission->allow_text.bytes, admission->allow_text.length, "allow", err);
	return admission->allow != NULL;
}

void
admission_fini(struct admission *admission)
{
	allow_free(admission->allow);
	buf_fini(&admission->allow_text);
	*admission = (struct admission){.allow = NULL};
}

bool
admission_check(const struct admission *admission, const struct sharing *sharing,
	const struct plan_experiment *experiment, const struct plan_suite *suite, struct error *err)
{
	if (!sharing_check(sharing, &admission->sharing, err))
		return false;
	if (experiment != NULL)
		return ceiling_check(&admission->ceilings, experiment, err) &&
		       reach_check(admission->allow, experiment, err);
	return ceiling_check_suite(&admission->ceilings, suite, err) && reach_check_suite(admission->allow, suite, err);
}
