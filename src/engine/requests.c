#include "engine/requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "load/schedule.h"
#include "load/shape.h"
#include "proto/protocol.h"

static const struct reader_ops *
reader_by_name(const char *name)
{
	for (size_t i = 0; readers[i] != NULL; i++)
		if (strcmp(readers[i]->choice.name, name) == 0)
			return readers[i];
	CHECK(false);
	return NULL;
}

/* A body that is expected to say something has to be read; any other is thrown away as it comes. */
static const struct reader_ops *
reader_for(const struct plan_request *request)
{
	const struct reader_ops *chosen = request->reader != NULL ? reader_of(request->reader) : NULL;

	if (chosen == NULL || strcmp(chosen->choice.name, "discard") == 0)
		return reader_by_name(request->expect.body != NULL ? "text" : "discard");
	return chosen;
}

/* An error that is expected must be read. */
static bool
check_reader(const struct plan_request *request, const struct reader_ops *reader, struct error *err)
{
	if (request->expect.errors.n == 0 || reader->expects_error != NULL)
		return true;
	error_set(err, "expect.error: '%s' looks at no error; write 'read: json', or a dialect of llm.api",
		reader->choice.name);
	return error_place(err, request->file, request->line, request->column);
}

static bool
make_extractor(
	const struct plan *plan, const struct plan_request *request, struct extractor **extractor, struct error *err)
{
	return extractor_new(plan, request, extractor, err) ||
	       error_place(err, request->file, request->line, request->column);
}

static bool
make_checks(const struct plan_request *request, struct checks **checks, struct error *err)
{
	return checks_new(request, checks, err) || error_place(err, request->file, request->line, request->column);
}

static struct template *
template_for(const struct plan *plan, const struct plan_url *url, const struct plan_request *request,
	struct feeds *feeds, struct error *err)
{
	struct plan of_backend = *plan;
	const struct protocol_ops *protocol = protocol_of(plan->target.protocol);
	struct template *template = NULL;
	struct buf head;

	of_backend.target.url = *url;
	buf_init(&head, PROTOCOL_HEAD_CEILING);
	if (protocol->compose(&of_backend, request, &head, err))
		template = template_new(&(struct slot_scope){.plan = plan, .request = request, .feeds = feeds},
			head.bytes, head.length, request->body, request->body_length, request->has_slots, err);
	buf_fini(&head);
	if (template == NULL)
		error_place(err, request->file, request->line, request->column);
	return template;
}

static bool
make_templates(struct requests *requests, const struct plan *plan, size_t request, struct error *err)
{
	const struct plan_backend *backends = plan->target.backends.items;

	for (size_t i = 0; i < plan->target.backends.n; i++) {
		struct template *made =
			template_for(plan, &backends[i].url, &plan->requests[request], requests->feeds, err);

		if (made == NULL)
			return false;
		requests->templates[i * requests->n + request] = made;
		if (!follow_new(plan, &backends[i].url, &plan->requests[request], requests->feeds, made,
			    &requests->follows[i * requests->n + request], err))
			return error_place(err, plan->requests[request].file, plan->requests[request].line,
				plan->requests[request].column);
	}
	return true;
}

/* What an answer must contain may be told apart by its session: ${session}, say. A text without slots is left alone. */
static bool
make_text(const struct plan *plan, const struct plan_request *request, const char *text, struct feeds *feeds,
	struct template **made, struct error *err)
{
	if (text == NULL || strstr(text, "${") == NULL)
		return true;
	*made = template_new_text(&(struct slot_scope){.plan = plan, .request = request, .feeds = feeds}, text, err);
	return *made != NULL || error_place(err, request->file, request->line, request->column);
}

/* Levels that depend on how a side does would be other ones for each of them, and a user waits for one answer before
 * the next request, whichever side it goes to. */
static bool
check_split_load(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; plan->split.key != NULL && i < plan->scenarios_n; i++) {
		const struct plan_load *load = &plan->scenarios[i].load;
		const struct shape_ops *shape = shape_of(&load->shape);
		const char *why = load->in_users              ? "users wait for their answers, whoever gives them"
				  : shape->is_stepped         ? "each side would end its levels where it breaks"
				  : shape->level_most != NULL ? "each side would search for levels of its own"
							      : NULL;

		if (why == NULL)
			continue;
		error_set(err,
			"split: the load must be the same for both sides, and here %s; write a rate that is steady, or "
			"changes by itself",
			why);
		return error_place(err, plan->path, load->shape.line, load->shape.column);
	}
	return true;
}

