/* Charts: what they have in common. Each is a figure with a title, a legend of buttons, the drawing, and the same
 * figures as a table. Those over time share one axis, one cursor and one zoom; levels lie behind them as bands. */

const charts = {
	list: [], /* {canvas, make, chart, hidden} */
	level: null, /* the highlighted one */
	cursor: null, /* seconds */
	zoom: null, /* [from, to] in seconds */

	redraw() {
		for (const entry of charts.list)
			drawChart(entry);
	},

	repaint() {
		for (const entry of charts.list)
			if (entry.chart)
				entry.chart.draw();
	},

	setZoom(zoom) {
		charts.zoom = zoom;
		for (const entry of charts.list)
			if (entry.chart && entry.chart.$isTime) {
				const x = entry.chart.options.scales.x;

				[x.min, x.max] = zoom || timeRange();
				entry.chart.update("none");
			}
		document.body.classList.toggle("zoomed", zoom !== null);
	},

	highlight(index) {
		charts.level = charts.level === index ? null : index;
		for (const row of document.querySelectorAll("tr[data-level]")) {
			const isIt = Number(row.dataset.level) === charts.level;

			row.classList.toggle("chosen", isIt);
			row.querySelector("button").setAttribute("aria-pressed", String(isIt));
		}
		charts.redraw();
	},
};

function drawChart(entry) {
	if (entry.chart)
		entry.chart.destroy();
	const config = entry.make(entry);

	config.data.datasets.forEach((dataset, i) => { dataset.hidden = entry.hidden.has(i); });
	entry.chart = new Chart(entry.canvas, config);
	entry.chart.$isTime = config.isTime === true;
}

/* units: a chart's axis in a unit of the results. Bytes are drawn in a power of 1024, so that its ticks are whole. */
function axisUnit(unit, most) {
	if (unit !== "bytes")
		return {scale: 1, text: (value) => figureIn(unit, value)};
	let scale = 1;

	while (most / scale >= 1024)
		scale *= 1024;
	return {scale, text: (value) => figureBytes(value * scale)};
}

function greatest(values) {
	return values.reduce((most, value) => (isKnown(value) && value > most ? value : most), 0);
}

function baseOptions(unit, extra) {
	const line = theme.colour("line"), words = theme.colour("muted");

	return {
		animation: false,
		responsive: true,
		maintainAspectRatio: false,
		normalized: true,
		parsing: false,
		interaction: {mode: "index", intersect: false, axis: "x"},
		layout: {padding: {top: 6, right: 10}},
		elements: {line: {borderWidth: 1.75, tension: 0}, point: {radius: 0, hitRadius: 8, hoverRadius: 3.5}},
		plugins: {
			legend: {display: false},
			tooltip: {
				backgroundColor: theme.colour("raised"),
				borderColor: line,
				borderWidth: 1,
				titleColor: theme.colour("text"),
				bodyColor: theme.colour("text"),
				padding: 10,
				boxPadding: 4,
				usePointStyle: true,
				callbacks: {label: (item) => `${item.dataset.label}: ${unit.text(item.parsed.y)}`, ...extra.tooltip},
			},
		},
		scales: {
			x: {type: "linear", grid: {color: line, drawTicks: false}, border: {display: false},
			    ticks: {color: words, maxRotation: 0, padding: 6, autoSkipPadding: 18}, ...extra.x},
			y: {type: "linear", beginAtZero: true, grid: {color: line, drawBorder: false, drawTicks: false},
			    ticks: {color: words, padding: 8, maxTicksLimit: 6, callback: unit.text},
			    afterFit: (scale) => { scale.width = 68; }, ...extra.y},
		},
	};
}

/* Nines are ticked on a logarithmic axis of latency at 1, 2 and 5 alone: more would be read as a smear. */
function logarithmic() {
	return {
		type: "logarithmic",
		beginAtZero: false,
		afterBuildTicks: (axis) => {
			axis.ticks = axis.ticks.filter(({value}) => [1, 2, 5].includes(Number(String(value.toExponential())[0])) &&
				Number.isInteger(Number(value.toExponential().split("e")[0])));
		},
	};
}

