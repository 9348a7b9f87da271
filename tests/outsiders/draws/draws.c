/* draws zipf N EXPONENT SEED HOW_MANY: ranks as request/ draws them, one per line, for scipy to look at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "request/zipf.h"

int
main(int argc, char **argv)
{
	struct zipf zipf;

	CHECK_OP(argc, ==, 6);
	CHECK(strcmp(argv[1], "zipf") == 0);
	zipf_init(&zipf, strtoull(argv[2], NULL, 10), strtod(argv[3], NULL));
	for (uint64_t k = 0, n = strtoull(argv[5], NULL, 10); k < n; k++)
		printf("%llu\n",
			(unsigned long long)zipf_draw(&zipf, rng_at(strtoull(argv[4], NULL, 10), RNG_DATA, k)));
	return 0;
}
