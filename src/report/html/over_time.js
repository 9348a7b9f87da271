/* What happened when: one chart per matter, one beneath the other on the same time axis. */

function timeFigure(title, unit, datasets, options = {}) {
	const chosen = datasets().filter((d) => d.values.some(isKnown));

	if (chosen.length === 0)
		return null;
	return chartFigure({
		title,
		about: options.about,
		height: options.height,
		hasLog: options.hasLog,
		label: `${title} over time: ${chosen.map((d) => `${d.label} up to ${figureIn(unit, greatest(d.values))}`).join(", ")}. `
			+ "The same figures follow as a table.",
		make: (isLog) => timeConfig(datasets().filter((d) => d.values.some(isKnown)), {...options, unit, isLog}),
		table: () => timeTable(title, unit, datasets()),
	});
}

/* Goals for response times of all requests, as lines: "p95 <= 80ms". */
function goalLines() {
	return run.result.slo.flatMap((slo, i) => {
		const goal = run.goals[i];

		return goal && goal.of === "run" && goal.unit === "ns" && /^(response\.)?p[0-9.]+ *<=? */.test(slo.expr)
			? [{value: goal.value, label: slo.expr}] : [];
	});
}

function latencyOverTime() {
	return timeFigure("Response time", "ns", () => [
		{label: "P50", values: column("p50_ns"), colour: theme.colour("low")},
		{label: "P95", values: column("p95_ns"), colour: theme.colour("mid")},
		{label: "P99", values: column("p99_ns"), colour: theme.colour("high")},
	], {isFirst: true, hasLog: true, height: "tall", lines: goalLines(),
	    about: "From the moment each request was due. Bands are levels, with their status on top."});
}

function loadOverTime() {
	return timeFigure("Load", "per_s", () => [
		{label: "achieved", values: perSecond("ok"), colour: theme.colour("mid"), fill: true},
		...(inUsers() ? [] : [{label: "offered", values: column("offered"), colour: theme.colour("muted"), stepped: true, dash: [5, 3]}]),
	], {about: inUsers() ? "Good answers per second." : "Requests per second that were wanted, and good answers per second."});
}

function inFlightOverTime() {
	return timeFigure("In flight", "count", () => [
		{label: "in flight", values: column("in_flight"), colour: theme.colour("mid"), fill: true},
		...(inUsers() ? [{label: "users", values: column("offered"), colour: theme.colour("muted"), stepped: true, dash: [5, 3]}] : []),
	], {height: "short"});
}

function failureColumns() {
	return run.series.columns.filter((name) => name.startsWith("failure."));
}

function errorsOverTime() {
	const names = failureColumns();

	if (names.length === 0)
		return null;
	return timeFigure("Errors by class", "per_s", () => names.map((name, i) => (
		{label: name.slice("failure.".length), values: perSecond(name), colour: theme.colour(`class${i % 8}`)})),
	{isStacked: true, about: `Per second, one upon the other${Object.keys(run.failures).length > 0 ? "; what each class means is said below" : ""}.`});
}

const SHARES = {cpu: "CPU", cpu_thread: "busiest thread", throttled: "throttled by its quota", cpu_pressure: "waits for a CPU",
	memory_pressure: "waits for memory", io_pressure: "waits for a disk", run_wait: "waits to run", stolen: "taken by the host", gpu: "GPU"};

/* Pressure and the like only where there was any: else they are lines on the ground. */
function sharesOf(whose) {
	const cpu = column(`${whose}.cpu`);
	const isNews = (name) => greatest(column(`${whose}.${name}`)) >= 0.01 && column(`${whose}.${name}`).some((value, i) => value !== cpu[i]);

	return Object.entries(SHARES).filter(([name]) => name === "cpu" || isNews(name))
		.map(([name, label], i) => ({label, values: column(`${whose}.${name}`),
			colour: i === 0 ? theme.colour("mid") : theme.colour(`class${(i + 1) % 8}`), width: i === 0 ? 2 : 1.25}));
}

