/* The first screen: did it pass, where does it break, why. */

const VERDICTS = {
	pass: ["good", "pass", "PASS"],
	fail: ["bad", "fail", "FAIL"],
	inconclusive: ["warn", "warn", "INCONCLUSIVE"],
	unreachable: ["bad", "fail", "UNREACHABLE"],
	interrupted: ["warn", "stop", "INTERRUPTED"],
};

function tile(name, value, more, tone) {
	return h("div", {class: `tile ${tone || "plain"}`}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, more) : null));
}

function breakTile(point, users) {
	if (point.search && isKnown(point.search.median_per_s))
		return tile("Breaks at", `${figureLoad(point.interval_per_s[0], users)} to ${figureLoad(point.interval_per_s[1], users)}`, "with 95% confidence", "bad");
	if (point.found)
		return tile("Breaks at", figureLoad(point.first_broken_per_s, users), point.sudden ? "suddenly" : "gradually", "bad");
	return tile("Breaks at", NA, "nothing broke: it is above what was tried");
}

/* Of a load with levels what it breaks at; else what it did. */
function verdictTiles() {
	const {breaking_point: point, latency_ns: latency, rate, totals, failure_mode: failure} = run.result;
	const users = point ? point.unit === "users" : false;

	if (isSeveral())
		return run.result.arms.slice(0, 4).map((arm) => tile(arm.name, figureTime(arm.latency_ns.response.p95),
			`P95 of ${figureCount(arm.latency_ns.response.count)} answers`));
	if (point && (point.found || isKnown(point.max_sustainable_per_s)))
		return [
			tile("Sustains", `${point.at_least ? "≥ " : ""}${figureLoad(point.max_sustainable_per_s, users)}`, "the highest load that held", "good"),
			tile("Safe", figureLoad(point.safe_per_s, users), "80% of that"),
			breakTile(point, users),
			tile("Cause", failure.mode === "none" ? "none" : failure.mode.replaceAll("_", " "),
				failure.mode === "none" ? "nothing broke" : isKnown(failure.onset_s) ? `since ${figureSeconds(failure.onset_s)}` : "onset not known"),
		];
	return [
		tile("Achieved", figureRate(rate.achieved_per_s), `of ${figureRate(rate.offered_per_s)} offered`),
		tile("P95", figureTime(latency.response.p95), "response time, from due"),
		tile("Errors", figureRatio(totals.error_rate), `of ${figureCount(totals.scheduled)} due`, totals.error_rate > 0 ? "bad" : null),
		tile("P99", figureTime(latency.response.p99), `of ${figureCount(latency.response.count)} answers`),
	];
}

function verdictBanner(tiles) {
	const {verdict, name, target = {}, started_at: started, duration_s: duration, omits_waiting: omits} = run.result;
	const [tone, mark, word] = VERDICTS[verdict.status];
	const sentence = run.headline.startsWith(word) ? run.headline.slice(word.length).replace(/^: /, "") : run.headline;

	return h("header", {class: `banner ${tone}`, id: "verdict"},
		h("p", {class: "about-run"}, h("b", {}, name), target.url ? ` · ${target.url}` : null, started ? ` · ${started.replace("T", " ").replace("Z", " UTC")}` : null,
			isKnown(duration) ? ` · ${figureSeconds(duration)}` : null),
		h("h1", {}, h("span", {class: "verdict"}, sign(mark), word), h("span", {class: "exit"}, `exit ${verdict.exit_code}`), gradeOf()),
		sentence ? h("p", {class: "sentence"}, sentence) : null,
		run.reasons.length ? h("ul", {class: "reasons"}, run.reasons.map((reason) => h("li", {}, reason))) : null,
		omits ? note("A closed loop: its users wait for an answer before they ask again, so that response times leave out the waiting that an open load would show.") : null,
		tiles.length ? h("dl", {class: "tiles"}, tiles) : null);
}

/* "CPU, each 1s: 20%, 60% │ 99%, 100%": the rows of the series around an onset. */
function excerptOf(excerpt) {
	if (!excerpt)
		return null;
	return h("p", {class: "excerpt"}, `${excerpt.of}, each ${figureSeconds(excerpt.step_s)}, from ${figureSeconds(excerpt.from_s)}: `,
		excerpt.values.map((value, i) => h("span", {class: i >= excerpt.onset_index ? "after" : "before",
			title: i === excerpt.onset_index ? "since here" : null}, figureIn(excerpt.unit, value))));
}

