#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* What an exporter exposes to Prometheus, read piece by piece into samples: the text format 0.0.4 and OpenMetrics 1.0.
 * https://prometheus.io/docs/instrumenting/exposition_formats, https://prometheus.io/docs/specs/om/open_metrics_spec
 *
 * The bytes may be cut anywhere. Nothing is kept of them but the line that the last piece cut, so that memory does not
 * depend on how much is exposed. What Prometheus itself would refuse as broken is refused; what HELP, TYPE and UNIT say
 * is passed over, as are exemplars. */

#define EXPOSITION_LINE_CEILING ((size_t)64 * 1024)
#define EXPOSITION_LABELS_CEILING ((size_t)64)

enum exposition_format {
	EXPOSITION_TEXT,
	EXPOSITION_OPENMETRICS, /* samples may have exemplars, and the last line must be "# EOF" */
};

struct exposition_text {
	const char *bytes;
	size_t length;
};

struct exposition_label {
	struct exposition_text name, value; /* the value without its escapes */
};

/* Valid during the call alone. */
struct exposition_sample {
	struct exposition_text name;
	const struct exposition_label *labels;
	size_t labels_n;
	double value;
	double time_s; /* its own, since 1970; NAN: it has none */
};

struct exposition {
	enum exposition_format format;
	void (*on_sample)(void *context, const struct exposition_sample *sample);
	void *context;
	struct error *err;  /* of the piece that is being read */
	struct buf cut;     /* a line without its end */
	struct buf escaped; /* values of labels that had escapes */
	struct exposition_label labels[EXPOSITION_LABELS_CEILING];
	size_t labels_n;
	uint64_t line; /* the one being read, from 1 */
	bool has_end;  /* "# EOF" was there */
	bool has_failed;
};

void exposition_init(
	struct exposition *exposition, void (*on_sample)(void *, const struct exposition_sample *), void *context);
void exposition_fini(struct exposition *exposition);

/* Another one begins; whatever the last one was cut in is forgotten. */
void exposition_begin(struct exposition *exposition, enum exposition_format format);
/* False with err set: "line 12: …". It is broken then, and takes nothing more. */
bool exposition_read(struct exposition *exposition, const char *bytes, size_t length, struct error *err);
/* That was all. */
bool exposition_end(struct exposition *exposition, struct error *err);

/* By a Content-Type, as Prometheus understands it: whatever is not said to be OpenMetrics is the text format. */
enum exposition_format exposition_format_of(const char *content_type, size_t length);
