/* A suite: what became of each of its profiles, with the way to each one's own page, what they come to, and where the
 * time went. */

const ROW_STATES = {
	pass: ["good", "passed"], fail: ["bad", "failed"], inconclusive: ["warn", "inconclusive"], skip: ["mute", "skipped"],
	not_run: ["mute", "not run"],
};
const GRADE_TONES = {excellent: "good", good: "good", acceptable: "warn", poor: "bad"};

function sumOf(rows, key) {
	return rows.reduce((sum, row) => sum + row[key], 0);
}

function suiteTiles() {
	const {counts, passed, pass_rate: wanted, rows} = run.result, unjudged = counts.inconclusive + counts.not_run, goals = sumOf(rows, "goals_judged");

	return [
		tile("Passed", `${figureCount(counts.pass)} of ${figureCount(counts.total)}`,
			isKnown(passed) ? `${figureRatio(passed)} of what was judged; ${figureRatio(wanted)} wanted` : "nothing was judged", isKnown(passed) && passed >= wanted ? "good" : null),
		tile("Failed", figureCount(counts.fail), "missed an objective, or broke", counts.fail > 0 ? "bad" : null),
		tile("Not judged", figureCount(unjudged), `${figureCount(counts.inconclusive)} inconclusive, ${figureCount(counts.not_run)} not run`, unjudged > 0 ? "warn" : null),
		tile("Goals", goals > 0 ? `${figureCount(sumOf(rows, "goals_met"))} of ${figureCount(goals)}` : NA, goals > 0 ? "met, of all profiles" : "none was judged"),
	];
}

/* Beside this page, where the whole directory is at hand. What a killed run left has no page yet. */
function rowLink(row) {
	return /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(row.dir || "") && !row.dir.endsWith(".partial") ? h("a", {href: `${run.base || ""}${row.dir}/report.html`}, row.dir) : row.dir || "–";
}

function goalsOfRow(row) {
	return row.goals_judged > 0 ? [`${row.goals_met} of ${row.goals_judged} `, chip(GRADE_TONES[row.grade] || "mute", row.grade || "no grade")] : "–";
}

const ROW_COLUMNS = ["", "profile|", "status|", "category|", "goals|", "requests", "took", "its page|"];

function suiteRow(row, i) {
	const [tone, word] = ROW_STATES[row.status];
	const cells = [i + 1, [h("b", {}, row.name), row.profile !== row.name ? h("small", {}, ` ${row.profile}`) : null], chip(tone, word), row.category,
		goalsOfRow(row), row.requests === null ? "–" : figureCount(row.requests), isKnown(row.duration_s) ? figureSeconds(row.duration_s) : "–", rowLink(row)];

	return [h("tr", {class: `of-${tone}`}, cellsOf("td", ROW_COLUMNS, cells)),
		row.reason ? h("tr", {class: `why of-${tone}`}, h("td", {}), h("td", {colspan: ROW_COLUMNS.length - 1, class: "words"}, h("p", {}, row.reason))) : null];
}

function rowsSection() {
	const {rows, has_ended: hasEnded} = run.result;

	return section("rows", "Profiles",
		hasEnded ? null : h("p", {class: "note warning"}, "The suite did not come to its end: this is what it had done until then."),
		h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Profiles"}, h("table", {class: "judged"},
			h("thead", {}, h("tr", {}, cellsOf("th", ROW_COLUMNS, ROW_COLUMNS.map((name) => name.replace("|", ""))))),
			h("tbody", {}, rows.map(suiteRow)))));
}

function categoriesSection() {
	const {categories, counts, passed} = run.result, states = Object.keys(ROW_STATES).filter((name) => name !== "pass");
	const line = (name, of, share) => [name, `${figureCount(of.pass)} of ${figureCount(of.total)}`, figureRatio(share), ...states.map((state) => figureCount(of[state]))];

	return section("categories", "Categories", table("Categories", ["category|", "passed", "of judged", ...states.map((state) => ROW_STATES[state][1])],
		[...categories.map((one) => line(one.name, one.counts, one.passed)), line(h("b", {}, "all"), counts, passed)]));
}

/* Each run from when it began to when it ended, on the suite's own clock. */
function spentFigure() {
	const rows = run.result.rows.filter((row) => isKnown(row.began_s) && isKnown(row.duration_s));
	const colourOf = (row) => theme.colour(ROW_STATES[row.status][0]);

	return rows.length < 2 ? null : chartFigure({
		title: "Where the time went", about: `Each profile that was run, from its beginning to its end.`, size: "wide",
		height: rows.length > 16 ? "taller" : rows.length > 6 ? "tall" : "normal",
		label: `Times of ${rows.length} runs: ${rows.map((row) => `${row.name} ${ROW_STATES[row.status][1]} after ${figureSeconds(row.duration_s)}`).join("; ")}.`,
		make: () => barConfig({labels: rows.map((row) => row.name), colours: rows.map(colourOf), dataset: "time", thickness: 9,
			bars: rows.map((row) => [row.began_s, row.began_s + row.duration_s]), isThinned: rows.length > 24,
			x: {min: 0, max: greatest(rows.map((row) => row.began_s + row.duration_s)), ticks: {color: theme.colour("muted"), callback: figureSeconds}},
			tooltip: (i) => `${ROW_STATES[rows[i].status][1]}, ${figureSeconds(rows[i].duration_s)}`}),
		table: () => table("Where the time went", ["profile|", "began", "took", "status|"],
			rows.map((row) => [row.name, figureSeconds(row.began_s), figureSeconds(row.duration_s), ROW_STATES[row.status][1]])),
	});
}

function spentSection() {
	const figure = spentFigure();

	return figure ? section("spent", "Time", figure) : null;
}

function suiteProfileSection() {
	const {profile, id, brunt} = run.result;

	return section("profile", "Effective profile", facts(["Suite", id || NA], ["brunt", brunt.version]),
		profile ? folded("Show the profile", () => h("pre", {tabindex: "0"},
			JSON.stringify(profile, null, 2).split("\n").map((line) => [h("span", {}, line), document.createTextNode("\n")]))) : missing("it was not kept."));
}
