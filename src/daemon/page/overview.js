/* What the person who comes in at nine wants to know: did last night's runs pass, since when is anything worse, what runs now, and
 * what comes next. */

const RECENT_S = 24 * 3600;
const CARDS_WITH_TRENDS = 12; /* one question each */

/* The worst of what ended since yesterday. */
function nightOf(names) {
	const rows = names.map((one) => one.last).filter((row) => row && row.state === "ended" && secondsSince(row.ended_at) <= RECENT_S);
	const tone = TONES.find((one) => rows.some((row) => toneOf(row) === one)) || "mute";

	return {rows, tone, not: rows.filter((row) => row.status !== "pass")};
}

function nightInWords({rows, not}) {
	if (rows.length === 0)
		return ["Nothing was run in the last 24 hours", []];
	if (not.length === 0)
		return [rows.length === 1 ? "The last run passed" : `All ${rows.length} passed`, []];
	return [`${rows.length - not.length} of ${rows.length} passed`, not];
}

function nightBanner(names) {
	const night = nightOf(names), [words, not] = nightInWords(night), marks = {good: "pass", bad: "fail", warn: "warn", mute: "none"};

	return h("header", {class: `banner ${night.tone}`, id: "night"},
		h("p", {class: "about-run"}, h("b", {}, "The last 24 hours")),
		h("h1", {}, h("span", {class: "verdict"}, sign(marks[night.tone]), words)),
		not.length ? h("ul", {class: "reasons"}, not.map((row) => h("li", {}, runLinkOf(row), " ", outcomeOf(row), " ", when(row.ended_at), row.reason ? `: ${row.reason}` : null))) : null);
}

/* Since when a figure is worse, if it still is. */
function stepsOf(one) {
	const steps = (one.steps || []).filter((step) => step.is_worse);

	return steps.length === 0 ? null : h("ul", {class: "steps"}, steps.map((step) => h("li", {class: "of-bad"}, sign("warn"), " ",
		h("b", {}, metricOf(step.metric)[0]), ` ${changeInWords(step, step.unit || metricOf(step.metric)[1])}. `,
		link(`history${queryOf({name: one.name, metric: step.metric})}`, "Look"))));
}

function cardOf(one, trend) {
	const row = one.last;

	return h("article", {class: `card run-card of-${toneOf(row)}`, "data-key": `card ${one.name}`},
		h("h3", {}, link(`history${queryOf({name: one.name})}`, one.name), " ", outcomeChip(row)),
		h("p", {class: "note"}, row.ended_at ? ["ended ", when(row.ended_at)] : ["began ", when(row.started_at || row.submitted_at)], ` ${submitter(row)}`),
		row.reason && row.status !== "pass" ? h("p", {}, row.reason) : null,
		figuresOf(row, 3) ? h("p", {class: "telling-figures"}, figuresOf(row, 3)) : null,
		trend && trend.points.length > 1 ? h("div", {class: "trend"}, sparkline(trend), note(metricOf(trend.metric)[0], ` over ${trend.points.length} runs`,
			isKnown(trend.baseline) ? `; dashed: the baseline, ${figureIn(trend.unit, trend.baseline)}` : null)) : null,
		stepsOf(one),
		h("p", {class: "buttons"}, runLinkOf(row, row.state === "ended" ? "Run" : "Watch"), reportOf(row),
			row.state === "ended" && row.exit_code !== null ? link(`compare${queryOf({current: row.id})}`, "Compare") : null,
			session.may("run") ? link(`start${queryOf({profile: one.name})}`, "Run again") : null));
}

function cardsSection({names, trends}) {
	if (!names)
		return null;
	return section("profiles", "Profiles", names.length
		? h("div", {class: "cards"}, names.map((one) => cardOf(one, (trends.get(one.name) || {}).trend)))
		: note("There is no run yet. ", session.may("run") ? link("start", "Start one") : null));
}

