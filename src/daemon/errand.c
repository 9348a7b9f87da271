#include "daemon/errand.h"

#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/child.h"
#include "daemon/said.h"

#define NICER 10 /* than the daemon and its runs */
#define STOP_NS (2 * NS_PER_S)
#define SAID_MAX ((size_t)8 * 1024)
#define READ_BYTES ((size_t)64 * 1024)
#define EAR_OPEN_MS 1000 /* for what is still in the pipes when it is gone */

enum ear { EAR_OUTPUT, EAR_SAID, EARS_N };

struct errands {
	uv_loop_t *loop;
	const char *program;
	struct list waiting, under_way;
	size_t waiting_n, under_way_n;
	bool is_closed;
};

struct errand {
	struct list node;
	struct errands *errands;
	struct errand_wish wish;
	struct arena arena;
	const char *arguments[ERRAND_ARGUMENTS_MAX + 2];
	struct child child;
	uv_pipe_t pipes[EARS_N];
	uv_timer_t late; /* closes pipes that do not end, and is the last to be closed */
	unsigned open_n; /* handles */
	bool is_gone;
	const char *cut; /* why it was ended; NULL: it was not */
	struct buf output;
	struct said said;
	char input[READ_BYTES];
};

struct errands *
errands_new(uv_loop_t *loop, const char *program)
{
	struct errands *errands = must_alloc(sizeof(*errands));

	errands->loop = loop;
	errands->program = program;
	list_init(&errands->waiting);
	list_init(&errands->under_way);
	return errands;
}

void
errands_free(struct errands *errands)
{
	CHECK(errands_are_idle(errands));
	free(errands);
}

bool
errands_are_idle(const struct errands *errands)
{
	return errands->waiting_n + errands->under_way_n == 0;
}

/* Its last line, without the name in front of it. */
static const char *
last_line(char *said)
{
	size_t n = strlen(said);

	while (n > 0 && said[n - 1] == '\n')
		said[--n] = '\0';
	char *newline = strrchr(said, '\n'), *line = newline != NULL ? newline + 1 : said;

	return strncmp(line, "brunt: ", 7) == 0 ? line + 7 : line;
}

static void begin_next(struct errands *errands);

static void
tell(struct errand *errand, int exit_code, const char *why)
{
	struct errand_end end = {.exit_code = exit_code,
		.output = errand->output.bytes != NULL ? errand->output.bytes : "",
		.output_length = errand->output.length};
	struct buf said;

	buf_init(&said, 3 * SAID_MAX);
	said_show(&errand->said, &said);
	end.said = why != NULL ? why : said.length > 0 ? last_line(said.bytes) : "";
	errand->wish.done(errand->wish.context, &end);
	buf_fini(&said);
}

static void
errand_free(struct errand *errand)
{
	buf_fini(&errand->output);
	said_fini(&errand->said);
	arena_fini(&errand->arena);
	free(errand);
}

/* The last of its handles is closed. */
static void
finish(struct errand *errand)
{
	struct errands *errands = errand->errands;
	const struct child *child = &errand->child;

	CHECK(child->is_closed);
	list_remove(&errand->node);
	errands->under_way_n--;
	tell(errand,
		errand->cut != NULL       ? -1
		: child->term_signal != 0 ? 128 + child->term_signal
					  : (int)child->exit_status,
		errand->cut);
	errand_free(errand);
	begin_next(errands);
}

static void on_closed(uv_handle_t *handle);

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The timer goes after the pipes, when the child's own handles, closed as it went, are closed too. */
static void
on_closed(uv_handle_t *handle)
{
	struct errand *errand = handle->data;

	errand->open_n--;
	if (errand->open_n == 1 && errand->is_gone)
		close_handle((uv_handle_t *)&errand->late);
	if (errand->open_n == 0)
		finish(errand);
}

static void
cut(struct errand *errand, const char *why)
{
	if (errand->cut == NULL)
		errand->cut = why;
	child_end(&errand->child);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *into)
{
	struct errand *errand = handle->data;

	(void)suggested;
	*into = uv_buf_init(errand->input, sizeof(errand->input));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *input)
{
	struct errand *errand = stream->data;

	if (n < 0)
		close_handle((uv_handle_t *)stream);
	else if (stream == (uv_stream_t *)&errand->pipes[EAR_SAID])
		said_add(&errand->said, input->base, (size_t)n);
	else if (!buf_add(&errand->output, input->base, (size_t)n))
		cut(errand, "it would be larger than the daemon hands out");
}

static void
on_late(uv_timer_t *timer)
{
	struct errand *errand = timer->data;

	for (size_t i = 0; i < EARS_N; i++)
		close_handle((uv_handle_t *)&errand->pipes[i]);
	close_handle((uv_handle_t *)timer);
}

