/* times < "ZONE AFTER COUNT EXPRESSION" per line (AFTER in seconds since 1970; EXPRESSION may hold spaces): the next
 * COUNT times, in seconds, a line each; what is wrong as "! sentence". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "daemon/cron.h"

int
main(void)
{
	char line[512], zone_text[80];
	struct zone *zone = NULL;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct error err = {0};
		struct cron cron;
		int64_t at_s;
		int count, used;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%79s %" SCNd64 " %d %n", zone_text, &at_s, &count, &used) != 3)
			return 2;
		if (zone == NULL || strcmp(zone_name(zone), zone_text) != 0) {
			zone_close(zone);
			zone = zone_open(zone_text, NULL, &err);
		}
		if (zone == NULL || !cron_parse(line + used, &cron, &err)) {
			printf("! %s\n", err.message);
			continue;
		}
		for (int i = 0; i < count; i++) {
			at_s = cron_next_ns(&cron, zone, at_s * NS_PER_S) / NS_PER_S;
			printf("%" PRId64 "%s", at_s, i + 1 < count ? " " : "\n");
		}
	}
	zone_close(zone);
	return 0;
}
