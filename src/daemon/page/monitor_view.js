/* A target that is watched without load: its resources, and what it tells of itself. */

const MONITOR_LOOK_MS = 5000; /* what is wrong is no part of the figures */

function monitorTiles(figures) {
	const {target = {}, scraped = {}} = figures;

	return [tile("CPU", figureRatio(target.cpu), "the larger of its share and its busiest thread's"), tile("Memory", figureBytes(target.memory), "in use"),
		...Object.entries(scraped).slice(0, 6).map(([name, value]) => tile(name, isKnown(value) ? digits(value) : NA, "scraped"))];
}

function monitorCharts() {
	const names = run.series.columns.filter((name) => name.startsWith("target.") || name.startsWith("scraped."));

	return names.length === 0 || run.series.rows.length === 0 ? null : section("time", "Over time", zoomBar(), h("div", {class: "stack"}, targetOverTime()));
}

const monitorView = {
	title: "Monitor",

	async show(view) {
		const state = await api.get("/monitor"), head = h("div"), drawn = h("div"), live = new LiveRun({name: "monitor"});

		if (!state.is_on) {
			view.fill(h("h1", {}, "Monitor"), note("No target is watched without load. The operator's ", h("code", {}, "brunt serve --monitor-only"),
				" or ", h("code", {}, "monitor:"), " in its configuration does that."));
			return;
		}
		run = live.document;
		view.fill(head, drawn);
		const plots = new LiveCharts(view, drawn, monitorCharts);
		const words = (figures) => refill(head, [h("header", {class: `banner ${state.problems.length ? "warn" : "live"}`}, h("p", {class: "about-run"}, "watched without load"),
			h("h1", {}, h("span", {class: "verdict"}, sign(state.problems.length ? "warn" : "play"), state.watched || "target")),
			state.problems.length ? h("ul", {class: "reasons"}, state.problems.map((text) => h("li", {}, text))) : null,
			figures ? h("dl", {class: "tiles"}, monitorTiles(figures)) : note("Nothing was read yet."))]);

		words(state.figures);
		view.every(MONITOR_LOOK_MS, () => view.attempt(async () => {
			Object.assign(state, await api.get("/monitor"));
			words(state.figures);
		}));
		view.watch("/monitor/events", {
			event: (kind, data) => {
				if (kind !== "figures")
					return;
				live.addFigures(data);
				words(data);
				plots.changed(String(live.shape));
			},
			state: () => {},
		});
	},
};
