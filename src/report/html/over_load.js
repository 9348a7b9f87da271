/* What the load did: latency and throughput over it, the knee and the bracket, latency by percentile, and the levels
 * that a search tried. */

function bracketOf() {
	const point = run.result.breaking_point;

	return point && point.found && isKnown(point.interval_per_s[0]) && isKnown(point.interval_per_s[1]) ? point.interval_per_s : null;
}

/* The bracket as a band, the knee and the safe rate as lines. */
const loadOverlay = {
	id: "loadOverlay",

	beforeDatasetsDraw(chart) {
		const bracket = bracketOf(), {ctx, chartArea: {top, bottom, left, right}, scales: {x}} = chart;

		if (!bracket)
			return;
		const from = Math.max(x.getPixelForValue(bracket[0]), left), to = Math.min(x.getPixelForValue(bracket[1]), right);

		ctx.save();
		ctx.fillStyle = colourWithAlpha(theme.colour("bad"), 0.13);
		ctx.fillRect(from, top, Math.max(to - from, 2), bottom - top);
		ctx.restore();
	},

	afterDatasetsDraw(chart) {
		const {curve, breaking_point: point} = run.result;

		if (curve && curve.knee)
			drawUpright(chart, curve.knee.load, theme.colour("warn"), [5, 4], "knee");
		if (point && isKnown(point.safe_per_s))
			drawUpright(chart, point.safe_per_s, theme.colour("good"), [2, 3], "safe");
	},
};

/* Levels in the order of their load, those that say something of the target. */
function levelsByLoad() {
	return run.result.levels.filter((level) => isKnown(loadOf(level)) && level.requests > 0)
		.sort((a, b) => loadOf(a) - loadOf(b));
}

function markOf(level, colour, isPlain) {
	const isChosen = level.index === charts.level;

	if (isPlain)
		return {pointRadius: isChosen ? 6 : 2.5, pointStyle: "circle", pointBorderColor: colour, pointBorderWidth: 1, pointBackgroundColor: colour};
	return {
		pointRadius: isChosen ? 8 : 4.5,
		pointStyle: {BROKEN: "crossRot", INVALID: "triangle", CUT: "triangle"}[level.status] || "circle",
		pointBorderColor: level.status === "OK" ? colour : statusColour(level.status),
		pointBorderWidth: level.status === "BROKEN" ? 3 : 1.5,
		pointBackgroundColor: level.status === "OK" ? colour : statusColour(level.status),
	};
}

/* isPlain: the status of its levels is marked on another line. */
function loadDataset(levels, label, colour, valueOf, isPlain, extra) {
	const marks = levels.map((level) => markOf(level, colour, isPlain));
	const points = {};

	for (const key of Object.keys(marks[0] || {}))
		points[key] = marks.map((mark) => mark[key]);
	return {label, borderColor: colour, backgroundColor: colour, borderWidth: 1.5, spanGaps: true, ...points,
		data: levels.map((level) => ({x: loadOf(level), y: valueOf(level)})), ...extra};
}

function loadConfig(levels, datasets, unitName, isLog) {
	const unit = axisUnit(unitName, 0), loads = levels.map(loadOf);
	const margin = (loads[loads.length - 1] - loads[0]) * 0.04 || 1;
	const base = baseOptions(unit, {
		x: {min: Math.max(0, loads[0] - margin), max: loads[loads.length - 1] + margin,
		    ticks: {color: theme.colour("muted"), maxRotation: 0, autoSkipPadding: 18,
			    includeBounds: false, callback: (value) => figureLoad(value, inUsers())}},
		y: isLog ? logarithmic() : {},
		tooltip: {title: (items) => {
			const level = items.length ? levels[items[0].dataIndex] : null;

			return level ? `level ${level.index}, ${figureLoad(loadOf(level), inUsers())}: ${level.status}` : "";
		}},
	});

	base.scales.y.ticks = {color: theme.colour("muted"), padding: 8, callback: unit.text};
	base.scales.y.grid = {color: theme.colour("line")};
	base.interaction = {mode: "nearest", intersect: false, axis: "xy"};
	base.onClick = (_event, items) => {
		if (items.length > 0)
			charts.highlight(levels[items[0].index].index);
	};
	return {type: "line", data: {datasets}, options: base, plugins: [loadOverlay]};
}

function loadTable(title, names, unit, valuesOf) {
	return table(title, ["load", "level", ...names, "status|"], levelsByLoad().map((level) => [
		figureLoad(loadOf(level), inUsers()), level.index, ...valuesOf(level).map((value) => figureIn(unit, value)), level.status]));
}

