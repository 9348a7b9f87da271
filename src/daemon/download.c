#include "daemon/download.h"

#include <unistd.h>

#include "base/check.h"

#define PIECE_BYTES ((size_t)128 * 1024)
#define AGAIN_MS 20 /* until a slow reader has taken some of what waits */

struct download {
	struct holder holder;
	uv_loop_t *loop;
	struct httpd_request *request; /* NULL: whoever asked has gone */
	int fd;
	int64_t at;
	uv_fs_t read;
	uv_timer_t again;
	bool is_reading;
	size_t length; /* of the piece */
	char piece[PIECE_BYTES];
};

static void
on_closed(uv_handle_t *handle)
{
	struct download *download = handle->data;

	close(download->fd);
	free(download);
}

static void
finish(struct download *download)
{
	if (!download->is_reading && !uv_is_closing((uv_handle_t *)&download->again))
		uv_close((uv_handle_t *)&download->again, on_closed);
}

static void
on_gone(struct httpd_request *request)
{
	struct download *download = request->user;

	download->request = NULL;
	finish(download);
}

static void read_piece(struct download *download);

static void
push_piece(struct download *download)
{
	enum httpd_push push = httpd_stream_push(download->request, download->piece, download->length);

	if (push == HTTPD_PUSH_GONE)
		return;
	if (push == HTTPD_PUSH_FULL)
		return; /* the timer tries again */
	uv_timer_stop(&download->again);
	read_piece(download);
}

static void
on_again(uv_timer_t *timer)
{
	struct download *download = timer->data;

	push_piece(download);
}

static void
end(struct download *download, bool is_whole)
{
	struct httpd_request *request = download->request;

	download->request = NULL;
	request->user = NULL;
	if (is_whole)
		httpd_stream_end(request, "", 0);
	else
		httpd_stream_cut(request, HTTPD_CUT_RESET);
	finish(download);
}

static void
on_read(uv_fs_t *read)
{
	struct download *download = read->data;
	ssize_t n = read->result;

	uv_fs_req_cleanup(read);
	download->is_reading = false;
	if (download->request == NULL) {
		finish(download);
		return;
	}
	if (n <= 0) {
		end(download, n == 0);
		return;
	}
	download->at += n;
	download->length = (size_t)n;
	CHECK_OP(uv_timer_start(&download->again, on_again, AGAIN_MS, AGAIN_MS), ==, 0);
	push_piece(download);
}

static void
read_piece(struct download *download)
{
	uv_buf_t piece = uv_buf_init(download->piece, PIECE_BYTES);

	download->is_reading = true;
	CHECK_OP(uv_fs_read(download->loop, &download->read, download->fd, &piece, 1, download->at, on_read), ==, 0);
}

void
download_begin(uv_loop_t *loop, struct httpd_request *request, int fd, const char *headers)
{
	struct download *download = must_alloc(sizeof(*download));

	download->holder.gone = on_gone;
	download->loop = loop;
	download->request = request;
	download->fd = fd;
	download->read.data = download;
	CHECK_OP(uv_timer_init(loop, &download->again), ==, 0);
	download->again.data = download;
	request->user = download;
	httpd_stream_begin(request, 200, headers);
	read_piece(download);
}
