#pragma once

#include "httpd/httpd.h"

/* Whoever keeps a request to answer it later, or in pieces: the first member of what its `user` points to. `gone` is
 * called once its connection has ended or its last byte was sent, and the request is no more; not where `user` was set
 * back to NULL before the answer. */
struct holder {
	void (*gone)(struct httpd_request *request);
};