function activeRow(row) {
	const elapsed = row.started_at ? secondsSince(row.started_at) : null;

	const isQueued = row.state === "queued", hasPlan = !isQueued && isKnown(row.planned_s) && row.planned_s > 0;

	return h("li", {"data-key": `active ${row.id}`},
		h("div", {class: "words"},
			h("p", {}, runLinkOf(row), " ", outcomeChip(row), " ", h("span", {class: "note"}, row.target, row.load ? ` · ${row.load}` : null, " ", submitter(row))),
			hasPlan ? h("progress", {max: row.planned_s, value: Math.min(elapsed || 0, row.planned_s), "aria-label": `How far ${row.name} is`}) : null),
		h("p", {class: "buttons"}, runLinkOf(row, "Watch"),
			session.may("run") ? doer(`stop ${row.id}`, {class: "quiet danger", "aria-label": `Stop ${row.name}`}, isQueued ? "Take it out" : "Stop", () => stopRun(row)) : null));
}

function queueSections(queue) {
	return [
		queue.running.length ? section("running", "Running now", h("ul", {class: "card list"}, queue.running.map(activeRow))) : null,
		queue.queued.length ? section("queued", "Queue", h("ol", {class: "card list"}, queue.queued.map(activeRow))) : null,
	];
}

function nextSection(schedules) {
	const next = schedules.filter((one) => !one.is_paused && one.next_at.length > 0).sort((a, b) => (a.next_at[0] < b.next_at[0] ? -1 : 1)).slice(0, 5);

	const item = (one) => h("li", {}, h("p", {}, h("b", {}, one.name), " ", when(one.next_at[0]), " ", h("span", {class: "note"}, one.profile)));

	return section("next", "Next", next.length ? h("ul", {class: "card list"}, next.map(item)) : note("Nothing is scheduled. ", link("schedule", "To the schedule")));
}

function firingSection(alerts) {
	return alerts.length === 0 ? null : section("firing", "Alerts", h("ul", {class: "card list"}, alerts.map(alertItem)));
}

/* The figure that tells most, of those that there are trends of. */
function mainMetric(one) {
	return TELLING.find((name) => one.metrics.includes(name)) || one.metrics[0] || null;
}

async function trendsOf(names, known) {
	const trends = new Map();

	await Promise.all(names.slice(0, CARDS_WITH_TRENDS).map(async (one) => {
		const metric = mainMetric(one), before = known.get(one.name);

		if (before && before.runs === one.runs)
			trends.set(one.name, before);
		else if (metric && one.runs > 1)
			trends.set(one.name, {runs: one.runs, trend: await api.get(`/trends${queryOf({name: one.name, metric, limit: SPARK_POINTS})}`)});
	}));
	return trends;
}

const overview = {
	title: "Overview",

	async show(view) {
		const seen = {trends: new Map(), names: null, queue: {running: [], queued: []}, schedules: [], alerts: []};
		const draw = () => view.fill(seen.names ? nightBanner(seen.names) : null, firingSection(seen.alerts), queueSections(seen.queue), cardsSection(seen), nextSection(seen.schedules));
		const look = async () => {
			const [history, queue, schedules, alerts] = await askAll(["/history", "/queue", "/schedules", "/alerts?state=firing&acknowledged=false"]);

			Object.assign(seen, history && {names: byWorth(history.names)}, queue && {queue}, schedules, alerts);
			seen.trends = await trendsOf(seen.names || [], seen.trends);
			draw();
		};
		const again = soon(view, look);

		await look();
		view.on([...CHANGE_KINDS, "again"], again);
		view.every(1000, () => seen.queue.running.length > 0 && draw()); /* how far they are */
		view.every(60000, again);
	},
};

/* What is wrong first, then what is newest. */
function byWorth(names) {
	const worth = (one) => {
		const at = TONES.indexOf(toneOf(one.last));

		return at >= 0 && secondsSince(one.last.ended_at) <= RECENT_S ? at : TONES.length;
	};

	return [...names].sort((a, b) => worth(a) - worth(b) || (a.last.submitted_at < b.last.submitted_at ? 1 : -1));
}

/* Many changes at once are looked at once. */
function soon(view, look) {
	let timer = null;

	view.ends(() => clearTimeout(timer));
	return () => {
		if (timer === null)
			timer = setTimeout(() => {
				timer = null;
				if (!view.isLeft)
					view.attempt(look);
			}, 300);
	};
}