/* Bars that lie, each from one value to another, below one another. spec: {labels, bars: [[from, to]], colours, dataset,
 * thickness, x: its axis, tooltip(i) → text, isThinned: more labels than there is room for} */
function barConfig(spec) {
	const labels = spec.labels.map(clean);
	const base = baseOptions({text: String}, {
		x: spec.x,
		y: {type: "category", labels, beginAtZero: false, afterFit: null, grid: {display: false},
		    ticks: {color: theme.colour("text"), autoSkip: Boolean(spec.isThinned)}},
		tooltip: {title: (items) => (items.length ? labels[items[0].dataIndex] : ""), label: (item) => spec.tooltip(item.dataIndex)},
	});

	base.indexAxis = "y";
	base.parsing = true;
	base.normalized = false;
	base.interaction = {mode: "index", intersect: false, axis: "y"};
	return {type: "bar", options: base, data: {labels, datasets: [{
		label: spec.dataset, isSilent: true, barThickness: spec.thickness, backgroundColor: spec.colours, data: spec.bars}]}};
}

/* A figure. spec: {title, about, unit, make(isLog, entry) → config, table() → element, hasLog, size, label} */
function chartFigure(spec) {
	const canvas = h("canvas", {role: "img", "aria-label": spec.label});
	const entry = {canvas, hidden: new Set(), isLog: false, make: () => spec.make(entry.isLog)};
	const legend = h("div", {class: "legend"});
	const figure = h("figure", {class: spec.size || "wide"},
		h("figcaption", {}, h("h3", {}, spec.title), spec.about ? note(spec.about) : null, legend),
		h("div", {class: `drawing ${spec.height || "normal"}`}, canvas),
		folded("The same as a table", spec.table));

	if (typeof Chart === "undefined") {
		figure.querySelector(".drawing").replaceWith(note("This brunt was built without charts."));
		figure.querySelector("details").open = true;
		return figure;
	}
	charts.list.push(entry);
	figure.draw = () => {
		drawChart(entry);
		fillLegend(legend, entry, spec);
	};
	theme.listeners.push(() => fillLegend(legend, entry, spec));
	return figure;
}

function swatch(dataset) {
	const svg = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "line");

	for (const [name, value] of Object.entries({x1: 0, x2: 18, y1: 5, y2: 5, "stroke-width": dataset.type === "bar" ? 9 : 2.5,
		stroke: dataset.borderColor, "stroke-dasharray": (dataset.borderDash || []).join(" ")}))
		line.setAttribute(name, value);
	svg.setAttribute("viewBox", "0 0 18 10");
	svg.setAttribute("aria-hidden", "true");
	svg.append(line);
	return svg;
}

function fillLegend(legend, entry, spec) {
	const toggle = (i, button) => {
		if (!entry.hidden.delete(i))
			entry.hidden.add(i);
		button.setAttribute("aria-pressed", String(!entry.hidden.has(i)));
		entry.chart.setDatasetVisibility(i, !entry.hidden.has(i));
		entry.chart.update("none");
	};

	legend.replaceChildren(...entry.chart.data.datasets.filter((d) => d.label && !d.isSilent).map((dataset) => {
		const i = entry.chart.data.datasets.indexOf(dataset);

		return h("button", {type: "button", "aria-pressed": String(!entry.hidden.has(i)),
			click: (event) => toggle(i, event.currentTarget)}, swatch(dataset), dataset.label);
	}));
	if (spec.hasLog)
		legend.append(h("button", {type: "button", class: "scale", "aria-pressed": String(entry.isLog), click: (event) => {
			entry.isLog = !entry.isLog;
			event.currentTarget.setAttribute("aria-pressed", String(entry.isLog));
			drawChart(entry);
		}}, "logarithmic"));
}
