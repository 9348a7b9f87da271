/* Charts of a run that goes on: made once for the columns that there are, and drawn anew as rows come. */

const DRAW_MS = 900; /* at most so often */

/* New figures into charts that are there; what was switched off stays so. */
function redrawLive() {
	for (const entry of charts.list) {
		if (!entry.chart)
			continue;
		const config = entry.make(entry), {chart} = entry;

		if (config.data.datasets.length !== chart.data.datasets.length) {
			drawChart(entry);
			continue;
		}
		config.data.datasets.forEach((dataset, i) => Object.assign(chart.data.datasets[i], dataset, {hidden: entry.hidden.has(i)}));
		if (chart.options.scales.x && config.options.scales.x && charts.zoom === null)
			Object.assign(chart.options.scales.x, {min: config.options.scales.x.min, max: config.options.scales.x.max});
		chart.update("none");
	}
}

class LiveCharts {
	/* sections() → what is drawn in root, of the document that `run` is. */
	constructor(view, root, sections) {
		this.view = view;
		this.root = root;
		this.sections = sections;
		this.shape = null;
		this.at = 0;
		this.timer = null;
		view.ends(() => clearTimeout(this.timer));
	}

	/* Soon, and no more often than an eye wants. */
	changed(shape) {
		this.wanted = shape;
		if (this.timer === null)
			this.timer = setTimeout(() => {
				this.timer = null;
				this.draw();
			}, Math.max(0, this.at + DRAW_MS - performance.now()));
	}

	/* What it is made of is another: no eye is to see the gap. */
	now(shape) {
		clearTimeout(this.timer);
		this.timer = null;
		this.wanted = shape;
		this.draw();
	}

	draw() {
		if (this.view.isLeft)
			return;
		this.at = performance.now();
		if (this.shape === this.wanted && charts.list.length > 0)
			redrawLive();
		else
			this.make();
	}

	make() {
		this.shape = this.wanted;
		this.view.dropCharts();
		this.root.replaceChildren(append(document.createDocumentFragment(), [this.sections()]));
		if (typeof Chart === "undefined")
			return;
		for (const figure of this.root.querySelectorAll("figure"))
			if (figure.draw)
				figure.draw();
		theme.listeners.push(() => charts.redraw());
	}
}
