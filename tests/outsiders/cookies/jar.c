/* jar HOST http|https: lines of "set NOW PATH FIELD" and "get NOW PATH"; for each of the latter, what a session would
 * send. For http.cookiejar to look at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "request/cookie_jar.h"

#define LINE_MOST 4096

int
main(int argc, char **argv)
{
	static char bytes[COOKIE_JAR_MAX], line[LINE_MOST], into[COOKIE_JAR_MAX + 1];
	struct cookie_jar jar = {.bytes = bytes};

	CHECK_OP(argc, ==, 3);
	const struct cookie_origin origin = {argv[1], strcmp(argv[2], "https") == 0};

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char verb[8], path[256];
		long long now_s;
		int n = 0;
		struct cookie cookie;

		CHECK(sscanf(line, "%7s %lld %255s %n", verb, &now_s, path, &n) == 3);
		const char *field = line + n;

		if (strcmp(verb, "get") == 0) {
			*cookie_jar_put(&jar, &origin, path, strlen(path), now_s, into) = '\0';
			puts(into);
		} else if (cookie_parse(&cookie, field, strcspn(field, "\n")))
			CHECK(cookie_jar_keep(
				&jar, &cookie, &origin, path, cookie_default_path(path, strlen(path)), now_s));
	}
	return 0;
}