function memoryOf(whose) {
	const most = greatest(column(`${whose}.memory`)), limit = greatest(column(`${whose}.memory_limit`));

	return [
		{label: "memory", values: column(`${whose}.memory`), colour: theme.colour("high"), fill: true},
		...(limit > 0 && limit < 3 * most ? [{label: "limit", values: column(`${whose}.memory_limit`), colour: theme.colour("bad"), dash: [5, 3]}] : []),
	];
}

function varies(name) {
	const values = column(name).filter(isKnown);

	return values.length > 0 && values.some((value) => value !== values[0]);
}

function thingsOf(whose) {
	const names = {threads: "threads", fds: "descriptors", processes: "processes"};

	return Object.entries(names).filter(([name]) => varies(`${whose}.${name}`)).map(([name, label], i) => (
		{label, values: column(`${whose}.${name}`), colour: theme.colour(`class${i}`), stepped: true}));
}

function targetOverTime() {
	return [
		timeFigure("Target: CPU", "ratio", () => sharesOf("target"), {most: 1, height: "short",
			about: "The larger of the share of the CPUs it may use and its busiest thread's share of one."}),
		timeFigure("Target: memory", "bytes", () => memoryOf("target"), {height: "short"}),
		timeFigure("Target: threads, descriptors", "count", () => thingsOf("target"), {height: "short"}),
		...run.series.columns.filter((name) => name.startsWith("scraped.")).map((name, i) => timeFigure(
			`Scraped: ${name.slice("scraped.".length)}`, "count",
			() => [{label: name.slice("scraped.".length), values: column(name), colour: theme.colour(`class${i % 8}`)}], {height: "short"})),
	];
}

function generatorOverTime() {
	return [
		timeFigure("Generator: lateness", "ns", () => [
			{label: "P99", values: column("lateness_p99_ns"), colour: theme.colour("mid"), fill: true}],
		{height: "short", hasLog: true, about: "How late brunt itself sent: ours alone, never the target's. A level in which it is too late is INVALID."}),
		timeFigure("Generator: CPU", "ratio", () => sharesOf("self"), {most: 1, height: "short"}),
	];
}

function tokensOverTime() {
	if (!hasColumn("ttft_p50_ns") && !hasColumn("ttft_p95_ns"))
		return [];
	return [
		timeFigure("Time to first token", "ns", () => [
			{label: "P50", values: column("ttft_p50_ns"), colour: theme.colour("low")},
			{label: "P95", values: column("ttft_p95_ns"), colour: theme.colour("mid")},
		], {hasLog: true}),
		timeFigure("Between tokens", "ns", () => [
			{label: "P95", values: column("itl_p95_ns"), colour: theme.colour("mid")}],
		{height: "short", hasLog: true, about: "Gap between two reads that brought tokens."}),
		timeFigure("Tokens per second", "per_s", () => [
			{label: "tokens", values: perSecond("tokens"), colour: theme.colour("high"), fill: true}], {height: "short",
			about: "Of answers that ended well, in the second in which they ended."}),
	];
}

function zoomBar() {
	const step = run.series.step_s, joined = step > run.series.interval_s;

	return h("p", {class: "note zoom-bar"},
		joined ? `Each point is ${figureSeconds(step)}: of times and readings the worst in it. ` : `Each point is ${figureSeconds(step)}. `,
		"Drag across a chart to look closer. ",
		h("button", {type: "button", class: "reset", click: () => charts.setZoom(null)}, "Whole run"));
}

function overTimeSection() {
	if (isSeveral())
		return null; /* each run has a page of its own */
	if (run.series.rows.length === 0)
		return section("time", "Over time", missing("nothing was recorded: the run ended before its first interval did."));
	return section("time", "Over time", zoomBar(), h("div", {class: "stack"}, [
		latencyOverTime(), loadOverTime(), inFlightOverTime(),
		errorsOverTime() || h("div", {class: "instead"}, h("h3", {}, "Errors by class"), note("None: everything that was due ended well.")),
		tokensOverTime(), targetOverTime(),
		hasColumn("target.cpu") ? null : h("div", {class: "instead"}, h("h3", {}, "Target: CPU and memory"), missing("nobody was told whom to watch, or it could not be read.")),
		generatorOverTime()]));
}
