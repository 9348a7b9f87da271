#pragma once

#include <uv.h>

#include "campaign/background.h"
#include "campaign/cap_files.h"
#include "sampler/sampler.h"

/* A cap on the target's cgroup for a while (`at: [{at: 10s, cap: {cpu: 0.5}, for: 20s}]`): put there, and lifted again,
 * in the thread pool. One that is ended is lifted first; only a brunt that is killed leaves its cap behind. */
struct cap_config {
	const struct plan_cap *plan;
	int64_t for_ns;               /* 0: until it is ended */
	struct sampler_config target; /* whose cgroup; pid 0 and no watch: nobody runs */
	/* It was lifted, or never stood: err is set if something went wrong. From a later loop turn, once. */
	void (*on_over)(void *context, const struct error *err);
	void *context;
};

struct cap {
	struct cap_config config;
	struct background_work work;
	uv_timer_t timer;
	struct cap_files files;
	struct error err;
	bool stands, is_working, is_ending;
	bool is_open, is_closed; /* its memory may be reused where it was never open, or is closed */
};

void cap_begin(struct cap *cap, uv_loop_t *loop, const struct cap_config *config);
/* on_over will tell. Nothing where it is over, or never began. */
void cap_end(struct cap *cap);
