/* Several runs as one experiment: how the arms compare, their distributions over one another, and the runs. */

const CHANGES = {
	improvement: ["good", "improvement"], small_improvement: ["good", "small improvement"], noise: ["mute", "noise"],
	unsure: ["warn", "unsure"], small_regression: ["warn", "investigate"], regression: ["bad", "regression"], na: ["mute", "n/a"],
};

/* "+12%"; what became many times as much says how many. */
function changeText(rel) {
	if (!isKnown(rel))
		return NA;
	if (rel < 9)
		return `${rel > 0 ? "+" : ""}${figureRatio(rel)}`;
	return `×${rel < 9999 ? digits(rel + 1) : rel.toExponential(0)}`; /* an interval of next to no samples may end anywhere */
}

function changeOf(row) {
	return changeText(row.delta_rel);
}

function valueOfArm(row, value, isAbove) {
	return isAbove ? "above the timeout" : figureIn(row.unit, value);
}

function comparisonTable(rows) {
	return table("Comparison", ["figure|", "baseline", "current", "change", "95% interval", "verdict|"], rows.map((row) => [
		[h("code", {}, row.metric), row.gated ? h("small", {class: "gated"}, " gated") : null],
		valueOfArm(row, row.baseline, row.baseline_above_timeout), valueOfArm(row, row.current, row.current_above_timeout), changeOf(row),
		row.ci_rel.every(isKnown) ? `${changeText(row.ci_rel[0])} to ${changeText(row.ci_rel[1])}` : NA,
		[chip(...(CHANGES[row.status] || ["mute", row.status])), row.note ? h("small", {}, ` ${row.note}`) : null],
	]));
}

/* Better lies to the right, whichever way the figure counts. */
function betterOf(row, value) {
	return row.higher_is_better ? value : -value;
}

function betterText(value) {
	return value === 0 ? "the same" : `${figureRatio(Math.abs(value))} ${value > 0 ? "better" : "worse"}`;
}

/* As wide as the estimates and the tolerances want it: an interval that says next to nothing would leave no room for the
 * others, and is cut off at the edge. */
function forestRange(rows) {
	const most = greatest(rows.map((row) => Math.max(2.5 * Math.abs(row.delta_rel), 2 * row.tolerance)));

	return Math.min(Math.max(most, 0.05), 10);
}

const estimates = {
	id: "estimates",

	beforeDatasetsDraw(chart, _arguments, options) {
		const {ctx, scales: {x}, chartArea: {top, bottom}} = chart, most = greatest(options.rows.map((row) => row.tolerance));

		ctx.save();
		ctx.fillStyle = theme.colour("band");
		ctx.fillRect(x.getPixelForValue(-most), top, x.getPixelForValue(most) - x.getPixelForValue(-most), bottom - top);
		ctx.restore();
	},

	afterDatasetsDraw(chart, _arguments, options) {
		const {ctx, scales: {x, y}, chartArea: {top, bottom, left, right}} = chart, zero = x.getPixelForValue(0);

		ctx.save();
		ctx.strokeStyle = theme.colour("muted");
		ctx.beginPath();
		ctx.moveTo(zero, top);
		ctx.lineTo(zero, bottom);
		ctx.stroke();
		options.rows.forEach((row, i) => {
			ctx.fillStyle = theme.colour((CHANGES[row.status] || ["mute"])[0]);
			ctx.beginPath();
			ctx.arc(Math.max(left, Math.min(right, x.getPixelForValue(betterOf(row, row.delta_rel)))), y.getPixelForValue(i), 5, 0, 7);
			ctx.fill();
		});
		ctx.restore();
	},
};

const FOREST_MOST = 12;

