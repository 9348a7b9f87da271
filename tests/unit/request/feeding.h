#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/data.h"
#include "request/feed.h"
#include "request/template.h"

/* One feed named "f" in a file of its own, and a request that is filled in from it. */
struct feeding {
	char path[64];
	struct plan_feed feed;
	struct plan_data data;
	struct plan plan;
	struct feeds *feeds;
	struct template *template;
	struct error err;
};

static inline void
feeding_write(struct feeding *f, const char *bytes, size_t length)
{
	snprintf(f->path, sizeof(f->path), "/tmp/brunt_feed_XXXXXX");
	int fd = mkstemp(f->path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

/* False with f->err set where the file, or the request, is refused. head or body may be NULL. */
static inline bool
feeding_open(struct feeding *f, const char *head, const char *body)
{
	f->feed.name = "f";
	f->feed.file = f->path[0] != '\0' ? f->path : NULL;
	f->feed.shown = "rows";
	f->feed.profile = "x.yaml";
	f->data = (struct plan_data){&f->feed, 1};
	f->plan.data = &f->data;
	f->feeds = feeds_new(&f->data, &f->err);
	if (f->feeds == NULL)
		return false;
	f->template = template_new(&(struct slot_scope){.plan = &f->plan, .feeds = f->feeds}, head, strlen(head), body,
		body != NULL ? strlen(body) : 0, true, &f->err);
	if (f->template != NULL)
		feeds_settle(f->feeds);
	return f->template != NULL;
}

static inline void
feeding_close(struct feeding *f)
{
	template_free(f->template);
	feeds_free(f->feeds);
	if (f->path[0] != '\0')
		unlink(f->path);
}

/* The text of arrival k, malloc'ed, from a buffer of the promised size. */
static inline char *
feeding_render(const struct feeding *f, const struct render *render)
{
	size_t most = template_render_max(f->template);
	char *into = malloc(most + 1);
	size_t length = template_render(f->template, render, into);

	assert_true(length <= most);
	into[length] = '\0';
	return into;
}
