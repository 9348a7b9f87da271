#include "request/feed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "measure/utf8.h"
#include "plan/names.h"
#include "request/feed_column.h"
#include "request/feed_format.h"
#include "request/feed_weights.h"
#include "request/prompt.h"

struct feeds {
	struct feed *feeds;
	size_t n;
};

#define FORMAT(NAME, name) extern const struct feed_format feed_##name;
#include "request/feed_formats.def"
#undef FORMAT

const struct feed_format *
feed_format_of(const struct plan_feed *plan)
{
	static const struct feed_format *const formats[] = {
#define FORMAT(NAME, name) [FEED_FORMAT_##NAME] = &feed_##name,
#include "request/feed_formats.def"
#undef FORMAT
	};

	return plan->file != NULL ? formats[plan->format] : NULL;
}

void
feed_add_row(struct feed *feed, size_t at)
{
	if (feed->rows_n == feed->rows_capacity) {
		feed->rows_capacity = feed->rows_capacity > 0 ? 2 * feed->rows_capacity : 1024;
		feed->rows = must_realloc(feed->rows, feed->rows_capacity * sizeof(*feed->rows));
	}
	feed->rows[feed->rows_n++] = at;
}

bool
feed_error_at(const struct feed *feed, size_t at, struct error *err, const char *format, ...)
{
	size_t line = 1, column = 1;
	char message[sizeof(err->message)];
	va_list args;

	for (size_t i = 0; i < at && i < feed->length; i++) {
		bool continues = (feed->text[i] & 0xc0) == 0x80; /* columns count characters */

		column = feed->text[i] == '\n' ? 1 : column + !continues;
		line += feed->text[i] == '\n';
	}
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_at(err, feed->plan->file, line, column, "%s", message);
}

bool
feed_no_column(const struct feed *feed, const struct feed_path *path, const char *const *names, size_t names_n,
	struct error *err)
{
	struct names list = {.n = 0};
	char advice[512], word[80];

	snprintf(word, sizeof(word), "%.*s", (int)(path->length < 64 ? path->length : 64), path->name);
	for (size_t i = 0; i < names_n; i++)
		names_add(&list, names[i]);
	return error_set(err, "'${%s.%s}': %s has no column '%s'%s", feed->plan->name, word, feed->plan->shown, word,
		names_advice(&list, word, advice, sizeof(advice)));
}

size_t
feed_begin(const struct feed *feed)
{
	return strncmp(feed->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Eight bytes at once: none is NUL, and none begins or goes on with a longer character (the trick with the carries is
 * Mycroft's, 1987). */
static bool
are_ascii(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	uint64_t eight;

	memcpy(&eight, text, sizeof(eight));
	return ((eight | (eight - ones)) & tops) == 0;
}

bool
feed_check_utf8(const struct feed *feed, struct error *err)
{
	for (size_t i = 0; i < feed->length;) {
		if (feed->length - i >= 8 && are_ascii(feed->text + i)) {
			i += 8;
			continue;
		}
		size_t n = utf8_length(feed->text + i, feed->length - i);

		if (n == 0)
			return feed_error_at(
				feed, i, err, "this is not UTF-8 (byte 0x%02X)", (unsigned char)feed->text[i]);
		if (feed->text[i] == '\0')
			return feed_error_at(feed, i, err, "a NUL byte, which no text holds");
		i += n;
	}
	return true;
}

static bool
feed_read(struct feed *feed, struct error *err)
{
	feed->text = file_read(feed->plan->file, FEED_FILE_CEILING, &feed->length, err);
	if (feed->text == NULL)
		return error_place(err, feed->plan->profile, feed->plan->line, feed->plan->column);
	if (!feed->format->index(feed, err))
		return false;
	if (feed->rows_n == 0)
		return error_at(err, feed->plan->file, 0, 0, "there is no row in it%s",
			feed->skipped > 0   ? " that could be used"
			: feed->length == 0 ? ": it is empty"
					    : "");
	if (feed->plan->order == FEED_ZIPF)
		zipf_init(&feed->zipf, feed->rows_n, feed->plan->exponent);
	return feed->plan->weights == NULL || feed_weigh(feed, err);
}

struct feeds *
feeds_new(const struct plan_data *data, struct error *err)
{
	struct feeds *feeds = must_calloc(1, sizeof(*feeds));

	feeds->feeds = must_calloc(data->n + 1, sizeof(*feeds->feeds));
	for (size_t i = 0; i < data->n; i++) {
		struct feed *feed = &feeds->feeds[feeds->n++];

		feed->plan = &data->feeds[i];
		feed->format = feed_format_of(feed->plan);
		feed->index = (unsigned)i;
		feed->scenario = FEED_OF_NOBODY;
		if (feed->format == NULL)
			feed->prompt = prompt_new(feed->plan, feed->index);
		else if (!feed_read(feed, err)) {
			feeds_free(feeds);
			return NULL;
		}
	}
	return feeds;
}

static void
feed_settle(struct feed *feed)
{
	free(feed->text);
	free(feed->rows);
	free(feed->header);
	feed->text = NULL;
	feed->rows = NULL;
	feed->header = NULL;
}

void
feeds_settle(struct feeds *feeds)
{
	for (size_t i = 0; i < feeds->n; i++)
		feed_settle(&feeds->feeds[i]);
}

void
feeds_free(struct feeds *feeds)
{
	if (feeds == NULL)
		return;
	feeds_settle(feeds);
	for (size_t i = 0; i < feeds->n; i++) {
		feed_free_columns(&feeds->feeds[i]);
		prompt_free(feeds->feeds[i].prompt);
		free(feeds->feeds[i].weights_until);
	}
	free(feeds->feeds);
	free(feeds);
}

struct feed *
feeds_find(struct feeds *feeds, const char *name, size_t length)
{
	for (size_t i = 0; i < feeds->n; i++)
		if (strlen(feeds->feeds[i].plan->name) == length &&
			memcmp(feeds->feeds[i].plan->name, name, length) == 0)
			return &feeds->feeds[i];
	return NULL;
}

void
feed_note_use(struct feed *feed, uint32_t scenario)
{
	feed->is_of_several |= feed->scenario != FEED_OF_NOBODY && feed->scenario != scenario;
	feed->scenario = scenario;
}

bool
feeds_rows_most(const struct feeds *feeds, uint32_t scenario, uint64_t *most, struct error *err)
{
	*most = UINT64_MAX;
	for (size_t i = 0; i < feeds->n; i++) {
		const struct feed *feed = &feeds->feeds[i];

		if (feed->plan->file == NULL || feed->plan->order != FEED_UNIQUE)
			continue;
		if (feed->is_of_several)
			return error_at(err, feed->plan->profile, feed->plan->line, feed->plan->column,
				"data: several scenarios take rows of '%s', which is unique: each row would be used more "
				"than once; give each scenario a file of its own",
				feed->plan->name);
		if (feed->scenario == scenario && feed->rows_n < *most)
			*most = feed->rows_n;
	}
	return true;
}

struct feed *
feeds_at(struct feeds *feeds, size_t i)
{
	CHECK_OP(i, <, feeds->n);
	return &feeds->feeds[i];
}

const struct plan_feed *
feed_plan(const struct feed *feed)
{
	return feed->plan;
}

struct prompt *
feed_prompt(struct feed *feed)
{
	return feed->prompt;
}

size_t
feed_rows(const struct feed *feed)
{
	return feed->rows_n;
}

size_t
feed_skipped(const struct feed *feed)
{
	return feed->skipped;
}
