/* All runs there were: the trend of one name's figure, and the list, of which two may be chosen to be compared. */

const PAGE_ROWS = 50;
const EXPORT_ROWS = 20000;
const PERIODS = {run: "each run", day: "days", week: "weeks", month: "months", quarter: "quarters"};

function choice(name, label, options, value, change) {
	return h("label", {class: "choice"}, label, " ", h("select", {id: `choice-${name}`, change: (event) => change(event.target.value)},
		options.map(([key, words]) => h("option", {value: key, selected: key === value}, words))));
}

/* The same place with other wishes; the pages of the list begin anew. */
function historyPlace(wish, changed) {
	return `history${queryOf({...wish, before: "", ...changed})}`;
}

function historyChoices(wish, names, of) {
	const go = (changed) => places.go(historyPlace(wish, changed));

	return h("p", {class: "choices"},
		choice("name", "Profile", [["", "all"], ...names.map((one) => [one.name, one.name])], wish.name || "", (name) => go({name, metric: ""})),
		of ? choice("metric", "Figure", of.metrics.map((one) => [one, metricOf(one)[0]]), wish.metric, (metric) => go({metric})) : null,
		of ? choice("by", "By", Object.entries(PERIODS), wish.by, (by) => go({by})) : null,
		choice("status", "Verdict", [["", "all"], ...Object.entries(OUTCOMES).map(([key, [, words]]) => [key, words])], wish.status || "", (status) => go({status})));
}

const RUN_COLUMNS = ["", "when|", "name|", "verdict|", "sustains", "achieved", "P95", "errors", "took", "by|", "|"];

function runChoice(row, picked) {
	return h("input", {type: "checkbox", id: `choose-${row.id}`, "aria-label": `Choose ${row.name}, ${row.id}, to compare`, checked: picked.has(row.id),
		change: (event) => picked.choose(row.id, event.target.checked)});
}

function runRow(row, picked) {
	const figures = row.figures || {}, why = row.reason && row.status !== "pass" ? h("div", {}, h("small", {}, row.reason)) : null;

	return h("tr", {class: `of-${toneOf(row)}`, "data-key": `run ${row.id}`}, cellsOf("td", RUN_COLUMNS, [
		row.exit_code !== null ? runChoice(row, picked) : null, when(row.started_at || row.submitted_at), runLinkOf(row), [outcomeChip(row), why],
		figureRate(figures.max_sustainable_rate), figureRate(figures.achieved_rate), figureTime(figures.p95), figureRatio(figures.error_rate),
		figureSeconds(row.elapsed_s), (row.submitted_by || "").replace(/^schedule:/, ""), reportOf(row)]));
}

function runsTable(rows, picked) {
	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs"}, h("table", {class: "judged"},
		h("thead", {}, h("tr", {}, cellsOf("th", RUN_COLUMNS, RUN_COLUMNS.map((name) => name.replace("|", ""))))),
		h("tbody", {}, rows.map((row) => runRow(row, picked)))));
}

/* Runs that are chosen, the two last ones. */
class Picked {
	constructor(changed) {
		this.ids = [];
		this.changed = changed;
	}

	has(id) {
		return this.ids.includes(id);
	}

	choose(id, isChosen) {
		this.ids = isChosen ? [...this.ids, id].slice(-2) : this.ids.filter((one) => one !== id);
		this.changed();
	}

	/* The older one is the base. */
	words(rows) {
		const [older, newer] = rows.filter((row) => this.has(row.id)).sort((a, b) => a.number - b.number).map((row) => row.id);

		return h("p", {class: "note", role: "status"}, newer ? link(`compare${queryOf({base: older, current: newer})}`, "Compare the two that are chosen")
			: older ? "Choose one more to compare the two." : "Choose two to compare them.");
	}
}

const EXPORT_COLUMNS = ["id", "name", "state", "status", "exit_code", "submitted_at", "started_at", "ended_at", "submitted_by", "target", "reason"];

function csvOfRuns(rows) {
	const figures = [...new Set(rows.flatMap((row) => Object.keys(row.figures || {})))].sort();

	return csvOf([...EXPORT_COLUMNS, ...figures], rows.map((row) => [
		...EXPORT_COLUMNS.map((key) => row[key]), ...figures.map((key) => (row.figures || {})[key])]));
}

async function exportRuns(name) {
	const rows = [];
	let next = null;

	do {
		const page = await api.get(`/runs${queryOf({name, limit: 500, before: next})}`);

		rows.push(...page.runs);
		next = page.next;
	} while (next && rows.length < EXPORT_ROWS);
	save(`runs${name ? `-${name}` : ""}.csv`, "text/csv", csvOfRuns(rows));
	if (next)
		tell(`The newest ${figureCount(rows.length)} runs are saved; there are more.`);
}

function trendSteps(trend) {
	if (trend.change_points.length === 0)
		return note(trend.points.length > 1 ? "No step was found in it." : null);
	return h("ul", {class: "steps card"}, trend.change_points.map((change) => h("li", {class: change.is_worse ? "of-bad" : "of-good"},
		sign(change.is_worse ? "warn" : "pass"), ` ${changeInWords(change, trend.unit)} `, runLinkOf({id: change.run}, "the first such run"))));
}

function historyButtons(wish, page, trend) {
	const saveTrend = async () => save(`${wish.name}-${wish.metric}.json`, "application/json", JSON.stringify(trend, null, 1));

	return h("p", {class: "buttons"}, wish.before ? link(historyPlace(wish, {}), "Newest") : null, page.next ? link(historyPlace(wish, {before: page.next}), "Older") : null,
		doer(`export ${wish.name}`, {}, "Export as CSV", () => exportRuns(wish.name)),
		trend ? doer(`export-trend ${wish.name} ${wish.metric}`, {}, "Export the trend as JSON", saveTrend) : null);
}

const historyView = {
	title: "History",

	async show(view) {
		const {name, metric, by, status, before} = Object.fromEntries(view.place.query), parts = {top: h("div"), drawn: h("div"), list: h("div")};
		const {names} = await api.get("/history"), of = names.find((one) => one.name === name) || null;
		const wish = {name, status, before, metric: of ? metric || mainMetric(of) : null, by: by || "run"};
		const list = () => api.get(`/runs${queryOf({name, status, limit: PAGE_ROWS, before})}`);
		const trend = wish.metric ? await api.get(`/trends${queryOf({name, metric: wish.metric, by: wish.by})}`) : null;
		let page = await list();

		if (view.isLeft)
			return;
		const draw = () => refill(parts.list, [section("runs", "Runs", picked.words(page.runs), page.runs.length ? runsTable(page.runs, picked) : note("There is none."),
			historyButtons(wish, page, trend))]);
		const picked = new Picked(draw);

		view.fill(parts.top, parts.drawn, parts.list);
		refill(parts.top, [h("h1", {}, "History"), historyChoices(wish, names, of)]);
		if (trend) {
			append(parts.drawn, [trendFigure(trend), trendSteps(trend)]);
			drawFigures(parts.drawn);
		}
		draw();
		view.on(["run", "again"], soon(view, async () => {
			page = await list();
			draw();
		}));
	},
};

/* Charts that are drawn once, and again in other colours. */
function drawFigures(root) {
	if (typeof Chart === "undefined")
		return;
	for (const figure of root.querySelectorAll("figure"))
		if (figure.draw)
			figure.draw();
	theme.listeners.push(() => charts.redraw());
}
