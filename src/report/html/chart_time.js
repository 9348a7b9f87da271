/* Charts over the run's time: levels as bands with their status on top, the onset of the break, timed actions, a cursor
 * that all of them share, and a stretch of time to look at more closely, chosen by dragging. */

const TIME_EVENTS = ["mousemove", "mouseout", "mousedown", "mouseup", "click", "touchstart", "touchmove"];
const DRAG_LEAST = 8; /* pixels: less is a click */

function timeRange() {
	const rows = run.series.rows, levels = run.result.levels;
	const ends = [rows.length ? rows[rows.length - 1][0] : 0, ...levels.map((level) => level.start_s + level.window_s)];

	return [0, greatest(ends) || 1];
}

const TIME_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
const TIME_TICKS = 9;

/* At whole minutes and hours, where powers of ten of seconds would be none. */
function tickTime(axis) {
	const wanted = (axis.max - axis.min) / TIME_TICKS, step = TIME_STEPS.find((one) => one >= wanted) || wanted;
	const first = Math.ceil(axis.min / step - 1e-9);

	axis.ticks = [];
	for (let i = first; i * step <= axis.max * (1 + 1e-9); i++)
		axis.ticks.push({value: i * step});
}

function drawBands(chart) {
	const {ctx, chartArea: {left, right, top, bottom}, scales: {x}} = chart;

	ctx.save();
	ctx.beginPath();
	ctx.rect(left, top - 5, right - left, bottom - top + 5);
	ctx.clip();
	for (const level of run.result.levels) {
		const from = x.getPixelForValue(level.start_s), to = x.getPixelForValue(level.start_s + level.window_s);
		const isChosen = level.index === charts.level;

		if (isChosen || level.index % 2 === 0) {
			ctx.fillStyle = isChosen ? colourWithAlpha(theme.colour("accent"), 0.16) : theme.colour("band");
			ctx.fillRect(from, top, to - from, bottom - top);
		}
		ctx.fillStyle = statusColour(level.status);
		ctx.fillRect(from, top - 4, Math.max(to - from - 1, 1), 3);
	}
	ctx.restore();
}

function drawUpright(chart, seconds, colour, dash, label) {
	const {ctx, chartArea: {left, right, top, bottom}, scales: {x}} = chart;
	const at = x.getPixelForValue(seconds);

	if (!isKnown(at) || at < left - 1 || at > right + 1)
		return;
	ctx.save();
	ctx.strokeStyle = ctx.fillStyle = colour;
	ctx.lineWidth = 1.5;
	ctx.setLineDash(dash);
	ctx.beginPath();
	ctx.moveTo(at, top);
	ctx.lineTo(at, bottom);
	ctx.stroke();
	if (label) {
		const isLeft = at > (left + right) / 2;

		ctx.font = `600 11px ${Chart.defaults.font.family}`;
		ctx.textAlign = isLeft ? "right" : "left";
		ctx.textBaseline = "top";
		ctx.fillText(clean(label), at + (isLeft ? -5 : 5), top + 4);
	}
	ctx.restore();
}

/* A goal, or a limit. */
function drawLevelLine(chart, value, colour, label) {
	const {ctx, chartArea: {left, right, top, bottom}, scales: {y}} = chart;
	const at = y.getPixelForValue(value);

	if (!isKnown(at) || at < top || at > bottom)
		return;
	ctx.save();
	ctx.strokeStyle = ctx.fillStyle = colour;
	ctx.setLineDash([2, 3]);
	ctx.beginPath();
	ctx.moveTo(left, at);
	ctx.lineTo(right, at);
	ctx.stroke();
	ctx.font = `11px ${Chart.defaults.font.family}`;
	ctx.textAlign = "right";
	ctx.textBaseline = "bottom";
	ctx.setLineDash([]);
	ctx.lineWidth = 3;
	ctx.strokeStyle = theme.colour("raised"); /* a halo: curves may lie beneath it */
	ctx.strokeText(clean(label), right - 6, at - 2);
	ctx.fillText(clean(label), right - 6, at - 2);
	ctx.restore();
}

function drawSelection(chart) {
	const drag = chart.$drag;

	if (!drag || Math.abs(drag.to - drag.from) < DRAG_LEAST)
		return;
	const {ctx, chartArea: {top, bottom}} = chart;

	ctx.save();
	ctx.fillStyle = colourWithAlpha(theme.colour("accent"), 0.2);
	ctx.fillRect(drag.from, top, drag.to - drag.from, bottom - top);
	ctx.restore();
}

function moveCursor(chart, event) {
	const {left, right} = chart.chartArea;
	const isInside = event.type !== "mouseout" && event.x >= left && event.x <= right;

	charts.cursor = isInside ? chart.scales.x.getValueForPixel(event.x) : null;
	for (const entry of charts.list)
		if (entry.chart && entry.chart.$isTime && entry.chart !== chart)
			entry.chart.draw();
}

