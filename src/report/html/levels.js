/* The levels: one row each, what was found beneath it. A level that is chosen is marked in every chart. */

function levelColumns() {
	const {levels} = run.result, users = inUsers(), hasTokens = levels.some((level) => isKnown(level.tokens_per_s));

	return [
		[users ? "users" : "offered", (level) => figureLoad(loadOf(level), users)],
		["achieved", (level) => figureRate(level.achieved_per_s)],
		["requests", (level) => figureCount(level.requests)],
		["errors", (level) => figureRatio(level.error_rate)],
		["P50", (level) => figureTime(level.p50_ns)],
		["P95", (level) => figureTime(level.p95_ns)],
		["P99", (level) => figureTime(level.p99_ns)],
		...(hasTokens ? [["tokens", (level) => figureRate(level.tokens_per_s)], ["TTFT P95", (level) => figureTime(level.ttft_p95_ns)]] : []),
		["in flight", (level) => figureCount(level.in_flight_peak)],
		...(levels.some((level) => isKnown(level.cpu)) ? [["CPU", (level) => figureRatio(level.cpu)]] : []),
		...(levels.some((level) => isKnown(level.memory_bytes)) ? [["memory", (level) => figureBytes(level.memory_bytes)]] : []),
	];
}

function levelRows(level, columns) {
	const tone = STATUS_TONES[level.status] || "mute";
	const choose = h("button", {type: "button", class: "level", "aria-pressed": "false",
		"aria-label": `Level ${level.index}: mark it in the charts`, click: (event) => {
			event.stopPropagation();
			charts.highlight(level.index);
		}}, level.index);
	const row = h("tr", {"data-level": level.index, class: `of-${tone}`, click: () => charts.highlight(level.index)},
		h("td", {}, choose), columns.map(([, textOf]) => h("td", {}, textOf(level))),
		h("td", {class: "words"}, level.status ? chip(tone, level.status) : NA, level.trial ? ` ${level.trial}` : null));

	if (level.findings.length === 0)
		return [row];
	return [row, h("tr", {class: `why of-${tone}`}, h("td", {}), h("td", {colspan: columns.length + 1, class: "words"},
		level.findings.map((finding) => h("p", {}, finding.text))))];
}

function levelsSection() {
	const {levels} = run.result;

	if (isSeveral())
		return null;
	if (levels.length === 0)
		return section("levels", "Levels", missing("none was begun."));
	const columns = levelColumns(), left = run.levels_n - levels.length;

	return section("levels", "Levels",
		note("Choose a level to mark it in the charts.", left > 0 ? ` ${figureCount(left)} of ${figureCount(run.levels_n)} levels are left out here, evenly; result.json has them all.` : null),
		h("div", {class: levels.length > 30 ? "scroll high" : "scroll", tabindex: "0", role: "region", "aria-label": "Levels"},
			h("table", {class: "judged"},
				h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "level"), columns.map(([name]) => h("th", {scope: "col"}, name)),
					h("th", {scope: "col", class: "words"}, "status"))),
				h("tbody", {}, levels.map((level) => levelRows(level, columns))))));
}
