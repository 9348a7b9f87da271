#include "campaign/reach.h"

#include "plan/canary.h"
#include "plan/course.h"
#include "plan/scrape.h"

static bool
check_fixed(const struct allow *allow, const struct plan_target *target, struct error *err)
{
	const struct plan_address *list = target->connect_to.items;
	char shown[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < target->connect_to.n; i++) {
		struct address address = address_of_plan(&list[i], target->url.port);

		if (!allow_has_address(allow, NULL, &address))
			return error_set(err, "target.connect_to: %s is not in the operator's allowlist",
				address_text(&address, shown, sizeof(shown)));
	}
	return true;
}

static bool
check_proxy(const struct allow *allow, const struct plan_target *target, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;

	if (!allow_check_url(allow, &target->proxy.url, err))
		return false;
	for (size_t i = 0; i < target->backends.n; i++)
		if (!allow_has_name(allow, backends[i].url.host, backends[i].url.port))
			return error_set(err,
				"target.url: '%s' is not in the operator's allowlist as it is written, and a proxy connects to "
				"whatever it stands for",
				backends[i].url.authority);
	return true;
}

static bool
check_target(const struct allow *allow, const struct plan_target *target, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;

	if (plan_has_proxy(target))
		return check_proxy(allow, target, err);
	if (target->connect_to.n > 0)
		return check_fixed(allow, target, err);
	for (size_t i = 0; i < target->backends.n; i++)
		if (!allow_check_url(allow, &backends[i].url, err))
			return false;
	return true;
}

static bool
check_fetch(const struct allow *allow, const struct plan_fetch *fetch, struct error *err)
{
	return fetch == NULL || fetch->place.shown == NULL || allow_check_url(allow, &fetch->place.url, err);
}

static bool
check_beside(const struct allow *allow, const struct plan *plan, struct error *err)
{
	const struct plan_course *course = plan->course;

	if (!check_fetch(allow, &course->ready.fetch, err) || !check_fetch(allow, plan->output.push.fetch, err))
		return false;
	for (size_t i = 0; i < course->actions_n; i++)
		if (course->actions[i].kind == ACTION_FETCH && !check_fetch(allow, &course->actions[i].fetch, err))
			return false;
	for (size_t i = 0; i < course->probes_n; i++)
		if (!check_fetch(allow, &course->probes[i].fetch, err))
			return false;
	for (size_t i = 0; i < plan->scrape.endpoints_n; i++)
		if (!check_fetch(allow, &plan->scrape.endpoints[i].fetch, err))
			return false;
	return true;
}

static bool
check_canary(const struct allow *allow, const struct plan_canary *canary, struct error *err)
{
	return canary == NULL ||
	       (check_fetch(allow, &canary->promote.fetch, err) && check_fetch(allow, &canary->rollback.fetch, err));
}

bool
reach_check(const struct allow *allow, const struct plan_experiment *experiment, struct error *err)
{
	bool is_good = check_canary(allow, experiment->canary, err);

	for (size_t i = 0; is_good && i < experiment->arms_n; i++)
		is_good = check_target(allow, &experiment->arms[i].plan->target, err) &&
			  check_beside(allow, experiment->arms[i].plan, err);
	return is_good || error_place(err, experiment->arms[0].plan->path, 0, 0);
}

bool
reach_check_suite(const struct allow *allow, const struct plan_suite *suite, struct error *err)
{
	for (size_t i = 0; i < suite->items_n; i++)
		if (!reach_check(allow, suite->items[i].experiment, err))
			return false;
	return true;
}