function evidenceOf(finding) {
	return h("li", {}, chip(finding.weight === "BROKEN" ? "bad" : finding.weight === "INVALID" ? "mute" : "warn", finding.mode === "none" ? finding.rule : finding.mode.replaceAll("_", " ")),
		" ", finding.text, isKnown(finding.onset_s) ? h("b", {}, ` from ${figureSeconds(finding.onset_s)} on`) : null, excerptOf(finding.excerpt));
}

function surenessOf(point) {
	const sure = point.confidence, text = (interval) => (interval ? (interval[0] > 0 ? `${figureRatio(interval[0])} to ${figureRatio(interval[1])}` : `at most ${figureRatio(interval[1])}`) : null);

	if (point.search || !sure)
		return null;
	const isTimeouts = sure.rests_on === "timeout", users = point.unit === "users";
	const broken = text(isTimeouts ? sure.broken_timeout_rate : sure.broken_error_rate);
	const sustained = text(isTimeouts ? sure.sustained_timeout_rate : sure.sustained_error_rate);

	if (!broken)
		return null;
	return `${figureRatio(sure.level)}: ${isTimeouts ? "timeouts" : "errors"} ${broken} at ${figureLoad(point.first_broken_per_s, users)}`
		+ (sustained ? `, ${sustained} at ${figureLoad(point.max_sustainable_per_s, users)}` : "")
		+ (isKnown(sure.threshold) ? `, against ${figureRatio(sure.threshold)}` : "") + ` (${sure.method})`;
}

const SEARCH_ENDS = {
	found: "as narrow as was wanted", max: "the highest level that it may try held", min: "the lowest level that it may try broke",
	limit: "its time was up", generator: "the generator can send no more", gone: "the target ended, and did not come back",
	unsteady: "the same levels hold and break by turns, so that it gets no narrower",
};

function breakFacts(point) {
	const users = point.unit === "users", load = (value) => figureLoad(value, users), [low, high] = point.interval_per_s;
	const search = point.search;

	return facts(
		["Interval", search && isKnown(search.median_per_s) ? `${load(low)} to ${load(high)}, the middle ${load(search.median_per_s)}: where it breaks, with 95% confidence` : null],
		["Bracket", point.found && isKnown(point.max_sustainable_per_s) ? `${load(point.max_sustainable_per_s)} held, ${load(point.first_broken_per_s)} broke${point.sudden ? " (sudden)" : " (gradual)"}` : null],
		[search ? "Search" : "Tried", search ? `${point.levels_tested} levels: ${SEARCH_ENDS[search.end] || search.end}${search.confirmed ? "; what it sustains held for a longer time, too" : ""}` : `${figureCount(point.levels_tested)} levels`],
		["Errors there", isKnown(point.error_rate) ? `${figureRatio(point.error_rate)} at level ${point.level}` : null],
		["Goodput", isKnown(point.max_goodput_per_s) ? `${figureRate(point.max_goodput_per_s)} of good answers at best` : null],
		["Sure", surenessOf(point)],
		["Recovery", point.recovered === null ? "n/a, it was not tested" : point.recovered ? `back to normal ${figureSeconds(point.recovered_after_s)} after the load went` : chip("bad", "the target did not recover")],
		["Memory", isKnown(point.memory_before_bytes) && isKnown(point.memory_after_bytes) ? `${point.memory_returned ? "came back" : "did not come back"}: ${figureBytes(point.memory_after_bytes)} in the end, ${figureBytes(point.memory_before_bytes)} before` : null],
		["Next", point.advice]);
}

function breakingSection() {
	const {breaking_point: point, failure_mode: failure} = run.result, mode = run.modes[failure.mode];

	if (!point && failure.evidence.length === 0)
		return null;
	return section("break", point ? "Breaking point" : "What went wrong",
		h("div", {class: "card"},
			h("p", {class: "cause"}, h("b", {}, failure.mode.replaceAll("_", " ")), `: ${mode.sentence}`),
			failure.evidence.length ? h("ul", {class: "evidence"}, failure.evidence.map(evidenceOf)) : null,
			point ? breakFacts(point) : facts(["Next", mode.advice])),
		searchFigure());
}
