/* Rows of the API in words, colours and signs. */

const OUTCOMES = {
	pass: ["good", "passed"],
	fail: ["bad", "failed"],
	inconclusive: ["warn", "inconclusive"],
	unreachable: ["bad", "unreachable"],
	interrupted: ["warn", "interrupted"],
	refused: ["bad", "refused"],
	crashed: ["bad", "crashed"],
	cancelled: ["mute", "cancelled"],
};

const TONES = ["bad", "warn", "good", "mute"]; /* the worst first */

function toneOf(row) {
	return row.state === "ended" ? (OUTCOMES[row.status] || ["mute"])[0] : "live";
}

function outcomeOf(row) {
	if (row.state === "ended")
		return (OUTCOMES[row.status] || [null, row.status || "ended"])[1];
	return row.state === "queued" && row.position ? `queued, ${ordinal(row.position)}` : row.state;
}

function outcomeChip(row) {
	return chip(toneOf(row), outcomeOf(row));
}

function ordinal(n) {
	const tens = n % 100, endings = {1: "st", 2: "nd", 3: "rd"};

	return `${n}${tens > 10 && tens < 14 ? "th" : endings[n % 10] || "th"}`;
}

/* Figures by the names that objectives use: [what it is called, its unit of src/plan/unit.def, whether more is better]. */
const METRICS = {
	max_sustainable_rate: ["sustains", "per_s", true],
	max_goodput_rate: ["goodput", "per_s", true],
	achieved_rate: ["achieved", "per_s", true],
	goodput_rate: ["goodput", "per_s", true],
	tokens_per_s: ["tokens", "per_s", true],
	error_rate: ["errors", "ratio", false],
	timeout_rate: ["timeouts", "ratio", false],
	spike_rate: ["spikes", "ratio", false],
	success_rate: ["success", "ratio", true],
	cache_hit_rate: ["cache hits", "ratio", true],
};

/* A distribution's is a time: "p95", "ttft.p50", "service.mean". */
function metricOf(name) {
	if (Object.hasOwn(METRICS, name))
		return METRICS[name];
	if (/(^|\.)(p[0-9.]+|mean|min|max|stddev)$/.test(name) && !/memory|cpu|in_flight|scraped/.test(name))
		return [name.replace(/(^|\.)p(?=[0-9])/g, "$1P").replaceAll(".", " "), "ns", false];
	if (/memory/.test(name))
		return [name.replaceAll(".", " "), /growth|above/.test(name) ? "ratio" : "bytes", false];
	if (/cpu|drift/.test(name))
		return [name.replaceAll(".", " "), "ratio", false];
	return [name.replaceAll("_", " "), "count", false];
}

function metricText(name, value) {
	return figureIn(metricOf(name)[1], value);
}

/* What tells most of a run, in few words. */
const TELLING = ["max_sustainable_rate", "achieved_rate", "p95", "ttft.p95", "tokens_per_s", "error_rate"];

function figuresOf(row, most) {
	const names = TELLING.filter((name) => isKnown((row.figures || {})[name]));

	return (names.includes("max_sustainable_rate") ? names.filter((name) => name !== "achieved_rate") : names).slice(0, most)
		.map((name) => `${metricOf(name)[0]} ${metricText(name, row.figures[name])}`).join(" · ");
}

const DAY_MS = 86400000;

function timeOfDay(date) {
	return date.toLocaleTimeString("en-GB", {hour: "2-digit", minute: "2-digit"});
}

function dayOf(date) {
	const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / DAY_MS);

	if (days === 0 || days === 1 || days === -1)
		return {0: "today", 1: "yesterday", "-1": "tomorrow"}[days];
	return date.toLocaleDateString("en-GB", {day: "numeric", month: "short", ...(Math.abs(days) > 300 ? {year: "numeric"} : {})});
}

/* In the reader's own time zone; what it was in UTC is said on pointing at it. */
function when(iso) {
	const date = new Date(iso);

	if (!iso || Number.isNaN(date.getTime()))
		return "–";
	return h("time", {datetime: iso, title: iso.replace("T", " ").replace("Z", " UTC")}, `${dayOf(date)} ${timeOfDay(date)}`);
}

function day(iso) {
	const date = new Date(iso);

	return !iso || Number.isNaN(date.getTime()) ? "–" : h("time", {datetime: iso, title: iso.replace("T", " ").replace("Z", " UTC")}, dayOf(date));
}

function secondsSince(iso) {
	return iso ? Math.max(0, (Date.now() - new Date(iso).getTime()) / 1000) : null;
}

/* "schedule:nightly" is who it was started by. */
function submitter(row) {
	const by = row.submitted_by || "";

	return by.startsWith("schedule:") ? `by its schedule ${by.slice(9)}` : by ? `by ${by}` : "";
}

function link(place, ...words) {
	return h("a", {href: `#/${place}`}, words);
}

function runLinkOf(row, ...words) {
	return link(`runs/${encodeURIComponent(row.id)}`, words.length ? words : row.name);
}

function reportOf(row) {
	return row.state === "ended" && row.exit_code !== null
		? h("a", {href: `${API}${pathOf("runs", row.id, "reports", "html")}`, target: "_blank", rel: "noopener"}, "Report") : null;
}

function download(row, format, words) {
	return h("a", {href: `${API}${pathOf("runs", row.id, "reports", format)}?download`, download: ""}, words);
}
