#include "engine/refresh.h"

#include "base/log.h"
#include "base/units.h"

/* Whose name is looked up for it: its own, or the proxy's. */
static const struct plan_url *
way_to(const struct plan_target *target, size_t backend)
{
	return plan_has_proxy(target) ? &target->proxy.url
				      : &((const struct plan_backend *)target->backends.items)[backend].url;
}

static const struct plan_url *
url_of(const struct refresh *refresh, size_t name)
{
	return way_to(&refresh->plan->target, refresh->backend_of[name]);
}

static void
note_failure(struct refresh *refresh, size_t name, const char *why)
{
	recorder_add_lookup(refresh->recorder, refresh->backend_of[name], -1, false);
	if (!refresh->is_failing[name])
		log_warn("%s; the addresses that were known before stay in use", why);
	refresh->is_failing[name] = true;
}

static void
note_addresses(struct refresh *refresh, size_t name, const struct addresses *addresses)
{
	uint32_t backend = refresh->backend_of[name];
	bool has_changed = pool_list_addresses(&refresh->backends->pools[backend], addresses);

	recorder_add_lookup(refresh->recorder, backend, addresses->took_ns, has_changed);
	if (has_changed) {
		log_info("'%s' stands for other addresses: %zu now", url_of(refresh, name)->host, addresses->n);
		addresses_tell_beyond(addresses, url_of(refresh, name)->host);
	} else if (refresh->is_failing[name])
		log_info("'%s' is found again", url_of(refresh, name)->host);
	refresh->is_failing[name] = false;
}

static void
refresh_on_found(void *context, const struct resolver_found *found)
{
	struct refresh *refresh = context;
	struct addresses addresses = found->addresses;

	sources_filter(refresh->sources, &addresses);
	if (found->is_good && addresses.n > 0)
		note_addresses(refresh, found->name, &addresses);
	else if (found->is_good)
		note_failure(refresh, found->name,
			"target.url: no address is of the family (IPv4 or IPv6) of target.source_addresses any more");
	else
		note_failure(refresh, found->name, found->why.message);
}

void
refresh_init(struct refresh *refresh, const struct plan *plan, uv_loop_t *loop, struct backends *backends,
	struct recorder *recorder, const struct sources *sources, const struct addresses *first)
{
	const struct plan_target *target = &plan->target;
	const struct plan_url *names[PLAN_BACKENDS_MAX];

	*refresh = (struct refresh){.plan = plan,
		.backends = backends,
		.recorder = recorder,
		.sources = sources,
		.is_closed = true,
		.next_ns = target->dns_refresh_ns};
	for (size_t i = 0; i < target->backends.n && target->connect_to.n == 0; i++)
		if (address_is_looked_up(way_to(target, i))) {
			recorder_add_lookup(recorder, (uint32_t)i, first[i].took_ns, false);
			refresh->backend_of[refresh->n] = (uint32_t)i;
			names[refresh->n++] = way_to(target, i);
		}
	if (refresh->n == 0 || target->dns_refresh_ns == 0)
		return;
	refresh->is_closed = false;
	refresh->resolver = resolver_new(&(struct resolver_config){.loop = loop,
		.names = names,
		.names_n = refresh->n,
		.look_up = addresses_resolve,
		.on_found = refresh_on_found,
		.context = refresh});
}

void
refresh_turn(struct refresh *refresh, int64_t now_ns)
{
	char why[320], every[32];

	if (refresh->resolver == NULL || now_ns < refresh->next_ns)
		return;
	refresh->next_ns = now_ns + refresh->plan->target.dns_refresh_ns;
	if (resolver_ask(refresh->resolver))
		return;
	/* Some are answered meanwhile, and the answer to the others comes when it comes. */
	snprintf(why, sizeof(why), "target.url: looking up '%s' takes longer than the %s until the next time",
		url_of(refresh, refresh->n - 1)->host,
		units_time_text(refresh->plan->target.dns_refresh_ns, every, sizeof(every)));
	note_failure(refresh, refresh->n - 1, why);
}

void
refresh_close(struct refresh *refresh)
{
	if (refresh->resolver != NULL)
		resolver_close(refresh->resolver, &refresh->is_closed);
	refresh->resolver = NULL;
}
