/* One run: while it goes on, as its events say; once it has ended, by its result. */

function progressOf(row, live) {
	const elapsed = live.last ? live.last.at_ns / NS : row.elapsed_s, planned = row.planned_s;

	if (row.state !== "running" && row.state !== "stopping")
		return null;
	return h("p", {class: "progress"},
		isKnown(planned) && planned > 0 ? h("progress", {max: planned, value: Math.min(elapsed || 0, planned), "aria-label": "How far it is"}) : null,
		h("span", {class: "note"}, figureSeconds(elapsed), isKnown(planned) ? ` of about ${figureSeconds(planned)}` : null, live.phase ? ` · ${live.phase}` : null));
}

function bannerOfRow(row, tiles, more) {
	const tone = toneOf(row), marks = {good: "pass", bad: "fail", warn: "warn", mute: "none", live: "play"};

	return h("header", {class: `banner ${tone}`, id: "verdict"},
		h("p", {class: "about-run"}, h("b", {}, row.name), row.target ? ` · ${row.target}` : null, row.load ? ` · ${row.load}` : null, " · ",
			row.started_at ? ["began ", when(row.started_at)] : ["submitted ", when(row.submitted_at)], ` ${submitter(row)}`),
		h("h1", {}, h("span", {class: "verdict"}, sign(marks[tone]), outcomeOf(row).toUpperCase()),
			isKnown(row.exit_code) ? h("span", {class: "exit"}, `exit ${row.exit_code}`) : null),
		more, tiles.length ? h("dl", {class: "tiles"}, tiles) : null);
}

function rateNow(data, live) {
	const {rows} = live.document.series, n = rows.length;
	const length = n > 1 ? rows[n - 1][0] - rows[n - 2][0] : live.document.series.step_s;

	return isKnown(data.achieved_per_s) ? data.achieved_per_s : length > 0 && isKnown(data.ok) ? data.ok / length : null;
}

const STOLEN_NEWS = 0.01; /* of a CPU's time: less is no reason for anything */

function liveTiles(live) {
	const data = live.last;

	if (!data)
		return [];
	const {target = {}, generator = {}} = data, failed = (data.failed || 0) + (data.dropped || 0) + (data.unsent || 0);
	const errors = data.scheduled > 0 ? failed / data.scheduled : null, users = live.document.result.levels.some((level) => isKnown(level.offered_users));

	return [
		tile("Achieved", figureRate(rateNow(data, live)), isKnown(data.offered) ? `of ${figureLoad(data.offered, users)} ${users ? "" : "offered"}` : "good answers"),
		tile("P95", figureTime(data.p95_ns), `P50 ${figureTime(data.p50_ns)}, P99 ${figureTime(data.p99_ns)}`),
		tile("Errors", figureRatio(errors), Object.entries(data.failures || {}).slice(0, 3).map(([name, n]) => `${name} ${figureCount(n)}`).join(", ") || "none in this interval",
			errors > 0 ? "bad" : null),
		tile("In flight", figureCount(data.in_flight), "under way"),
		tile("Target", figureRatio(target.cpu), `CPU; ${isKnown(target.memory) ? `${figureBytes(target.memory)} of memory` : "nobody was told whom to watch"}`),
		tile("Generator", figureRatio(generator.cpu), `CPU; P99 ${figureTime(data.lateness_p99_ns)} late${generator.stolen >= STOLEN_NEWS
			? `; its host took a CPU away for ${figureRatio(generator.stolen)}` : ""}`),
	];
}

/* "p95 <= 80ms", green, yellow or red as it stands. */
function lightOf(slo, goal) {
	let [tone, word] = GOAL_STATES[slo.status] || ["mute", slo.status];

	if (slo.status === "pass" && goal && isNear(goal, slo.value))
		[tone, word] = ["warn", "holds, within a tenth of its limit"];
	const value = slo.above_timeout ? "above the timeout" : goal && isKnown(slo.value) ? figureIn(goal.unit, slo.value) : null;

	return h("li", {class: `light of-${tone}`}, h("code", {}, slo.expr), " ", value ? h("b", {}, value) : null, " ", chip(tone, word));
}

