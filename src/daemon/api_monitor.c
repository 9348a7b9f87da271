#include <stdlib.h>

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
	const char *last = httpd_request_header(call->request, "last-event-id");

	if (!monitor_is_on(monitor))
		api_answer_sentence(call, 409, "nobody is watched without load; brunt.yaml says whom by `monitor`");
	else if (!relay_watch(monitor_relay(monitor), call->request, last != NULL ? strtoull(last, NULL, 10) : 0))
		api_answer_sentence(call, 503, "as many watch this as may");
	else
		api_hand_over(call);
}
