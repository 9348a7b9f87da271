/* All runs there were: a trend of one name and figure, and the list, of which two may be chosen to be compared. */

const PAGE_ROWS = 50;
const PERIODS = {run: "each run", day: "days", week: "weeks", month: "months", quarter: "quarters"};

function choice(name, label, options, value, change) {
	return h("label", {class: "choice"}, label, " ", h("select", {id: `choice-${name}`, change: (event) => change(event.target.value)},
		options.map(([key, words]) => h("option", {value: key, selected: key === value}, words))));
}

function chosenPlace(query, changed) {
	const values = {...Object.fromEntries(query), ...changed};

	return `history${queryOf(values)}`;
}

const RUN_COLUMNS = ["|", "when|", "name|", "verdict|", "sustains", "achieved", "P95", "errors", "took", "by|", "|"];

function runRow(row, chosen, choose) {
	const figures = row.figures || {};

	return h("tr", {class: `of-${toneOf(row)}`, "data-key": `run ${row.id}`}, cellsOf("td", RUN_COLUMNS, [
		row.exit_code !== null ? h("input", {type: "checkbox", id: `choose-${row.id}`, "aria-label": `Choose ${row.name}, ${row.id}, to compare`, checked: chosen.includes(row.id), change: (event) => choose(row.id, event.target.checked)}) : null,
		when(row.started_at || row.submitted_at), runLinkOf(row), [outcomeChip(row), row.reason && row.status !== "pass" ? h("div", {}, h("small", {}, row.reason)) : null],
		figureRate(figures.max_sustainable_rate), figureRate(figures.achieved_rate), figureTime(figures.p95), figureRatio(figures.error_rate), figureSeconds(row.elapsed_s), submitter(row).replace(/^by (its )?/, ""),
		reportOf(row)]));
}

function runsTable(rows, chosen, choose) {
	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs"}, h("table", {class: "judged"},
		h("thead", {}, h("tr", {}, cellsOf("th", RUN_COLUMNS, ["", "when", "name", "verdict", "sustains", "achieved", "P95", "errors", "took", "by", ""]))),
		h("tbody", {}, rows.map((row) => runRow(row, chosen, choose)))));
}

/* Two runs, the older one as the base. */
function compareBar(rows, chosen) {
	const [older, newer] = rows.filter((row) => chosen.includes(row.id)).sort((a, b) => a.number - b.number).map((row) => row.id);

	return h("p", {class: "note", role: "status"}, chosen.length === 2 && newer ? link(`compare${queryOf({base: older, current: newer})}`, "Compare the two that are chosen") :
		chosen.length === 1 ? "Choose one more to compare the two." : "Choose two to compare them.");
}

const EXPORT_COLUMNS = ["id", "name", "state", "status", "exit_code", "submitted_at", "started_at", "ended_at", "submitted_by", "target", "reason"];

async function exportRuns(name) {
	const rows = [];
	let next = null;

	do {
		const page = await api.get(`/runs${queryOf({name, limit: 500, before: next})}`);

		rows.push(...page.runs);
		next = page.next;
	} while (next && rows.length < 20000);
	const figures = [...new Set(rows.flatMap((row) => Object.keys(row.figures || {})))].sort();

	save(`runs${name ? `-${name}` : ""}.csv`, "text/csv", csvOf([...EXPORT_COLUMNS, ...figures], rows.map((row) => [...EXPORT_COLUMNS.map((key) => row[key]), ...figures.map((key) => (row.figures || {})[key])])));
}

const history_ = {
	title: "History",

	async show(view) {
		const {query} = view.place, name = query.get("name"), before = query.get("before");
		const [history, page] = await Promise.all([api.get("/history"), api.get(`/runs${queryOf({name, status: query.get("status"), limit: PAGE_ROWS, before})}`)]);
		const of = history.names.find((one) => one.name === name), metric = query.get("metric") || (of ? mainMetric(of) : null), by = query.get("by") || "run";
		const trend = of && metric ? await api.get(`/trends${queryOf({name, metric, by})}`) : null;
		const parts = {top: h("div"), drawn: h("div"), list: h("div")};
		let {runs} = page, chosen = [];

		if (view.isLeft)
			return;
		const go = (changed) => places.go(chosenPlace(query, {before: "", ...changed}));
		const choose = (id, isChosen) => {
			chosen = isChosen ? [...chosen, id].slice(-2) : chosen.filter((one) => one !== id);
			list();
		};
		const list = () => refill(parts.list, [section("runs", "Runs", compareBar(runs, chosen), runs.length ? runsTable(runs, chosen, choose) : note("There is none."),
			h("p", {class: "buttons"}, before ? link(chosenPlace(query, {before: ""}), "Newest") : null, page.next ? link(chosenPlace(query, {before: page.next}), "Older") : null,
				doer(`export ${name}`, {}, "Export as CSV", () => exportRuns(name)),
				trend ? doer(`export-trend ${name} ${metric}`, {}, "Export the trend as JSON", async () => save(`${name}-${metric}.json`, "application/json", JSON.stringify(trend, null, 1))) : null))]);

		view.fill(parts.top, parts.drawn, parts.list);
		refill(parts.top, [h("h1", {}, "History"), h("p", {class: "choices"},
			choice("name", "Profile", [["", "all"], ...history.names.map((one) => [one.name, one.name])], name || "", (value) => go({name: value, metric: ""})),
			of ? choice("metric", "Figure", of.metrics.map((one) => [one, metricOf(one)[0]]), metric, (value) => go({metric: value})) : null,
			of ? choice("by", "By", Object.entries(PERIODS), by, (value) => go({by: value})) : null,
			choice("status", "Verdict", [["", "all"], ...Object.entries(OUTCOMES).map(([key, [, words]]) => [key, words])], query.get("status") || "", (value) => go({status: value})))]);
		if (trend) {
			append(parts.drawn, [trendFigure(trend), trend.change_points.length ? h("ul", {class: "steps card"}, trend.change_points.map((change) => h("li", {class: change.is_worse ? "of-bad" : "of-good"},
				sign(change.is_worse ? "warn" : "pass"), ` ${changeInWords(change, trend.unit)} `, runLinkOf({id: change.run}, "the first such run")))) : note("No step was found in it.")]);
			drawFigures(parts.drawn);
		}
		list();
		view.on(["run", "again"], soon(view, async () => {
			({runs} = await api.get(`/runs${queryOf({name, status: query.get("status"), limit: PAGE_ROWS, before})}`));
			list();
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
