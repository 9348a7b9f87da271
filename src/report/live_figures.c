#include "report/live_figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/families.h"
#include "report/influx.h"

static const char *const names[] = {
#define LIVE(name, is_counter, value) #name,
#include "report/live_figures.def"
#undef LIVE
};

static double
seconds_of(int64_t ns)
{
	return ns >= 0 ? (double)ns / 1e9 : NAN;
}

void
live_moment_take(struct live_moment *into, const struct summary *summary, int64_t at_wall_ns)
{
	const struct series *series = &summary->series;
	const struct counts *counts = &summary->everything.counts;

	into->at_wall_ns = at_wall_ns;
	for (size_t i = 0; i < LIVE_COUNT + SCRAPED_MAX; i++)
		into->values[i] = NAN;
	if (series->n == 0)
		return;
	const struct series_row *row = &series->rows[series->n - 1];
	const double values[] = {
#define LIVE(name, is_counter, value) value,
#include "report/live_figures.def"
#undef LIVE
	};

	memcpy(into->values, values, sizeof(values));
	for (size_t i = 0; i < summary->plan->scrape.n; i++)
		into->values[LIVE_COUNT + i] = row->scraped[i];
}

static size_t
figures_n(const struct live_run *run)
{
	return LIVE_COUNT + run->plan->scrape.n;
}

/* A scraped figure's own name is what the profile calls it. */
static const char *
scraped_name(const struct live_run *run, size_t figure)
{
	return run->plan->scrape.list[figure - LIVE_COUNT].name;
}

/* --- Prometheus: remote-write 1.0, a protobuf message in a block of Snappy --- */

/* Protocol Buffers, encoding: varints of 7 bits each, the lowest first. */
static void
add_varint(struct buf *into, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buf_add_char(into, (char)(value | 0x80));
	buf_add_char(into, (char)value);
}

static size_t
varint_size(uint64_t value)
{
	size_t size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

/* Wire type 2: a tag, a length, bytes. */
static void
add_bytes(struct buf *into, unsigned field, const char *bytes, size_t length)
{
	add_varint(into, field << 3 | 2);
	add_varint(into, length);
	buf_add(into, bytes, length);
}

/* prompb.Label {name = 1, value = 2} as field 1 of prompb.TimeSeries. */
static void
add_label(struct buf *into, const char *name, const char *value)
{
	size_t name_length = strlen(name), value_length = strlen(value);

	add_varint(into, 1 << 3 | 2);
	add_varint(into, 2 + varint_size(name_length) + name_length + varint_size(value_length) + value_length);
	add_bytes(into, 1, name, name_length);
	add_bytes(into, 2, value, value_length);
}

/* prompb.Sample {double value = 1, int64 timestamp = 2, in ms} as field 2. */
static void
add_sample(struct buf *into, double value, int64_t at_wall_ns)
{
	uint64_t at_ms = (uint64_t)(at_wall_ns / 1000000), bits;

	memcpy(&bits, &value, sizeof(bits));
	add_varint(into, 2 << 3 | 2);
	add_varint(into, 1 + 8 + 1 + varint_size(at_ms));
	add_varint(into, 1 << 3 | 1);
	for (unsigned i = 0; i < 8; i++) /* little-endian, whatever this machine is */
		buf_add_char(into, (char)(bits >> (8 * i)));
	add_varint(into, 2 << 3 | 0);
	add_varint(into, at_ms);
}

/* One prompb.TimeSeries; labels in the order of their names, as the specification wants them. */
static void
add_series(struct buf *into, const struct live_run *run, size_t figure, const struct live_moment *moments, size_t n)
{
	char name[FAMILY_NAME_MAX];
	bool is_scraped = figure >= LIVE_COUNT;

	snprintf(name, sizeof(name), FAMILY_PREFIX "live_%s", is_scraped ? "scraped" : names[figure]);
	add_label(into, "__name__", name);
	if (is_scraped)
		add_label(into, "name", scraped_name(run, figure));
	add_label(into, "profile", run->plan->name);
	add_label(into, "run", run->id);
	for (size_t i = 0; i < n; i++)
		if (isfinite(moments[i].values[figure]))
			add_sample(into, moments[i].values[figure], moments[i].at_wall_ns);
}

/* Snappy's block format (format_description.txt) with literals alone: its length, then pieces of up to 64 KiB. What is
 * told is small, and every decoder reads it. */
static void
add_snappy(struct buf *into, const char *bytes, size_t length)
{
	add_varint(into, length);
	while (length > 0) {
		size_t piece = length < 65536 ? length : 65536;

		buf_add_char(into, (char)(61 << 2)); /* a literal whose length less 1 is in two bytes */
		buf_add_char(into, (char)((piece - 1) & 0xff));
		buf_add_char(into, (char)((piece - 1) >> 8));
		buf_add(into, bytes, piece);
		bytes += piece;
		length -= piece;
	}
}

static bool
is_known(const struct live_moment *moments, size_t n, size_t figure)
{
	for (size_t i = 0; i < n; i++)
		if (isfinite(moments[i].values[figure]))
			return true;
	return false;
}

bool
live_encode_remote_write(
	struct buf *into, struct buf *scratch, const struct live_run *run, const struct live_moment *moments, size_t n)
{
	struct buf series;

	buf_init(&series, scratch->ceiling);
	buf_clear(scratch);
	buf_clear(into);
	for (size_t figure = 0; figure < figures_n(run); figure++) {
		if (!is_known(moments, n, figure))
			continue;
		buf_clear(&series);
		add_series(&series, run, figure, moments, n);
		add_bytes(scratch, 1, series.bytes, series.length);
	}
	bool is_whole = !series.overflowed && !scratch->overflowed;

	buf_fini(&series);
	add_snappy(into, scratch->length > 0 ? scratch->bytes : "", scratch->length);
	return is_whole && !into->overflowed;
}

/* --- InfluxDB: a line per moment --- */

bool
live_encode_lines(struct buf *into, const struct live_run *run, const struct live_moment *moments, size_t n)
{
	buf_clear(into);
	for (size_t i = 0; i < n; i++) {
		char separator = ' ';

		buf_add_text(into, FAMILY_PREFIX "live,profile=");
		influx_add_text(into, run->plan->name);
		buf_add_text(into, ",run=");
		influx_add_text(into, run->id);
		for (size_t figure = 0; figure < figures_n(run); figure++) {
			char number[32];

			if (!isfinite(moments[i].values[figure]))
				continue;
			buf_add_char(into, separator);
			separator = ',';
			if (figure >= LIVE_COUNT) {
				buf_add_text(into, "scraped_");
				influx_add_text(into, scraped_name(run, figure));
			} else
				buf_add_text(into, names[figure]);
			buf_printf(into, "=%s", family_number(moments[i].values[figure], number));
		}
		buf_printf(into, " %" PRId64 "\n", moments[i].at_wall_ns);
	}
	return !into->overflowed;
}
