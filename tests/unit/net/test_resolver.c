#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "net/resolver.h"

/* A name server of our own: "good" has one address, "bad" does not exist, "hangs" answers when it is let go. */
static uv_sem_t hanging, let_go, done;

static bool
fake_look_up(const struct plan_url *url, struct addresses *into, struct error *err)
{
	*into = (struct addresses){.n = 1, .took_ns = 7};
	into->list[0] = address_of_plan(&(struct plan_address){.bytes = {10, 0, 0, 1}}, url->port);
	if (strcmp(url->host, "hangs") == 0) {
		uv_sem_post(&hanging);
		uv_sem_wait(&let_go);
		uv_sem_post(&done);
	}
	return strcmp(url->host, "bad") != 0 || error_set(err, "no '%s'", url->host);
}

struct bench {
	uv_loop_t loop;
	struct resolver *resolver;
	struct resolver_found found[4];
	size_t found_n;
	bool is_closed;
};

static void
on_found(void *context, const struct resolver_found *found)
{
	struct bench *bench = context;

	assert_true(bench->found_n < ARRAY_LEN(bench->found));
	bench->found[bench->found_n++] = *found;
}

static void
bench_open(struct bench *bench, const char *first, const char *second)
{
	const struct plan_url urls[] = {{.host = first, .port = 80}, {.host = second, .port = 81}};
	const struct plan_url *const names[] = {&urls[0], &urls[1]};

	*bench = (struct bench){.found_n = 0};
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	bench->resolver = resolver_new(&(struct resolver_config){.loop = &bench->loop,
		.names = names,
		.names_n = second != NULL ? 2 : 1,
		.look_up = fake_look_up,
		.on_found = on_found,
		.context = bench});
}

static void
bench_close(struct bench *bench)
{
	resolver_close(bench->resolver, &bench->is_closed);
	while (!bench->is_closed)
		uv_run(&bench->loop, UV_RUN_ONCE);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
}

static void
test_all_names_are_looked_up_and_told_on_the_loop(void **state)
{
	struct bench bench;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	bench_open(&bench, "good", "bad");
	assert_true(resolver_ask(bench.resolver));
	while (bench.found_n < 2)
		uv_run(&bench.loop, UV_RUN_ONCE);
	assert_true(bench.found[0].is_good);
	assert_int_equal(bench.found[0].name, 0);
	assert_int_equal(bench.found[0].addresses.took_ns, 7);
	assert_string_equal(address_text(&bench.found[0].addresses.list[0], text, sizeof(text)), "10.0.0.1:80");
	assert_false(bench.found[1].is_good);
	assert_string_equal(bench.found[1].why.message, "no 'bad'");
	assert_true(resolver_ask(bench.resolver)); /* it is free again */
	bench_close(&bench);
}

/* The loop goes on, whoever asks again is told, and the end waits for nobody. */
static void
test_a_name_server_that_hangs_holds_up_nobody(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench, "hangs", NULL);
	assert_true(resolver_ask(bench.resolver));
	uv_sem_wait(&hanging);
	uv_run(&bench.loop, UV_RUN_NOWAIT);
	assert_false(resolver_ask(bench.resolver));
	bench_close(&bench); /* it hangs still */
	uv_sem_post(&let_go);
	uv_sem_wait(&done);
	assert_int_equal(bench.found_n, 0);
}

/* What libuv's own threads do is not held up either, however many names hang: they are looked up in none of those. */
static void
on_work(uv_work_t *work)
{
	*(bool *)work->data = true;
}

static void
test_work_in_the_thread_pool_goes_on_while_a_name_hangs(void **state)
{
	struct bench bench;
	bool is_worked = false;
	uv_work_t work = {.data = &is_worked};

	(void)state;
	bench_open(&bench, "hangs", "hangs");
	assert_true(resolver_ask(bench.resolver));
	uv_sem_wait(&hanging);
	assert_int_equal(uv_queue_work(&bench.loop, &work, on_work, NULL), 0);
	while (!is_worked)
		uv_run(&bench.loop, UV_RUN_ONCE);
	bench_close(&bench);
	uv_sem_post(&let_go);
	uv_sem_wait(&done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_names_are_looked_up_and_told_on_the_loop),
		cmocka_unit_test(test_a_name_server_that_hangs_holds_up_nobody),
		cmocka_unit_test(test_work_in_the_thread_pool_goes_on_while_a_name_hangs),
	};

	setenv("UV_THREADPOOL_SIZE", "1", 1); /* one that hung there would hold up everybody */
	uv_sem_init(&hanging, 0);
	uv_sem_init(&let_go, 0);
	uv_sem_init(&done, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