function lightsSection() {
	const {slo} = run.result;

	return slo.length ? section("lights", "Objectives", h("ul", {class: "lights"}, slo.map((one, i) => lightOf(one, run.goals[i])))) : null;
}

/* One block for each level, as high as its load: they fill in while one looks. */
function ladder() {
	const {levels} = run.result, most = greatest(levels.map(loadOf)) || 1;

	return h("ol", {class: "ladder", "aria-label": "Levels so far"}, levels.map((level) => {
		const tone = STATUS_TONES[level.status] || "live", block = document.createElementNS(SVG, "svg"), bar = document.createElementNS(SVG, "rect");
		const height = Math.max(3, 40 * (isKnown(loadOf(level)) ? loadOf(level) / most : 0));

		block.setAttribute("viewBox", "0 0 10 40");
		block.setAttribute("preserveAspectRatio", "none");
		block.setAttribute("aria-hidden", "true");
		for (const [name, value] of Object.entries({x: 0, y: 40 - height, width: 10, height}))
			bar.setAttribute(name, value);
		block.append(bar);
		return h("li", {class: tone}, block, h("span", {class: "unseen"}, `level ${level.index}, ${figureLoad(loadOf(level), inUsers())}: ${level.status || "running"}`));
	}));
}

const LIVE_LEVEL_COLUMNS = ["level", "offered", "achieved", "requests", "errors", "P95 (worst interval)", "in flight", "CPU", "status|"];

function liveLevelsSection(live) {
	const {levels} = run.result, users = inUsers();

	if (levels.length === 0)
		return null;
	const row = (level) => {
		const tone = STATUS_TONES[level.status] || "live";

		return [h("tr", {class: `of-${tone}`}, cellsOf("td", LIVE_LEVEL_COLUMNS, [level.index, figureLoad(loadOf(level), users), figureRate(level.achieved_per_s), figureCount(level.requests),
			figureRatio(level.error_rate), figureTime(level.p95_ns), figureCount(level.in_flight_peak), figureRatio(level.cpu), chip(tone, level.status || "running")])),
			level.findings.length ? h("tr", {class: `why of-${tone}`}, h("td", {}), h("td", {colspan: LIVE_LEVEL_COLUMNS.length - 1, class: "words"},
				level.findings.map((finding) => h("p", {}, finding.text)))) : null];
	};

	return section("levels", "Levels", ladder(), live.levelsLeftOut > 0 ? note(`${figureCount(live.levelsLeftOut)} earlier levels are left out here, evenly.`) : null,
		h("div", {class: levels.length > 12 ? "scroll high" : "scroll", tabindex: "0", role: "region", "aria-label": "Levels"}, h("table", {class: "judged"},
			h("thead", {}, h("tr", {}, cellsOf("th", LIVE_LEVEL_COLUMNS, LIVE_LEVEL_COLUMNS.map((name) => name.replace("|", ""))))),
			h("tbody", {}, [...levels].reverse().map(row)))));
}

function notesSection(live) {
	return live.notes.length === 0 ? null : section("notes", "What happened",
		live.notesLeftOut > 0 ? note(`${figureCount(live.notesLeftOut)} earlier ones are left out.`) : null,
		h("ul", {class: "card evidence"}, [...live.notes].reverse().map((one) => h("li", {}, h("b", {}, figureSeconds(one.at_s)), " ",
			one.tone === "mute" ? null : sign({good: "pass", warn: "warn", bad: "fail"}[one.tone]), " ", one.words))));
}

/* Of a run that has ended: its result says all of it exactly. A suite has rows, and no levels. */
function endedSections(result) {
	if (result.rows)
		return [rowsSection(), categoriesSection(), spentSection()];
	if (!wasMeasured(result))
		return [];
	return [
		lightsSection(),
		result.failure_mode.evidence.length ? section("break", "Why", h("ul", {class: "card evidence"}, result.failure_mode.evidence.map(evidenceOf))) : null,
		adviceSection(), alertsSection(), comparisonSection(), levelsSection(), shardsSection(),
	];
}

function hasResult(row) {
	return row.files.some(({path}) => path === "result.json" || path === "suite.json");
}

