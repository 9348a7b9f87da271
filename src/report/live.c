#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/live_block.h"
#include "report/text.h"

/* A frame stays below what a pipe takes at once (PIPE_BUF), so that a write after POLLOUT does not block; lines that
 * wait for a slow reader are bounded too. */
#define LIVE_FRAME_MAX ((size_t)4096)
#define LIVE_PENDING_MAX ((size_t)16384)
#define LIVE_LINES_MAX 16

struct live_view {
	int fd;
	const struct plan *plan;
	struct terminal_style style;
	int64_t planned_ns;
	const char *title; /* NULL: it is the only run */
	int64_t after_ns;
	struct shard_records shards;
	bool has_failed;      /* nothing is written any more: a closed or full output costs the run nothing */
	int64_t last_line_ns; /* not on a TTY: the interval that was printed last */
	struct buf frame;     /* the block as last composed */
	size_t drawn_n;       /* lines of it on the screen … */
	size_t drawn_widths[LIVE_LINES_MAX]; /* … and their widths, as a narrower window has wrapped them since */
	struct buf pending;                  /* what stays on the screen and could not be written yet */
};

struct live_view *
live_view_new(FILE *stream, const struct plan *plan, const struct terminal_style *style, int64_t planned_ns)
{
	struct live_view *view = must_alloc(sizeof(*view));

	fflush(stream);
	*view = (struct live_view){
		.fd = fileno(stream), .plan = plan, .style = *style, .planned_ns = planned_ns, .last_line_ns = -1};
	buf_init(&view->frame, LIVE_FRAME_MAX);
	buf_init(&view->pending, LIVE_PENDING_MAX);
	return view;
}

void
live_view_free(struct live_view *view)
{
	if (view == NULL)
		return;
	buf_fini(&view->frame);
	buf_fini(&view->pending);
	free(view);
}

/* Whether a frame can be written without waiting for whoever reads it. */
static bool
is_writable(struct live_view *view)
{
	struct pollfd p = {.fd = view->fd, .events = POLLOUT};

	return !view->has_failed && poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
}

/* SIGPIPE is the caller's to ignore; whatever else goes wrong ends the view, never the run. */
static void
put(struct live_view *view, const char *bytes, size_t length)
{
	while (length > 0 && !view->has_failed) {
		ssize_t n = write(view->fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			view->has_failed = true;
		else {
			bytes += n;
			length -= (size_t)n;
		}
	}
}

static unsigned
width_now(const struct live_view *view)
{
	struct winsize size;

	if (view->style.is_tty && ioctl(view->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return view->style.width;
}

/* Moves to where the block began and erases it, counting the rows that a line takes in the window as it is now. */
static void
add_erase(struct live_view *view, struct buf *into)
{
	size_t rows = 0, width = width_now(view);

	for (size_t i = 0; i < view->drawn_n; i++)
		rows += view->drawn_widths[i] == 0 ? 1 : (view->drawn_widths[i] + width - 1) / width;
	if (rows > 0)
		buf_printf(into, "\033[%zuA\r\033[J", rows);
	view->drawn_n = 0;
}

/* What of the pending text the output takes now. */
static void
flush_pending(struct live_view *view)
{
	size_t done = 0;

	while (done < view->pending.length && is_writable(view)) {
		size_t n = view->pending.length - done < LIVE_FRAME_MAX ? view->pending.length - done : LIVE_FRAME_MAX;

		put(view, view->pending.bytes + done, n);
		done += n;
	}
	if (done == 0)
		return;
	memmove(view->pending.bytes, view->pending.bytes + done, view->pending.length - done);
	view->pending.length -= done;
}

/* A line that stays: whole, or left out where the output has taken nothing for too long. */
static void
add_line(struct live_view *view, const char *text)
{
	struct buf line;

	buf_init(&line, LIVE_FRAME_MAX);
	if (escape_add(&line, text, strlen(text)) && buf_add_char(&line, '\n'))
		buf_add(&view->pending, line.bytes, line.length);
	buf_fini(&line);
	flush_pending(view);
}

/* Widths without colours: remembered to erase what was drawn. */
static void
remember_widths(struct live_view *view, const char *plain)
{
	view->drawn_n = 0;
	for (const char *line = plain, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		char text[512];

		CHECK_OP(view->drawn_n, <, LIVE_LINES_MAX);
		snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
		view->drawn_widths[view->drawn_n++] = text_width(text);
	}
}

static void
compose(struct live_view *view, const struct live_state *state, bool has_colour, struct buf *into)
{
	/* One column less: a line that fills the window makes some terminals wrap. */
	struct terminal_style style = {.has_colour = has_colour, .width = width_now(view) - 1};
	struct page page;

	page_init(&page, into, &style);
	page.width = style.width;
	live_block_draw(state, &page);
}

static void
draw_block(struct live_view *view, const struct live_state *state)
{
	struct buf out, plain;

	if (!is_writable(view))
		return;
	buf_init(&out, LIVE_FRAME_MAX);
	buf_init(&plain, LIVE_FRAME_MAX);
	add_erase(view, &out);
	buf_clear(&view->frame);
	compose(view, state, view->style.has_colour, &view->frame);
	compose(view, state, false, &plain);
	if (!view->frame.overflowed && buf_add(&out, view->frame.bytes, view->frame.length)) {
		put(view, out.bytes, out.length);
		remember_widths(view, plain.bytes);
	}
	buf_fini(&out);
	buf_fini(&plain);
}

void
live_view_of_several(struct live_view *view, const char *title, int64_t after_ns)
{
	view->title = title;
	view->after_ns = after_ns;
}

void
live_view_shards(struct live_view *view, const struct shard_records *shards)
{
	view->shards = *shards;
}

void
live_view_update(struct live_view *view, const struct summary *summary, int64_t now_ns, const char *phase)
{
	struct live_state state = {.plan = view->plan,
		.summary = summary,
		.planned_ns = view->planned_ns,
		.title = view->title,
		.after_ns = view->after_ns,
		.now_ns = now_ns,
		.phase = phase,
		.shards = view->shards};

	if (view->style.is_tty) {
		draw_block(view, &state);
		return;
	}
	flush_pending(view);
	/* A level that closes ends an interval early: too short a time for rates and percentiles that say anything. */
	if (summary->last_ns <= view->last_line_ns || summary->last_interval_ns == 0 ||
		summary->last_interval_ns < view->plan->output.interval_ns / 2)
		return;
	view->last_line_ns = summary->last_ns;
	buf_clear(&view->frame);
	live_block_line(&state, &view->frame);
	add_line(view, view->frame.bytes);
}

void
live_view_line(struct live_view *view, const char *text)
{
	struct buf erase;

	buf_init(&erase, LIVE_FRAME_MAX);
	if (view->style.is_tty && view->drawn_n > 0 && is_writable(view)) {
		add_erase(view, &erase);
		put(view, erase.bytes, erase.length);
	}
	buf_fini(&erase);
	add_line(view, text);
}

void
live_view_clear(struct live_view *view)
{
	struct buf erase;

	if (!view->style.is_tty || view->drawn_n == 0 || !is_writable(view))
		return;
	buf_init(&erase, LIVE_FRAME_MAX);
	add_erase(view, &erase);
	put(view, erase.bytes, erase.length);
	buf_fini(&erase);
}

bool
live_view_failed(const struct live_view *view)
{
	return view->has_failed;
}