function forestFigure(rows, arm) {
	const known = rows.filter((row) => isKnown(row.delta_rel) && row.ci_rel.every(isKnown));
	const gated = known.filter((row) => row.gated), shown = gated.length > 0 ? gated : known.slice(0, FOREST_MOST);

	if (shown.length === 0)
		return missing("no change has an interval: too little was measured of one arm.");
	return chartFigure({
		title: `How ${arm} compares`, about: `${gated.length > 0 ? "What is gated: change" : "Change"} against the baseline with its 95% interval, cut off where it is very wide; better is to the right. Shaded: the tolerance.`,
		size: "wide", height: shown.length > 6 ? "tall" : "normal",
		label: `Changes of ${shown.length} figures: ${shown.map((row) => `${row.metric} ${changeOf(row)}, ${row.status}`).join("; ")}.`,
		make: () => {
			const config = barConfig({labels: shown.map((row) => row.metric), dataset: "95% interval", thickness: 4,
				colours: shown.map((row) => colourWithAlpha(theme.colour((CHANGES[row.status] || ["mute"])[0]), 0.55)),
				bars: shown.map((row) => row.ci_rel.map((value) => betterOf(row, value)).sort((a, b) => a - b)),
				x: {min: -forestRange(shown), max: forestRange(shown), ticks: {color: theme.colour("muted"), maxRotation: 0, autoSkipPadding: 12, includeBounds: false, callback: betterText}},
				tooltip: (i) => `${changeOf(shown[i])} (95%: ${shown[i].ci_rel.map(changeText).join(" to ")})`});

			config.plugins = [estimates];
			config.options.plugins.estimates = {rows: shown};
			return config;
		},
		table: () => comparisonTable(rows),
	});
}

/* What of the gated figures is worse, better, or cannot be told; and where nothing is gated, of all. */
function comparisonTiles() {
	const {comparison} = run.result, gated = comparison.filter((row) => row.gated), of = gated.length > 0 ? gated : comparison;
	const is = (...states) => of.filter((row) => states.includes(row.status));
	const names = (rows) => (rows.length ? rows.slice(0, 3).map((row) => `${row.metric} ${changeOf(row)}`).join(", ") + (rows.length > 3 ? `, and ${rows.length - 3} more` : "") : "none");
	const one = (name, rows, tone) => tile(name, figureCount(rows.length), names(rows), rows.length ? tone : null);

	return [
		one("Regressions", is("regression"), "bad"),
		one("To investigate", is("small_regression", "unsure"), "warn"),
		one("Improvements", is("improvement", "small_improvement"), "good"),
		tile(gated.length > 0 ? "Gated" : "Compared", `${figureCount(of.length)} ${of.length === 1 ? "figure" : "figures"}`, gated.length > 0 ? `of ${figureCount(comparison.length)} compared` : "nothing could be gated"),
	];
}

function armTable() {
	const isMatrix = isSeveral() && run.result.experiment.kind === "matrix", first = run.result.arms[0].achieved_per_s;
	const hasTokens = run.result.arms.some((arm) => arm.latency_ns.ttft);

	return table("Arms", [isMatrix ? "cell|" : "arm|", "runs", "achieved", ...(isMatrix ? ["× the first"] : []), "errors", "P50", "P95", "P99", ...(hasTokens ? ["TTFT P50", "TTFT P95"] : []), "in flight"],
		run.result.arms.map((arm) => [h("b", {}, arm.name), arm.repeats, figureRate(arm.achieved_per_s),
			...(isMatrix ? [isKnown(arm.achieved_per_s) && first > 0 ? `${digits(arm.achieved_per_s / first)}×` : NA] : []), figureRatio(arm.totals.error_rate),
			figureTime(arm.latency_ns.response.p50), figureTime(arm.latency_ns.response.p95), figureTime(arm.latency_ns.response.p99),
			...(hasTokens ? [figureTime((arm.latency_ns.ttft || {}).p50), figureTime((arm.latency_ns.ttft || {}).p95)] : []),
			figureCount(arm.in_flight_peak)]));
}

/* A run's own page lies beside it, where the whole directory is at hand. */
function runLink(one) {
	if (!one.dir || !/^runs\/[A-Za-z0-9._-]+$/.test(one.dir))
		return one.dir || "–";
	return h("a", {href: `${run.base || ""}${one.dir}/report.html`}, one.dir);
}