static void
on_exit_of_child(void *context, struct child *child)
{
	struct errand *errand = context;

	errand->is_gone = true;
	if (child->is_overdue && errand->cut == NULL)
		errand->cut = "it took too long";
	/* What it wrote last may still be in the pipes, where these have not come to their end. */
	CHECK_OP(uv_timer_start(&errand->late, on_late, errand->open_n > 1 ? EAR_OPEN_MS : 0, 0), ==, 0);
}

static void
open_ears(struct errand *errand, uv_stdio_container_t stdio[3])
{
	uv_loop_t *loop = errand->errands->loop;

	stdio[0] = (uv_stdio_container_t){.flags = UV_IGNORE};
	for (size_t i = 0; i < EARS_N; i++) {
		CHECK_OP(uv_pipe_init(loop, &errand->pipes[i], 0), ==, 0);
		errand->pipes[i].data = errand;
		stdio[i + 1] = (uv_stdio_container_t){
			.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&errand->pipes[i]};
	}
	CHECK_OP(uv_timer_init(loop, &errand->late), ==, 0);
	errand->late.data = errand;
	errand->open_n = EARS_N + 1;
}

static void
begin(struct errand *errand)
{
	struct errands *errands = errand->errands;
	uv_stdio_container_t stdio[3];
	struct error err = {0};

	list_add_last(&errands->under_way, &errand->node);
	errands->under_way_n++;
	open_ears(errand, stdio);
	if (!child_start(&errand->child, errands->loop,
		    &(struct child_config){.program = errands->program,
			    .arguments = errand->arguments,
			    .stdio = stdio,
			    .shown = "brunt",
			    .within_ns = ERRAND_NS,
			    .stop_ns = STOP_NS,
			    .on_exit = on_exit_of_child,
			    .context = errand},
		    &err)) {
		log_error("%s", err.message);
		errand->cut = "its process could not be started";
		on_late(&errand->late);
		return;
	}
	if (setpriority(PRIO_PROCESS, (id_t)errand->child.process.pid, NICER) != 0)
		log_warn("a child of the daemon could not be made nicer");
	CHECK_OP(uv_read_start((uv_stream_t *)&errand->pipes[EAR_OUTPUT], on_alloc, on_read), ==, 0);
	CHECK_OP(uv_read_start((uv_stream_t *)&errand->pipes[EAR_SAID], on_alloc, on_read), ==, 0);
}

static void
begin_next(struct errands *errands)
{
	while (errands->under_way_n < ERRANDS_AT_ONCE && !list_is_empty(&errands->waiting)) {
		struct errand *errand = list_first(&errands->waiting, struct errand, node);

		list_remove(&errand->node);
		errands->waiting_n--;
		begin(errand);
	}
}

/* What waits is told at once; what is under way when it is gone. */
void
errands_close(struct errands *errands)
{
	static const char why[] = "the daemon is ending";

	errands->is_closed = true;
	for (struct list *node = errands->under_way.next; node != &errands->under_way; node = node->next) {
		struct errand *errand = container_of(node, struct errand, node);

		if (!errand->wish.is_ours)
			cut(errand, why);
	}
	for (struct list *node = errands->waiting.next, *next; node != &errands->waiting; node = next) {
		struct errand *errand = container_of(node, struct errand, node);

		next = node->next;
		if (errand->wish.is_ours)
			continue;
		list_remove(&errand->node);
		errands->waiting_n--;
		tell(errand, -1, why);
		errand_free(errand);
	}
}

static void
copy_arguments(struct errand *errand, const char *const *arguments)
{
	size_t n = 0;

	errand->arguments[n++] = "brunt";
	for (; *arguments != NULL; arguments++) {
		CHECK_OP(n, <=, ERRAND_ARGUMENTS_MAX);
		errand->arguments[n++] = arena_strdup(&errand->arena, *arguments);
	}
	errand->arguments[n] = NULL;
}

bool
errands_give(struct errands *errands, const struct errand_wish *wish)
{
	if (!wish->is_ours && (errands->is_closed || errands->waiting_n >= ERRANDS_WAITING_MAX))
		return false;
	struct errand *errand = must_alloc(sizeof(*errand));

	errand->errands = errands;
	errand->wish = *wish;
	arena_init(&errand->arena);
	copy_arguments(errand, wish->arguments);
	errand->wish.arguments = errand->arguments + 1;
	buf_init(&errand->output, wish->output_max);
	said_init(&errand->said, SAID_MAX);
	list_add_last(&errands->waiting, &errand->node);
	errands->waiting_n++;
	begin_next(errands);
	return true;
}