const FILE_WORDS = {"result.json": "JSON", "suite.json": "JSON", "events.ndjson": "Events", "run.hlog": "Histograms", "profile.yaml": "Profile", "report.txt": "Text"};

function filesOf(row) {
	return row.files.filter(({path}) => Object.hasOwn(FILE_WORDS, path)).map(({path, bytes}) => h("li", {}, h("a", {
		href: `${API}${pathOf("runs", row.id, "files")}/${path.split("/").map(encodeURIComponent).join("/")}?download`, download: ""}, FILE_WORDS[path]),
		h("small", {}, ` ${figureBytes(bytes)}`)));
}

function actionsOf(view, row) {
	if (row.state !== "ended")
		return h("p", {class: "buttons"}, session.may("run") ? doer(`stop ${row.id}`, {class: "main bad"}, row.state === "queued" ? "Take it out of the queue" : "Stop", () => stopRun(row)) : null,
			link("", "Overview"));
	const isJudged = hasResult(row);

	return [h("p", {class: "buttons"},
		isJudged ? h("a", {class: "main", href: `${API}${pathOf("runs", row.id, "reports", "html")}`, target: "_blank", rel: "noopener"}, "Open the report") : null,
		isJudged ? link(`compare${queryOf({current: row.id, base: row.baseline ? `baseline:${row.baseline}` : ""})}`, "Compare") : null,
		link(`history${queryOf({name: row.name})}`, "Its history"),
		session.may("run") && row.profile ? link(`start${queryOf({profile: row.profile})}`, "Run it again") : null,
		session.may("run") && isJudged ? doer(`save ${row.id}`, {}, "Save as baseline", () => saveBaseline(row)) : null,
		session.may("run") ? doer(`delete ${row.id}`, {class: "quiet danger"}, "Delete", () => deleteRun(row)) : null),
	isJudged ? h("ul", {class: "files", "aria-label": "Downloads"}, filesOf(row), h("li", {}, download(row, "csv", "CSV")), h("li", {}, download(row, "md", "Markdown"))) : null,
	h("p", {class: "note"}, h("a", {href: `${API}${pathOf("runs", row.id, "log")}`, target: "_blank", rel: "noopener"}, "What it said on stderr"))];
}

async function saveBaseline(row) {
	const answer = await confirmed({title: "Save as baseline", words: "Later runs can be held against it.", button: "Save", more: [
		h("label", {for: "baseline-name"}, "Name"), h("input", {id: "baseline-name", name: "name", required: true, pattern: NAME_PATTERN, value: row.name}),
		h("label", {}, h("input", {type: "checkbox", name: "replace"}), " replace one that is there")]});

	if (!answer)
		return;
	await api.put(pathOf("baselines", answer.name), {run: row.id, replace: Boolean(answer.replace)});
	say(`saved as baseline ${answer.name}`);
}

async function deleteRun(row) {
	if (!await confirmed({title: `Delete this run of ${row.name}?`, words: "Its files are removed, and it is no part of any trend any more.", button: "Delete it", tone: "bad"}))
		return;
	await api.remove(pathOf("runs", row.id));
	say("it is deleted");
	places.go("history");
}

/* Whoever comes when it is over was told nothing of it as it went. */
function overTime(seen, id) {
	if (!run.result.levels)
		return null;
	if (run.series.rows.length > 0)
		return overTimeSection();
	return seen.result && wasMeasured(seen.result) ? section("time", "Over time", note("What happened when is drawn in ",
		h("a", {href: `${API}${pathOf("runs", id, "reports", "html")}`, target: "_blank", rel: "noopener"}, "its report"), ".")) : null;
}