function runTable() {
	const tones = {pass: "good", fail: "bad", unreachable: "bad"};

	return table("Runs", ["run", "arm|", "started|", "took", "due", "ok", "its page|", "verdict|"], run.result.experiment.runs.map((one) => [
		one.run, one.arm, (one.started_at || "–").replace("T", " ").replace("Z", ""), figureSeconds(one.duration_s), figureCount(one.scheduled),
		figureCount(one.ok), runLink(one), one.was_run ? [chip(tones[one.status] || "warn", one.status), one.reason ? h("small", {}, ` ${one.reason}`) : null] : "not run"]));
}

/* Which earlier runs, or values written by hand, this one is held against. */
function sideOf(side) {
	const runs = side.runs.map((one) => `${one.dir || one.id || NA} (${(one.started_at || "not known when").replace("T", " ").replace("Z", " UTC")}, brunt ${one.brunt || NA})`);

	if (side.values === "by_hand")
		return `${side.file || NA}, values written by hand`;
	return h("span", {}, runs.map((text) => h("div", {}, text)), side.values === "median" ? note(`Each value is the median of these ${runs.length} runs.`) : null);
}

function againstFacts() {
	const {against} = run.result;

	return against ? facts(["Baseline", sideOf(against.baseline)], ["Current", sideOf(against.current)],
		["Not alike", against.notes.length ? h("ul", {class: "reasons"}, against.notes.map((text) => h("li", {}, text))) : null]) : null;
}

/* A canary's stages, each with what came of it and of the rules that would have taken the candidate back. */
function canaryTable(canary) {
	const tones = {promoted: "good", rolled_back: "bad", held: "warn", interrupted: "warn"};
	const rule = (one) => h("li", {}, one.status === "holds" ? h("b", {}, one.text) : one.text || `${one.rule}: ${one.status}`);

	return table("Canary", ["stage", "keys", "held", "errors", "candidate's", "P95", "candidate's", "outcome|"], canary.stages.map((one) => [
		one.stage, figureRatio(one.share), figureSeconds(one.took_s), figureRatio(one.baseline.error_rate), figureRatio(one.candidate.error_rate),
		figureTime(one.baseline.p95_ns), figureTime(one.candidate.p95_ns),
		[chip(tones[one.status] || "mute", one.status.replace("_", " ")), one.reason ? h("small", {}, ` ${one.reason}`) : null,
			one.told ? h("div", {}, h("small", {}, `${one.told.event} ${one.told.failed ? `failed: ${one.told.text}` : `took ${figureSeconds(one.told.took_s)}`}`)) : null,
			one.took_s === null ? null : folded("Rollback rules", () => h("ul", {class: "reasons"}, one.rules.map(rule)))]]));
}

function comparisonSection() {
	const {arms, comparison = [], comparison_method: methods = [], experiment} = run.result;

	if (!arms)
		return null;
	return section("comparison", experiment && experiment.kind === "matrix" ? "Cells" : "Comparison",
		experiment && experiment.canary ? [h("h3", {}, "Canary"), canaryTable(experiment.canary), h("h3", {}, "Its last stage")] : null,
		againstFacts(), armTable(),
		methods.map((method) => {
			const rows = comparison.filter((row) => row.arm === method.arm);

			const gated = rows.filter((row) => row.gated);

			return [forestFigure(rows, method.arm), comparisonTable(gated.length > 0 ? gated : rows),
				gated.length > 0 && gated.length < rows.length ? folded(`All ${rows.length} figures`, () => comparisonTable(rows)) : null,
				method.warning ? h("p", {class: "note warning"}, method.warning) : null, note(method.method)];
		}),
		h("div", {class: "pair"},
			percentileFigure("Response time by percentile", "Each arm, all its runs together.", ["response"], "half", true),
			percentileFigure("Time to first token by percentile", "Each arm, all its runs together.", ["ttft"], "half", true)),
		experiment ? [h("h3", {}, "Runs"), runTable()] : null);
}
