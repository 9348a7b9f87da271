#include "reader/framing.h"

#include <string.h>

#include "base/check.h"
#include "reader/reader.h"

void
framing_init(struct framing *f, const struct framing_ops *ops, struct buf *scratch)
{
	*f = (struct framing){.ops = ops, .scratch = scratch, .is_first_line = true};
}

void
framing_give(struct framing *f, const char *bytes, size_t length)
{
	CHECK(f->at == f->end || f->is_too_large);
	f->at = bytes;
	f->end = bytes + length;
	f->lf = f->cr = NULL;
}

/* The next c from here on, or the end: each byte of a read is looked at once for each c, however many lines it holds.
 */
static const char *
next_of(const struct framing *f, const char **known, char c)
{
	if (*known == NULL || *known < f->at) {
		*known = memchr(f->at, c, (size_t)(f->end - f->at));
		if (*known == NULL)
			*known = f->end;
	}
	return *known;
}

static const char *
line_end(struct framing *f, bool is_cr_end)
{
	const char *lf = next_of(f, &f->lf, '\n');

	if (!is_cr_end)
		return lf;
	const char *cr = next_of(f, &f->cr, '\r');

	return cr < lf ? cr : lf;
}

/* What ends in a read to come. */
static bool
keep(struct framing *f, const void *bytes, size_t length)
{
	if (!buf_add(f->scratch, bytes, length))
		f->is_too_large = true;
	return !f->is_too_large;
}

/* The read is used up: what of it is still needed goes to the scratch buffer, data first. */
static void
keep_rest(struct framing *f, char comment)
{
	if (f->has_data && !f->is_kept) {
		f->is_kept = true;
		keep(f, f->data, f->data_length);
	}
	if (f->at == f->end || f->is_too_large)
		return;
	if (!f->is_partial && *f->at == comment && comment != '\0')
		f->skips_line = true;
	if (!f->skips_line) {
		if (!f->is_partial)
			f->partial_at = f->scratch->length;
		f->is_partial = true;
		keep(f, f->at, (size_t)(f->end - f->at));
	}
	f->at = f->end;
}

/* The same sum as where the pieces of a line meet in the scratch buffer, so that no verdict depends on the cuts. */
static bool
fits(struct framing *f, const struct framing_line *line, char comment)
{
	if (comment != '\0' && line->length > 0 && line->text[0] == comment)
		return true;
	if (line->length + (f->has_data ? f->data_length : 0) > READER_SCRATCH_MAX)
		f->is_too_large = true;
	return !f->is_too_large;
}

bool
framing_take_line(struct framing *f, bool is_cr_end, char comment, struct framing_line *line)
{
	while (!f->is_too_large) {
		if (f->skips_lf && f->at < f->end) {
			f->at += *f->at == '\n';
			f->skips_lf = false;
		}
		const char *from = f->at, *end = f->at < f->end ? line_end(f, is_cr_end) : f->end;

		if (end == f->end) {
			keep_rest(f, comment);
			return false;
		}
		f->at = end + 1;
		f->skips_lf = *end == '\r';
		if (f->skips_line) {
			f->skips_line = false;
			f->is_first_line = false;
			continue;
		}
		*line = (struct framing_line){from, (size_t)(end - from), f->is_partial};
		if (f->is_partial) {
			f->is_partial = false;
			if (!keep(f, from, line->length))
				return false;
			line->text = f->scratch->bytes + f->partial_at;
			line->length = f->scratch->length - f->partial_at;
		}
		return fits(f, line, comment);
	}
	return false;
}
