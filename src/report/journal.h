#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* A file that grows by whole lines while the run goes on. The first failure is remembered, whatever it tore is cut off,
 * and nothing is written afterwards: a journal is whole up to some line, never with a hole. Any thread may append. */
struct journal {
	int fd;
	char name[64];
	long long length; /* of the whole lines */
	int error;        /* errno of the first failure; 0: none */
	pthread_mutex_t mutex;
};

/* Makes the file in the directory; false with errno set. */
bool journal_init(struct journal *journal, int directory_fd, const char *name);
void journal_fini(struct journal *journal);
/* True for the call that fails first, so that it can be told once. */
bool journal_add_fails(struct journal *journal, const char *bytes, size_t length);
bool journal_sync(struct journal *journal); /* false: error is set */