function latencyOverLoad() {
	const valuesOf = (level) => [level.p50_ns, level.p95_ns, level.p99_ns];
	const {curve} = run.result, bracket = bracketOf();

	return chartFigure({
		title: "Response time against load",
		about: [bracket ? "Shaded: between what held and what broke. " : null,
			curve && curve.knee ? "Knee: where P95 begins to rise faster than the load." : curve && curve.no_knee ? `No knee is shown: ${curve.no_knee}.` : null],
		size: "half", height: "tall", hasLog: true,
		label: `Response time P50, P95 and P99 of each level against its load${curve && curve.knee ? `; the knee is at ${figureLoad(curve.knee.load, inUsers())}` : ""}.`,
		make: (isLog) => {
			const levels = levelsByLoad();

			return loadConfig(levels, [
				loadDataset(levels, "P50", theme.colour("low"), (level) => level.p50_ns, true),
				loadDataset(levels, "P95", theme.colour("mid"), (level) => level.p95_ns, false),
				loadDataset(levels, "P99", theme.colour("high"), (level) => level.p99_ns, true),
			].filter(({data}) => data.some(({y}) => isKnown(y))), "ns", isLog);
		},
		table: () => loadTable("Response time against load", ["P50", "P95", "P99"], "ns", valuesOf),
	});
}

function throughputOverLoad() {
	return chartFigure({
		title: "Throughput against load",
		about: inUsers() ? "Good answers per second by users." : "Good answers per second; on the dashed line is all that was wanted.",
		size: "half", height: "tall",
		label: "Good answers per second of each level against its load.",
		make: () => {
			const levels = levelsByLoad(), ideal = {pointRadius: 0, pointHitRadius: 0, borderDash: [5, 4], borderWidth: 1.5};

			return loadConfig(levels, [
				loadDataset(levels, "achieved", theme.colour("mid"), (level) => level.achieved_per_s, false),
				...(inUsers() ? [] : [loadDataset(levels, "offered", theme.colour("muted"), loadOf, true, ideal)]),
			], "per_s", false);
		},
		table: () => loadTable("Throughput against load", ["achieved"], "per_s", (level) => [level.achieved_per_s]),
	});
}

const NINES = [[1, "0%"], [2, "50%"], [10, "90%"], [100, "99%"], [1e3, "99.9%"], [1e4, "99.99%"], [1e5, "99.999%"], [1e6, "99.9999%"]];

function percentileName(nines) {
	const q = 100 * (1 - 1 / nines);

	return `${Number(q.toPrecision(Math.max(3, 2 + Math.ceil(Math.log10(nines)))))}%`;
}

/* metrics: which, in the order of their colours; of the run, or a line for each arm. */
function percentileFigure(title, about, metrics, size, isOfArms) {
	const chosen = metrics.flatMap((metric) => run.distributions.filter(
		(d) => d.metric === metric && d.points.length > 1 && (d.arm !== null) === Boolean(isOfArms)));

	if (chosen.length === 0)
		return null;
	const colours = ["mid", "low", "bad", "high"];
	const nameOf = (d) => (d.arm ? (metrics.length > 1 ? `${d.arm}: ${d.metric}` : d.arm) : d.metric);
	const most = greatest(chosen.map((d) => d.points[d.points.length - 1][0]));

	return chartFigure({
		title, about, size, height: "tall", hasLog: true,
		label: `${title}: ${chosen.map((d) => `${nameOf(d)} up to ${figureTime(d.max_ns)}`).join(", ")}.`,
		make: (isLog) => {
			const unit = axisUnit("ns", 0);
			const base = baseOptions(unit, {
				x: {type: "logarithmic", min: 1, max: most, ticks: {color: theme.colour("muted"), autoSkip: false, maxRotation: 0,
					callback: (value) => (NINES.find(([at]) => at === value) || [])[1]},
				    afterBuildTicks: (axis) => { axis.ticks = NINES.filter(([at]) => at <= most).map(([value]) => ({value})); }},
				y: isLog ? logarithmic() : {},
				tooltip: {title: (items) => (items.length ? percentileName(items[0].parsed.x) : "")},
			});

			base.scales.y.ticks = {color: theme.colour("muted"), padding: 8, callback: unit.text};
			base.scales.y.grid = {color: theme.colour("line")};
			base.interaction = {mode: "nearest", intersect: false, axis: "x"};
			return {type: "line", options: base, data: {datasets: chosen.map((d, i) => {
				const colour = theme.colour(d.arm ? `class${(i + 1) % 8}` : colours[i % 4]);

				return {label: nameOf(d), borderColor: colour, backgroundColor: colour, stepped: "before",
					data: d.points.map(([x, y]) => ({x, y: isLog && y <= 0 ? null : y}))};
			})}};
		},
		table: () => percentileTable(title, chosen, nameOf),
	});
}

