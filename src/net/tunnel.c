#include "net/tunnel.h"

#include <string.h>

void
tunnel_begin(struct tunnel *tunnel, const char *request)
{
	*tunnel = (struct tunnel){.request = request, .request_length = request != NULL ? strlen(request) : 0};
}

/* "HTTP/1.1 200 Connection established": 0 where it is no status line. */
static unsigned
status_of(const struct tunnel *tunnel)
{
	const char *line = tunnel->line;
	size_t length = tunnel->line_length;

	if (length < 12 || strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' || (length > 12 && line[12] != ' '))
		return 0;
	unsigned status = 0;

	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(line[i] - '0');
	}
	return status;
}

static enum failure
failure_of_status(unsigned status)
{
	switch (status) {
	case 502:
	case 503:
	case 504: return FAILURE_PROXY_GATEWAY;
	case 0: return FAILURE_PROXY_FAILED;
	default: return FAILURE_PROXY_REFUSED;
	}
}

/* Only what can be shown, since a proxy may say anything. */
static void
keep_of_line(struct tunnel *tunnel, char c)
{
	if (c != '\r' && tunnel->line_length < TUNNEL_LINE_MAX - 1)
		tunnel->line[tunnel->line_length++] = c >= ' ' && c <= '~' ? c : '?';
}

/* True: that was the end of the empty line. */
static bool
take_byte(struct tunnel *tunnel, char c)
{
	bool is_end = c == '\n' && tunnel->was_newline;

	if (!tunnel->is_line_over && c != '\n')
		keep_of_line(tunnel, c);
	tunnel->is_line_over |= c == '\n';
	tunnel->was_newline = c == '\n' || (tunnel->was_newline && c == '\r');
	return is_end;
}

enum tunnel_result
tunnel_take(struct tunnel *tunnel, const char *bytes, size_t length, enum failure *failure)
{
	for (size_t i = 0; i < length; i++) {
		if (++tunnel->received > TUNNEL_ANSWER_MAX)
			break;
		if (!take_byte(tunnel, bytes[i]))
			continue;
		unsigned status = status_of(tunnel);
		bool is_good = status >= 200 && status < 300;

		if (is_good && i + 1 == length)
			return TUNNEL_OPEN;
		/* The target was asked for nothing yet: what follows the answer is nobody's. */
		*failure = is_good ? FAILURE_PROXY_FAILED : failure_of_status(status);
		return TUNNEL_FAILED;
	}
	*failure = FAILURE_PROXY_FAILED;
	return tunnel->received > TUNNEL_ANSWER_MAX ? TUNNEL_FAILED : TUNNEL_MORE;
}

const char *
tunnel_words(const struct tunnel *tunnel)
{
	return tunnel->is_line_over && status_of(tunnel) != 0 ? tunnel->line + 9 : "";
}
