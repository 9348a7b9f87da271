/* A server of one's own that answers each connection's request as the test says. Include after cmocka.h. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "load/shape.h"
#include "proto/protocol.h"
#include "reader/reader.h"
#include "unit/campaign/doors.h"

#define ANSWERS_MAX 16
#define ANSWER_NEVER (-1) /* takes the request and says nothing */
#define ANSWER_GONE 0     /* takes the request and closes */

struct answers {
	struct door door;
	pthread_t thread;
	int statuses[ANSWERS_MAX]; /* of the first connections; the last one is everybody's after them */
	size_t n;
	atomic_int asked;
	char request[2048]; /* the last one, once it was asked for */
	char url[64];
};

static inline void
answers_say(struct answers *answers, int fd, int status)
{
	char text[128];
	int length = snprintf(text, sizeof(text), "HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\nok", status);

	if (status > 0)
		(void)!write(fd, text, (size_t)length);
	else if (status == ANSWER_NEVER)
		(void)!read(fd, text, 1); /* until the other side gives up */
	(void)answers;
}

static inline void *
answers_serve(void *context)
{
	struct answers *answers = context;

	for (;;) {
		int fd = accept(answers->door.fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		ssize_t length = read(fd, answers->request, sizeof(answers->request) - 1);

		if (length <= 0) {
			close(fd);
			continue;
		}
		answers->request[length] = '\0';
		size_t i = (size_t)atomic_fetch_add(&answers->asked, 1);

		answers_say(answers, fd, answers->statuses[i < answers->n ? i : answers->n - 1]);
		close(fd);
	}
}

/* statuses: ended by −2 */
static inline void
answers_start(struct answers *answers, const int *statuses)
{
	memset(answers, 0, sizeof(*answers));
	for (; statuses[answers->n] != -2; answers->n++)
		answers->statuses[answers->n] = statuses[answers->n];
	door_bind(&answers->door);
	door_open(&answers->door);
	snprintf(answers->url, sizeof(answers->url), "http://127.0.0.1:%u",
		(unsigned)ntohs(answers->door.addresses.list[0].v4.sin_port));
	assert_int_equal(pthread_create(&answers->thread, NULL, answers_serve, answers), 0);
}

static inline void
answers_stop(struct answers *answers)
{
	shutdown(answers->door.fd, SHUT_RDWR);
	pthread_join(answers->thread, NULL);
	door_close(&answers->door);
}

/* A plan with this server as its target, and what more the test wants of it; the caller's to free. */
static inline struct plan *
answers_plan(const struct answers *answers, const char *more)
{
	const struct plan_tables tables = {.shapes = shape_choices,
		.protocols = protocol_choices,
		.readers = reader_choices,
		.metrics = judge_metrics};
	char text[2048];
	struct error err = {0};

	snprintf(text, sizeof(text), "target: %s\nload: {steady: {rate: 5/s, for: 60s}}\n%s", answers->url, more);
	struct plan *plan = plan_load_text(text, strlen(text), "x.yaml", NULL, 0, &tables, &err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return plan;
}
