/* What brunt makes of expositions, for outsiders to judge.
 *
 *   witness read text|openmetrics STEP   stdin: one exposition, given in pieces of this size; stdout: each sample as a
 *                                        line of JSON, [name, {label: value}, value, time], where what JSON has no
 *                                        number for is a text or null; then "end", or "refused: …"
 *   witness take KIND OVER METRIC LABELS FILE…   expositions of the text format, 60 s apart; stdout: the figure that
 *                                        each leaves, or the state why there is none. KIND: value, rate, or a
 *                                        quantile; LABELS: NAME=VALUE,… or none */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "measure/json.h"
#include "sampler/harvest.h"

#define INPUT_MAX ((size_t)64 * 1024 * 1024)

static void
add_number(struct buf *into, double number)
{
	char text[64];

	if (isnan(number))
		json_add_null(into, NULL);
	else {
		snprintf(text, sizeof(text), "%.17g", number);
		json_add_text(into, NULL, text);
	}
}

static char *
text_of(const struct exposition_text *text)
{
	char *copy = must_alloc(text->length + 1);

	memcpy(copy, text->bytes, text->length);
	return copy;
}

static void
print_sample(void *context, const struct exposition_sample *sample)
{
	struct buf line;
	char *name = text_of(&sample->name);

	(void)context;
	buf_init(&line, INPUT_MAX);
	json_open(&line, NULL, '[');
	json_add_text(&line, NULL, name);
	free(name);
	json_open(&line, NULL, '{');
	for (size_t i = 0; i < sample->labels_n; i++) {
		char *label = text_of(&sample->labels[i].name), *value = text_of(&sample->labels[i].value);

		json_add_text(&line, label, value);
		free(label);
		free(value);
	}
	json_close(&line, '}');
	add_number(&line, sample->value);
	add_number(&line, sample->time_s);
	json_close(&line, ']');
	puts(line.bytes);
	buf_fini(&line);
}

static int
read_one(enum exposition_format format, size_t step)
{
	struct exposition exposition;
	struct error err = {0};
	char *piece = must_alloc(step);
	size_t n;
	bool is_good = true;

	exposition_init(&exposition, print_sample, NULL);
	exposition_begin(&exposition, format);
	while (is_good && (n = fread(piece, 1, step, stdin)) > 0)
		is_good = exposition_read(&exposition, piece, n, &err);
	if (is_good)
		is_good = exposition_end(&exposition, &err);
	printf("%s%s\n", is_good ? "end" : "refused: ", err.message);
	exposition_fini(&exposition);
	free(piece);
	return 0;
}

static void
give(void *context, const struct exposition_sample *sample)
{
	harvest_add(context, sample);
}

static void
take_file(struct harvest *harvest, const char *path, int64_t at_ns)
{
	struct exposition exposition;
	struct harvested harvested;
	struct error err = {0};
	size_t length;
	char *text = file_read(path, INPUT_MAX, &length, &err);

	CHECK(text != NULL);
	exposition_init(&exposition, give, harvest);
	exposition_begin(&exposition, EXPOSITION_TEXT);
	harvest_begin(harvest, EXPOSITION_TEXT);
	CHECK(exposition_read(&exposition, text, length, &err) && exposition_end(&exposition, &err));
	harvest_end(harvest, at_ns, &harvested);
	if (harvested.state == HARVEST_GOOD)
		printf("%.17g\n", harvested.value);
	else
		printf("%s\n", harvest_state_texts[harvested.state]);
	exposition_fini(&exposition);
	free(text);
}

static int
take(char **arguments, int n)
{
	static const char *const ways[] = {"sum", "avg", "max", "min"};
	struct plan_matcher matchers[16];
	struct plan_scraped plan = {.metric = arguments[2], .matchers = matchers};
	const struct plan_endpoint endpoint = {.list = &plan, .n = 1};

	if (strcmp(arguments[0], "rate") == 0)
		plan.kind = SCRAPED_RATE;
	else if (strcmp(arguments[0], "value") != 0) {
		plan.kind = SCRAPED_QUANTILE;
		plan.quantile = strtod(arguments[0], NULL);
	}
	while (strcmp(ways[plan.over], arguments[1]) != 0)
		plan.over++;
	for (char *label = arguments[3], *next; label[0] != '\0'; label = next) {
		char *equals = strchr(label, '=');

		next = label + strcspn(label, ",");
		next += *next == ',' ? (*next = '\0', 1) : 0;
		CHECK(equals != NULL && plan.matchers_n < ARRAY_LEN(matchers));
		*equals = '\0';
		matchers[plan.matchers_n++] = (struct plan_matcher){label, equals + 1};
	}
	struct harvest *harvest = harvest_new(&endpoint);

	for (int i = 4; i < n; i++)
		take_file(harvest, arguments[i], i * 60 * NS_PER_S);
	harvest_free(harvest);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "read") == 0)
		return read_one(strcmp(argv[2], "text") == 0 ? EXPOSITION_TEXT : EXPOSITION_OPENMETRICS,
			strtoul(argv[3], NULL, 10));
	if (argc > 6 && strcmp(argv[1], "take") == 0)
		return take(argv + 2, argc - 2);
	fprintf(stderr, "witness read text|openmetrics STEP, or witness take KIND OVER METRIC LABELS FILE...\n");
	return 2;
}
