#include "daemon/api_parts.h"
#include "daemon/monitor.h"

void
api_monitor_show(struct api_call *call)
{
	monitor_show(api_config_of(call)->monitor, &call->text);
	api_answer_json(call, 200, &call->text);
}

void
api_monitor_watch(struct api_call *call)
{
	const struct monitor *monitor = api_config_of(call)->monitor;

	if (monitor_is_on(monitor))
		api_watch(call, monitor_relay(monitor), "as many watch this as may");
	else
		api_answer_sentence(call, 409, "nobody is watched without load; brunt.yaml says whom by `monitor`");
}