function percentileTable(title, chosen, nameOf) {
	const rows = [2, 4, 10, 20, 100, 1e3, 1e4, 1e5];
	const valueAt = (d, nines) => {
		const point = d.points.find(([x]) => x >= nines * 0.999);

		return point ? figureTime(point[1]) : NA;
	};

	return table(title, ["percentile", ...chosen.map(nameOf)],
		[...rows.map((nines) => [percentileName(nines), ...chosen.map((d) => valueAt(d, nines))]),
		 ["max", ...chosen.map((d) => figureTime(d.max_ns))], ["samples", ...chosen.map((d) => figureCount(d.count))]]);
}

const TRIALS = {held: ["triangle", "good"], broke: ["crossRot", "bad"], void: ["circle", "mute"]};

/* The levels in the order in which they were tried, and where the target breaks by what all of them say. */
function searchFigure() {
	const trials = run.result.levels.filter((level) => level.trial);

	if (trials.length === 0)
		return null;
	const band = {id: "band", beforeDatasetsDraw(chart) {
		const interval = run.result.breaking_point.interval_per_s, {ctx, chartArea: {left, right}, scales: {y}} = chart;

		if (!isKnown(interval[0]) || !isKnown(interval[1]))
			return;
		const top = y.getPixelForValue(interval[1]), bottom = y.getPixelForValue(interval[0]);

		ctx.save();
		ctx.fillStyle = colourWithAlpha(theme.colour("accent"), 0.18);
		ctx.fillRect(left, top, right - left, Math.max(bottom - top, 2));
		ctx.restore();
	}};

	return chartFigure({
		title: "What the search tried", height: "tall", size: "wide",
		about: "Each level in its turn: it held, it broke, or says nothing of the target. The band is where it breaks, with 95% confidence.",
		label: `${trials.length} levels that the search tried, from ${figureLoad(loadOf(trials[0]), inUsers())} on; ${trials.filter((t) => t.trial === "broke").length} broke.`,
		make: () => {
			const unit = {text: (value) => figureLoad(value, inUsers())};
			const base = baseOptions(unit, {
				x: {min: 0.5, max: trials.length + 0.5, ticks: {color: theme.colour("muted"), maxRotation: 0, autoSkipPadding: 12,
					callback: (value) => (Number.isInteger(value) ? value : "")}},
				tooltip: {title: (items) => (items.length ? `trial ${items[0].parsed.x}` : "")},
			});

			base.interaction = {mode: "nearest", intersect: false, axis: "xy"};
			base.scales.y.beginAtZero = false;
			return {type: "line", options: base, plugins: [band], data: {datasets: [
				{isSilent: true, label: "", borderColor: theme.colour("line"), borderWidth: 1, pointHitRadius: 0,
				 data: trials.map((level, i) => ({x: i + 1, y: loadOf(level)}))},
				...Object.entries(TRIALS).filter(([name]) => trials.some((level) => level.trial === name)).map(([name, [style, tone]]) => ({
					label: name, showLine: false, borderColor: theme.colour(tone), backgroundColor: theme.colour(tone),
					pointStyle: style, pointRadius: 6, pointBorderWidth: name === "broke" ? 3 : 1,
					data: trials.flatMap((level, i) => (level.trial === name ? [{x: i + 1, y: loadOf(level)}] : []))})),
			]}};
		},
		table: () => table("What the search tried", ["trial", "load", "came to|", "achieved", "P95", "errors", "status|"], trials.map((level, i) => [
			i + 1, figureLoad(loadOf(level), inUsers()), level.trial, figureRate(level.achieved_per_s), figureTime(level.p95_ns),
			figureRatio(level.error_rate), level.status])),
	});
}

function overLoadSection() {
	const hasLoads = !isSeveral() && new Set(levelsByLoad().map(loadOf)).size > 1;
	const parts = [
		hasLoads ? latencyOverLoad() : null, hasLoads ? throughputOverLoad() : null,
		isSeveral() ? null : percentileFigure("Response time by percentile",
			"Each further nine is as wide as the one before.", ["response", "service", "failed"], "half"),
		isSeveral() ? null : percentileFigure("Tokens by percentile",
			"Time to the first token, gaps between reads with tokens, and time per token.", ["ttft", "itl", "tpot"], "half"),
	].filter(Boolean);

	if (parts.length === 0)
		return isSeveral() ? null : section("latency", "Latency", missing("no request was answered."));
	return section("latency", hasLoads ? "Latency and load" : "Latency", h("div", {class: "pair"}, parts));
}
