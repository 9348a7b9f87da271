/* The page, from top to bottom. */

/* The run, suite or comparison that is shown. */
const run = JSON.parse(document.getElementById("run").textContent);

const SHORT_NAMES = {break: "Break", slo: "Objectives", advice: "Advice", alerts: "Alerts", levels: "Levels", latency: "Latency", time: "Over time", comparison: "Comparison", tokens: "Tokens",
	together: "Trends", rows: "Profiles", categories: "Categories", spent: "Time", errors: "Errors", figures: "Figures", course: "Around it", generator: "Resources", shards: "Shards", profile: "Profile", system: "System"};

function navigation(sections) {
	return h("nav", {"aria-label": "On this page"}, sections.map((one) => h("a", {href: `#${one.id}`}, SHORT_NAMES[one.id] || one.id)), theme.button());
}

/* Of a target that was never reached there are errors, and nothing that was measured. */
function unreachedSections() {
	return [section("latency", "Latency", missing("the target was never reached, so that nothing was measured.")),
		failuresSection(), courseSection(), profileSection(), systemSection()];
}

function measuredSections() {
	return [breakingSection(), comparisonSection(), goalsSection(), adviceSection(), alertsSection(), levelsSection(), overLoadSection(), overTimeSection(), tokensSection(),
		togetherSection(), failuresSection(), latencySection(), courseSection(), generatorSection(), shardsSection(), profileSection(), systemSection()];
}

/* What a document may be, by its `page`: what stands in its banner, and what below it. */
const PAGES = {
	run: {
		tiles: () => (wasReached() ? verdictTiles() : []),
		sections: () => (wasReached() ? measuredSections() : unreachedSections()),
	},
	suite: {
		tiles: suiteTiles,
		sections: () => [rowsSection(), categoriesSection(), spentSection(), suiteProfileSection()],
	},
	comparison: {
		tiles: comparisonTiles,
		sections: () => [comparisonSection()],
	},
};

function wasReached() {
	return run.result.verdict.status !== "unreachable";
}

function showPage() {
	const page = PAGES[run.page], sections = page.sections().filter(Boolean);

	append(document.getElementById("page"), [verdictBanner(page.tiles()), navigation(sections), sections,
		h("footer", {}, `brunt ${run.result.brunt.version} · ${run.result.schema} · this page needs no network and holds all it shows`)]);
}

function showCharts() {
	if (typeof Chart === "undefined")
		return;
	Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
	Chart.defaults.font.size = 12;
	for (const figure of document.querySelectorAll("figure"))
		figure.draw();
	theme.listeners.unshift(() => charts.redraw());
}

theme.watch();
showPage();
showCharts();
document.body.classList.add("shown");