/* Its key is filled in as requests are. */
static bool
make_split(struct requests *requests, const struct plan *plan, struct error *err)
{
	if (!check_split_load(plan, err))
		return false;
	requests->split = split_new(plan, requests->feeds, err);
	return requests->split != NULL || plan->split.key == NULL;
}

/* A load that is known to need more rows than there are would only say so at its end. One that ends where the target
 * breaks may need fewer than it could. */
static bool
check_rows(const struct plan *plan, const struct plan_scenario *scenario, uint64_t rows, struct error *err)
{
	struct schedule schedule;

	schedule_init(&schedule, &scenario->load, plan->seed);
	if (schedule.in_users || schedule_is_steered(&schedule) || schedule.shape->is_stepped ||
		schedule_expected(&schedule) <= (double)rows)
		return true;
	error_set(err,
		"data: the load of '%s' is %.0f arrivals, and the file whose order is unique has %llu rows; shorten the "
		"load, add rows, or write 'order: shuffle', which begins again",
		scenario->name, schedule_expected(&schedule), (unsigned long long)rows);
	return error_place(err, plan->path, scenario->load.shape.line, scenario->load.shape.column);
}

/* Known once all templates are made. */
static bool
find_rows(struct requests *requests, const struct plan *plan, struct error *err)
{
	requests->rows_most = must_calloc(plan->scenarios_n, sizeof(*requests->rows_most));
	for (uint32_t i = 0; i < plan->scenarios_n; i++)
		if (!feeds_rows_most(requests->feeds, i, &requests->rows_most[i], err) ||
			!check_rows(plan, &plan->scenarios[i], requests->rows_most[i], err))
			return false;
	return true;
}

bool
requests_init(struct requests *requests, const struct plan *plan, struct error *err)
{
	*requests = (struct requests){.feeds = feeds_new(plan->data, err)};
	if (requests->feeds == NULL)
		return false;
	requests->n = plan->requests_n;
	requests->templates_n = requests->n * plan->target.backends.n;
	requests->templates = must_calloc(requests->templates_n, sizeof(*requests->templates));
	requests->follows = must_calloc(requests->templates_n, sizeof(struct follow *));
	requests->readers = must_calloc(requests->n, sizeof(*requests->readers));
	requests->expected = must_calloc(requests->n, sizeof(*requests->expected));
	requests->until = must_calloc(requests->n, sizeof(*requests->until));
	requests->checks = must_calloc(requests->n, sizeof(struct checks *));
	requests->extractors = must_calloc(requests->n, sizeof(*requests->extractors));
	for (size_t i = 0; i < requests->n; i++) {
		const struct plan_request *request = &plan->requests[i];
		bool is_good = false;

		requests->readers[i] = reader_for(request);
		if (check_reader(request, requests->readers[i], err) &&
			make_checks(request, &requests->checks[i], err) &&
			make_extractor(plan, request, &requests->extractors[i], err) &&
			make_text(plan, request, request->expect.body, requests->feeds, &requests->expected[i], err) &&
			make_text(plan, request, request->receive.until, requests->feeds, &requests->until[i], err))
			is_good = make_templates(requests, plan, i, err);
		if (!is_good) {
			requests_fini(requests);
			return false;
		}
	}
	if (!make_split(requests, plan, err) || !find_rows(requests, plan, err)) {
		requests_fini(requests);
		return false;
	}
	feeds_settle(requests->feeds);
	return true;
}

void
requests_fini(struct requests *requests)
{
	for (size_t i = 0; i < requests->templates_n; i++)
		follow_free(requests->follows[i]);
	for (size_t i = 0; i < requests->templates_n; i++)
		template_free(requests->templates[i]);
	for (size_t i = 0; i < requests->n && requests->templates != NULL; i++) {
		template_free(requests->expected[i]);
		template_free(requests->until[i]);
		extractor_free(requests->extractors[i]);
		checks_free(requests->checks[i]);
	}
	split_free(requests->split);
	free(requests->rows_most);
	free(requests->templates);
	free(requests->follows);
	free(requests->expected);
	free(requests->until);
	free(requests->extractors);
	free(requests->checks);
	free(requests->readers);
	feeds_free(requests->feeds);
	*requests = (struct requests){0};
}

bool
requests_check(const struct plan *plan, struct error *err)
{
	struct requests requests;
	bool is_good = requests_init(&requests, plan, err);

	if (is_good)
		requests_fini(&requests);
	return is_good;
}
