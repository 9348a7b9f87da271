#include "daemon/errand.h"

#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/piped_child.h"
#include "daemon/said.h"

#define NICER 10 /* than the daemon and its runs */
#define STOP_NS (2 * NS_PER_S)
#define SAID_MAX ((size_t)8 * 1024)

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
	struct piped_child piped;
	const char *cut; /* why it was ended; NULL: it was not */
	struct buf output;
	struct said said;
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

static void
on_end(void *context)
{
	struct errand *errand = context;
	struct errands *errands = errand->errands;
	const struct child *child = &errand->piped.child;

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

static void
cut(struct errand *errand, const char *why)
{
	if (errand->cut == NULL)
		errand->cut = why;
	child_end(&errand->piped.child);
}

static void
on_bytes(void *context, enum piped_stream stream, const char *bytes, size_t length)
{
	struct errand *errand = context;

	if (stream == PIPED_SAID)
		said_add(&errand->said, bytes, length);
	else if (!buf_add(&errand->output, bytes, length))
		cut(errand, "it would be larger than the daemon hands out");
}

static void
on_exit_of_child(void *context)
{
	struct errand *errand = context;

	if (errand->piped.child.is_overdue && errand->cut == NULL)
		errand->cut = "it took too long";
}

static void
begin(struct errand *errand)
{
	struct errands *errands = errand->errands;
	struct error err = {0};

	list_add_last(&errands->under_way, &errand->node);
	errands->under_way_n++;
	if (!piped_child_start(&errand->piped, errands->loop,
		    &(struct piped_child_config){.program = errands->program,
			    .arguments = errand->arguments,
			    .shown = "brunt",
			    .yields = true,
			    .within_ns = ERRAND_NS,
			    .stop_ns = STOP_NS,
			    .on_bytes = on_bytes,
			    .on_exit = on_exit_of_child,
			    .on_end = on_end,
			    .context = errand},
		    &err)) {
		log_error("%s", err.message);
		errand->cut = "its process could not be started";
	} else if (setpriority(PRIO_PROCESS, (id_t)errand->piped.child.process.pid, NICER) != 0)
		log_warn("a child of the daemon could not be made nicer");
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
