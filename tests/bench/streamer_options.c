#include "streamer_options.h"

#include <getopt.h>
#include <stdio.h>

#include "base/units.h"

#define TOKENS_MAX 1000000

static bool
parse_option(int name, const char *value, struct streamer_options *o)
{
	switch (name) {
	case 'p': return units_parse_count(value, &o->port) && o->port <= UINT16_MAX;
	case 'n': return units_parse_count(value, &o->tokens) && o->tokens > 0 && o->tokens <= TOKENS_MAX;
	case 'g': return units_parse_time_ns(value, &o->gap_ns) && o->gap_ns > 0;
	case 't': o->is_together = true; return true;
	default: return false;
	}
}

bool
streamer_options_parse(struct streamer_options *o, int argc, char **argv)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
		{"tokens", required_argument, NULL, 'n'}, {"gap", required_argument, NULL, 'g'},
		{"together", no_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	bool is_good = true;
	int name;

	*o = (struct streamer_options){.tokens = 100, .gap_ns = 20 * NS_PER_MS};
	while (is_good && (name = getopt_long(argc, argv, "", names, NULL)) != -1)
		is_good = parse_option(name, optarg, o);
	is_good = is_good && optind == argc;
	if (!is_good)
		fprintf(stderr, "usage: %s [--port N] [--tokens N] [--gap TIME] [--together]\n", argv[0]);
	return is_good;
}

int64_t
streamer_begin_ns(const struct streamer_options *o, int64_t at_ns)
{
	return o->is_together ? (at_ns / o->gap_ns + 1) * o->gap_ns : at_ns;
}