const runView = {
	title: "Run",

	async show(view) {
		const id = view.place.id, parts = {head: h("div"), body: h("div"), drawn: h("div")};
		const seen = {row: await api.get(pathOf("runs", id)), result: null, linkLost: false};
		const live = new LiveRun(seen.row);

		if (view.isLeft)
			return;
		run = live.document;
		document.title = `${seen.row.name} · brunt`;
		view.fill(parts.head, parts.body, parts.drawn);
		const drawn = new LiveCharts(view, parts.drawn, () => [seen.result ? endedSections(seen.result) : null, overTime(seen, id)]);
		const words = () => runWords(view, seen, live, parts);

		words();
		if (seen.row.state === "ended") { /* nothing is told of it any more: its result says it all */
			await runLook(view, seen, live, words, drawn);
			return;
		}
		const stream = view.watch(`${pathOf("runs", id)}/events`, {
			event: (kind, data) => {
				if (kind === "state" && data.state === "ended")
					stream.close(); /* that was all of it */
				runEvent(seen, live, kind, data, words, drawn);
			},
			state: (state, why) => {
				seen.linkLost = state === "lost" ? why : false;
				words();
			},
		});
		view.on(["run", "again"], async (kind, data) => {
			if (kind === "again" || data.id === id)
				await view.attempt(() => runLook(view, seen, live, words, drawn));
		});
	},
};

const STATES_SAID = {BROKEN: "broke", INVALID: "says nothing of the target"};

function runEvent(seen, live, kind, data, words, drawn) {
	live.take(kind, data);
	if (kind === "state" && seen.row.state !== "ended")
		Object.assign(seen.row, {state: data.state, position: data.position});
	if (kind === "judged" && STATES_SAID[data.status])
		say(`level ${data.level} ${STATES_SAID[data.status]}`);
	if (kind === "end")
		say(`${seen.row.name}: ${(OUTCOMES[data.status] || ["", data.status])[1]}`);
	seen.due = seen.due || requestAnimationFrame(() => {
		seen.due = 0;
		words();
	});
	drawn.changed(`${live.shape} ${seen.result !== null}`);
}

/* How it stands by the list, and once it has ended, its result. */
async function runLook(view, seen, live, words, drawn) {
	seen.row = await api.get(pathOf("runs", view.place.id));
	if (seen.row.state === "ended" && hasResult(seen.row) && seen.result === null) {
		seen.result = await api.get(`${pathOf("runs", view.place.id)}/result`);
		useResult(live, seen.result, view.place.id);
	}
	words();
	drawn.now(`${live.shape} ${seen.result !== null}`);
}

/* The charts stay those of the events; all else is the result's. */
function useResult(live, result, id) {
	const {goals} = live.document, slo = result.slo || [];

	Object.assign(live.document, {result, base: `${API}${pathOf("runs", id)}/files/`, levels_n: (result.levels || []).length,
		goals: slo.map((one) => goals.find((goal) => goal.expr === one.expr) || null)});
	if (live.document.levels_n > LIVE_LEVELS_MAX)
		result.levels = result.levels.filter((level, i) => i % Math.ceil(live.document.levels_n / LIVE_LEVELS_MAX) === 0 || level.status === "BROKEN");
}

function runWords(view, seen, live, {head, body}) {
	if (view.isLeft)
		return;
	const {row, result} = seen, isEnded = row.state === "ended", reasons = row.reasons || [];
	const tiles = result ? (result.rows ? suiteTiles() : wasMeasured(result) ? verdictTiles() : []) : isEnded ? [] : liveTiles(live);

	refill(head, [bannerOfRow(row, tiles, [
		row.reason ? h("p", {class: "sentence"}, row.reason) : null,
		reasons.length > 1 ? h("ul", {class: "reasons"}, reasons.slice(1).map((text) => h("li", {}, text))) : null,
		progressOf(row, live), actionsOf(view, row)]),
	seen.linkLost ? h("p", {class: "note warning", role: "status"}, `The link to the daemon is lost (${seen.linkLost}); the page tries again by itself.`) : null,
	live.missed > 0 ? note(`${figureCount(live.missed)} events came faster than this page could take them, and are not in the charts; the result has them.`) : null]);
	refill(body, result ? [] : [lightsSection(), liveLevelsSection(live), shardsSection(), notesSection(live)]);
	document.title = `${isEnded ? `${outcomeOf(row)}: ` : ""}${row.name} · brunt`;
}

function wasMeasured(result) {
	return Boolean(result.verdict) && result.verdict.status !== "unreachable";
}