function endDrag(chart) {
	const {from, to} = chart.$drag, x = chart.scales.x;

	chart.$drag = null;
	if (Math.abs(to - from) >= DRAG_LEAST)
		charts.setZoom([x.getValueForPixel(Math.min(from, to)), x.getValueForPixel(Math.max(from, to))]);
}

const timeOverlay = {
	id: "timeOverlay",

	beforeDatasetsDraw(chart) {
		drawBands(chart);
	},

	afterDatasetsDraw(chart, _arguments, options) {
		const onset = run.result.failure_mode.onset_s;

		for (const action of run.result.actions || [])
			drawUpright(chart, action.started_s, theme.colour("accent"), [1, 3], options.isFirst ? action.name : null);
		if (isKnown(onset))
			drawUpright(chart, onset, theme.colour("bad"), [5, 4], options.isFirst ? `onset ${figureSeconds(onset)}` : null);
		for (const line of options.lines || [])
			drawLevelLine(chart, line.value, theme.colour("muted"), line.label);
		if (charts.cursor !== null)
			drawUpright(chart, charts.cursor, theme.colour("muted"), [], null);
		drawSelection(chart);
	},

	afterEvent(chart, {event}) {
		if (event.type === "mousedown")
			chart.$drag = {from: event.x, to: event.x};
		else if (event.type === "mousemove" && chart.$drag && event.native && event.native.buttons === 0)
			chart.$drag = null; /* let go outside */
		else if (event.type === "mousemove" && chart.$drag)
			chart.$drag.to = Math.max(chart.chartArea.left, Math.min(event.x, chart.chartArea.right));
		if (event.type === "mouseup" && chart.$drag)
			endDrag(chart);
		moveCursor(chart, event);
		chart.draw();
	},
};

/* A point without neighbours is no line, and would not be seen. */
function isAlone(values, i) {
	return isKnown(values[i]) && !isKnown(values[i - 1]) && !isKnown(values[i + 1]);
}

/* One for all where it can be: a radius of its own makes every point costly. */
function pointRadii(values) {
	const radii = values.map((_value, i) => (isAlone(values, i) ? 2 : 0));

	return radii.some(Boolean) ? radii : 0;
}

/* datasets: {label, values (one per row), colour, …}. options: {isFirst, lines, isStacked, unit, isLog, most}. */
function timeConfig(datasets, options) {
	const known = datasets.map((d) => greatest(d.values));
	const unit = axisUnit(options.unit, greatest(known)), middles = rowMiddles(), ends = rowEnds();
	const [from, to] = charts.zoom || timeRange();
	const base = baseOptions(unit, {
		x: {min: from, max: to, afterBuildTicks: tickTime, stacked: options.isStacked, offset: false, grid: {color: theme.colour("line"), drawTicks: false, offset: false}, ticks: {
			color: theme.colour("muted"), maxRotation: 0, autoSkipPadding: 24, callback: (value) => figureSeconds(value)}},
		y: options.isLog ? logarithmic() : {stacked: options.isStacked, suggestedMax: options.most, ...options.y},
		tooltip: {title: (items) => (items.length ? cursorTitle(items[0].dataIndex) : ""), ...options.tooltip},
	});

	if (options.isLog) {
		base.scales.y.ticks = {color: theme.colour("muted"), callback: unit.text};
		base.scales.y.grid = {color: theme.colour("line")};
	}
	base.events = TIME_EVENTS;
	base.plugins.timeOverlay = {isFirst: options.isFirst, lines: (options.lines || []).map((line) => (
		{...line, value: line.value / unit.scale}))};
	return {
		isTime: true,
		type: options.isStacked ? "bar" : "line",
		data: {datasets: datasets.map((d) => ({
			label: d.label,
			data: d.values.map((value, i) => ({x: d.stepped ? ends[i] : middles[i], y: isKnown(value) && !(options.isLog && value <= 0) ? value / unit.scale : null})),
			borderColor: d.colour,
			backgroundColor: options.isStacked ? d.colour : d.fill ? colourWithAlpha(d.colour, 0.12) : d.colour,
			borderDash: d.dash,
			borderWidth: options.isStacked ? 0 : d.width,
			fill: d.fill ? "origin" : false,
			stepped: d.stepped ? "before" : false,
			type: options.isStacked ? "bar" : undefined,
			barPercentage: 1,
			categoryPercentage: 1,
			pointRadius: pointRadii(d.values),
		}))},
		options: base,
		plugins: [timeOverlay],
	};
}

function cursorTitle(i) {
	const level = run.result.levels.find((l) => l.index === levelOfRow(i));
	const at = figureSeconds(rowMiddles()[i]);

	return level ? `${at} · level ${level.index}, ${figureLoad(loadOf(level), inUsers())}` : at;
}
