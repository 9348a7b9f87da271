#include "cmd/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/units.h"

#define LABEL_WIDTH 10
#define DOTS_PER_LINE 4

bool
plot_has_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	if (getenv("NO_UTF8") != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
	}
	return false;
}

const char *
plot_time_text(int64_t ns, char *into, size_t size)
{
	if (ns == 0)
		snprintf(into, size, "0s");
	else
		units_time_text(ns, into, size);
	return into;
}

const char *
plot_level_text(double level, char *into, size_t size)
{
	double unit = level > 0 ? pow(10, floor(log10(level)) - 3) : 1;

	return units_count_text(unit < 1 ? rint(level / unit) / rint(1 / unit) : rint(level / unit) * unit, into, size);
}

static double
plot_top(const struct plot *plot)
{
	double top = 0;

	for (size_t i = 0; i < PLOT_COLUMNS; i++)
		top = fmax(top, plot->values[i]);
	return top;
}

/* Dots that a value is high; anything above 0 shows. */
static int
plot_dots(const struct plot *plot, size_t column, double top, int dots_in_all)
{
	double value = plot->values[column];

	if (!(value > 0))
		return 0;
	int dots = (int)lround(value / top * dots_in_all);

	return dots > 0 ? dots : 1;
}

/* U+2800 and one bit per dot: the left column from the top is 0, 1, 2, 6, the right one 3, 4, 5, 7. */
static void
plot_add_braille(const struct plot *plot, size_t x, int line, double top, struct buf *into)
{
	static const unsigned bits[2][DOTS_PER_LINE] = {{0, 1, 2, 6}, {3, 4, 5, 7}};
	unsigned cell = 0;

	for (size_t side = 0; side < 2; side++) {
		int dots = plot_dots(plot, 2 * x + side, top, PLOT_HEIGHT * DOTS_PER_LINE) - line * DOTS_PER_LINE;

		for (int dot = 0; dot < DOTS_PER_LINE; dot++)
			if (DOTS_PER_LINE - dot <= dots)
				cell |= BIT(bits[side][dot]);
	}
	const char utf8[] = {(char)0xe2, (char)(0xa0 | cell >> 6), (char)(0x80 | (cell & 0x3f)), '\0'};

	buf_add_text(into, utf8);
}

static void
plot_add_ascii(const struct plot *plot, size_t x, int line, double top, struct buf *into)
{
	int left = plot_dots(plot, 2 * x, top, PLOT_HEIGHT), right = plot_dots(plot, 2 * x + 1, top, PLOT_HEIGHT);

	buf_add_char(into, (left > right ? left : right) > line ? '#' : ' ');
}

/* The figure that the top of this line stands for, on every fifth. */
static void
plot_add_label(const struct plot *plot, int line, double top, struct buf *into)
{
	char count[32], label[48] = "";

	if ((line + 1) % (PLOT_HEIGHT / 2) == 0)
		snprintf(label, sizeof(label), "%s%s",
			plot_level_text(top * (line + 1) / PLOT_HEIGHT, count, sizeof(count)), plot->unit);
	buf_printf(into, "%*s %s", LABEL_WIDTH, label, plot->is_ascii ? "|" : label[0] ? "┤" : "│");
}

/* Start, middle and end below their places. */
static void
plot_add_times(const struct plot *plot, struct buf *into)
{
	char start[32], middle[32], end[32];

	plot_time_text(plot->start_ns, start, sizeof(start));
	plot_time_text(plot->start_ns + (plot->end_ns - plot->start_ns) / 2, middle, sizeof(middle));
	plot_time_text(plot->end_ns, end, sizeof(end));
	buf_printf(into, "%*s %-*s%-*s%*s\n", LABEL_WIDTH + 1, "", PLOT_WIDTH / 2, start, PLOT_WIDTH / 2 - 10, middle,
		10, end);
}

void
plot_draw(const struct plot *plot, struct buf *into)
{
	double top = plot_top(plot);

	for (int line = PLOT_HEIGHT - 1; line >= 0; line--) {
		plot_add_label(plot, line, top, into);
		for (size_t x = 0; x < PLOT_WIDTH; x++)
			(plot->is_ascii ? plot_add_ascii : plot_add_braille)(plot, x, line, top, into);
		buf_add_text(into, "\n");
	}
	buf_printf(into, "%*s %s", LABEL_WIDTH, "0", plot->is_ascii ? "+" : "└");
	for (size_t x = 0; x < PLOT_WIDTH; x++)
		buf_add_text(into, plot->is_ascii ? "-" : "─");
	buf_add_text(into, "\n");
	plot_add_times(plot, into);
}
