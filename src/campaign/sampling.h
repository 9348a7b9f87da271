#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/background.h"
#include "sampler/sampler.h"

/* Reads one sampler every so often, in the thread pool, one reading at a time: a slow one is waited for, never doubled.
 */
struct sampling {
	struct sampler *sampler;
	uv_timer_t timer;
	struct background_work work;
	struct reading reading;
	bool is_reading, is_stopping, is_closed;
	void (*on_reading)(void *context, const struct sampling *sampling, const struct reading *reading);
	void *context;
};

void sampling_start(struct sampling *sampling, uv_loop_t *loop, struct sampler *sampler, int64_t every_ns,
	void (*on_reading)(void *, const struct sampling *, const struct reading *), void *context);
/* is_closed once a later loop turn has ended it; the sampler itself is the caller's to close then. */
void sampling_stop(struct sampling *sampling);
