#include "campaign/sampling.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"
#include "campaign/background.h"

static void
sampling_on_closed(uv_handle_t *handle)
{
	struct sampling *sampling = container_of((uv_timer_t *)handle, struct sampling, timer);

	sampling->is_closed = true;
}

static void
sampling_close_if_idle(struct sampling *sampling)
{
	if (sampling->is_stopping && !sampling->is_reading)
		uv_close((uv_handle_t *)&sampling->timer, sampling_on_closed);
}

static void
sampling_work(struct background_work *work)
{
	struct sampling *sampling = container_of(work, struct sampling, work);

	for (size_t i = 0; i < GAUGE_COUNT; i++)
		sampling->reading.values[i] = NAN;
	sampling->sampler->ops->read(sampling->sampler, &sampling->reading);
}

static void
sampling_after_work(struct background_work *work, int status)
{
	struct sampling *sampling = container_of(work, struct sampling, work);

	sampling->is_reading = false;
	if (status == 0 && !sampling->is_stopping)
		sampling->on_reading(sampling->context, sampling, &sampling->reading);
	sampling_close_if_idle(sampling);
}

static void
sampling_on_timer(uv_timer_t *timer)
{
	struct sampling *sampling = container_of(timer, struct sampling, timer);

	if (sampling->is_reading || sampling->is_stopping)
		return;
	sampling->is_reading = true;
	background_queue(timer->loop, &sampling->work, sampling_work, sampling_after_work);
}

void
sampling_start(struct sampling *sampling, uv_loop_t *loop, struct sampler *sampler, int64_t every_ns,
	void (*on_reading)(void *, const struct sampling *, const struct reading *), void *context)
{
	uint64_t every_ms = (uint64_t)(every_ns / NS_PER_MS);

	*sampling = (struct sampling){.sampler = sampler, .on_reading = on_reading, .context = context};
	CHECK_OP(uv_timer_init(loop, &sampling->timer), ==, 0);
	CHECK_OP(uv_timer_start(&sampling->timer, sampling_on_timer, 0, every_ms), ==, 0);
}

void
sampling_stop(struct sampling *sampling)
{
	sampling->is_stopping = true;
	uv_timer_stop(&sampling->timer);
	sampling_close_if_idle(sampling);
}
