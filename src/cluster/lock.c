#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/cluster_parts.h"

/* One run at a time has the agents. Its lock lives as long as its leader says so, and what says who led it until the
 * leader takes it away: what stands there when nobody has the lock was left by one that died. */
#define LOCK_KEPT_NS (10 * NS_PER_S)
#define LOCK_STEP_NS (3 * NS_PER_S)
#define LED_KEY "led"

void
cluster_name_run(struct cluster *cluster)
{
	char when[32], host[64] = "?";
	uint32_t lot = 0;

	CHECK_OP(getrandom(&lot, sizeof(lot), 0), ==, (long)sizeof(lot));
	gethostname(host, sizeof(host) - 1);
	snprintf(cluster->run, sizeof(cluster->run), "%.20s-%06x", wall_text_compact(wall_now_ns(), when, sizeof(when)),
		lot & 0xffffff);
	snprintf(cluster->lock, sizeof(cluster->lock), "%s, led by pid %d on %s", cluster->run, (int)getpid(), host);
}

/* The run's name is what stands before the comma. */
static bool
refuse_second(const struct cluster *cluster, const char *holder, struct error *err)
{
	int64_t age_ns = bus_age_ns(cluster->bus, LOCK_BUCKET, LOCK_KEY);
	char ago[48] = "";

	if (age_ns >= 0)
		snprintf(ago, sizeof(ago), ", heard of %lld s ago", (long long)(age_ns / NS_PER_S));
	log_error(
		"if that leader is gone, its agents end their load within 10 s, and 'brunt merge --nats %s %.*s' then "
		"brings out what they said",
		cluster->options->bus.url, (int)strcspn(holder, ","), holder);
	return error_set(err, "another run has the agents: %.80s%s", holder, ago);
}

static bool
note_leader(struct cluster *cluster, struct error *err)
{
	struct error ignored = {0};
	char *left = bus_get(cluster->bus, PROFILE_BUCKET, LED_KEY, &ignored);

	if (left != NULL)
		log_warn(
			"run %.80s, was left by its leader: 'brunt merge --nats %s %.*s' brings out what its agents said, "
			"which is kept for a day",
			left, cluster->options->bus.url, (int)strcspn(left, ","), left);
	free(left);
	return bus_put(cluster->bus, PROFILE_BUCKET, LED_KEY, cluster->lock, strlen(cluster->lock), err);
}

bool
lock_take(struct cluster *cluster, struct error *err)
{
	char holder[160];

	if (!bus_make_bucket(cluster->bus, LOCK_BUCKET, LOCK_KEPT_NS, err) ||
		!bus_make_bucket(cluster->bus, PROFILE_BUCKET, PROFILE_KEPT_NS, err))
		return false;
	if (!bus_put_new(cluster->bus, LOCK_BUCKET, LOCK_KEY, cluster->lock, holder, sizeof(holder), err))
		return error_is_set(err) ? false : refuse_second(cluster, holder, err);
	cluster->has_lock = true;
	cluster->locked_at_ns = bus_now_ns();
	return note_leader(cluster, err);
}

void
lock_keep(struct cluster *cluster)
{
	int64_t now_ns = bus_now_ns();

	if (!cluster->has_lock || now_ns - cluster->locked_at_ns < LOCK_STEP_NS)
		return;
	cluster->locked_at_ns = now_ns;
	bus_say(cluster->bus, "$KV." LOCK_BUCKET "." LOCK_KEY, NULL, NULL, cluster->lock, strlen(cluster->lock));
}

void
lock_release(struct cluster *cluster)
{
	if (!cluster->has_lock)
		return;
	lock_forget_leader(cluster->bus, cluster->run);
	bus_remove_if(cluster->bus, LOCK_BUCKET, LOCK_KEY, cluster->run);
}

void
lock_forget_leader(struct bus *bus, const char *run)
{
	bus_remove_if(bus, PROFILE_BUCKET, LED_KEY, run);
}
