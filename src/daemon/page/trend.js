/* A figure over the runs of a name: as a line beside a word, and as a chart, each with the baseline and with the places from which on it
 * was another (change points). */

const SPARK = {width: 220, height: 44, margin: 4};
const SPARK_POINTS = 40;

function svgElement(tag, attributes, ...children) {
	const element = document.createElementNS(SVG, tag);

	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children);
	return element;
}

function sparkScale(trend, points) {
	const values = points.map((point) => point.value), all = isKnown(trend.baseline) ? [...values, trend.baseline] : values;
	const low = Math.min(...all), high = Math.max(...all), spread = high - low || Math.abs(high) || 1;

	return {
		x: (i) => SPARK.margin + (SPARK.width - 2 * SPARK.margin) * (points.length > 1 ? i / (points.length - 1) : 0.5),
		y: (value) => SPARK.height - SPARK.margin - (SPARK.height - 2 * SPARK.margin) * (high === low ? 0.5 : (value - low) / spread),
	};
}

/* The change points that lie on what is drawn: [index, change point]. */
function changesOn(trend, points) {
	return trend.change_points.map((change) => [points.findIndex((point) => (change.run ? point.run === change.run : false) || point.at >= change.at), change])
		.filter(([i]) => i >= 0);
}

function trendInWords(trend) {
	const {points} = trend, name = metricOf(trend.metric)[0], last = points[points.length - 1];

	if (!last)
		return `${name}: no run yet.`;
	return `${name} over ${points.length} runs, last ${figureIn(trend.unit, last.value)}`
		+ (isKnown(trend.baseline) ? `, baseline ${figureIn(trend.unit, trend.baseline)}` : "")
		+ trend.change_points.map((change) => `; ${changeInWords(change, trend.unit)}`).join("") + ".";
}

function changeInWords(change, unit) {
	const verb = change.after > change.before ? "rose" : "fell";
	const share = isKnown(change.change) ? ` ${changeText(Math.abs(change.change)).replace("+", "by ")}` : ""; /* not known: it was 0 */

	return `${verb}${share} on ${dayOf(new Date(change.at))}, ${figureIn(unit, change.before)} to ${figureIn(unit, change.after)}`;
}

function sparkline(trend) {
	const points = trend.points.slice(-SPARK_POINTS), scale = sparkScale(trend, points);
	const at = (i) => `${scale.x(i).toFixed(1)} ${scale.y(points[i].value).toFixed(1)}`, last = points.length - 1;

	return svgElement("svg", {class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, role: "img", "aria-label": clean(trendInWords(trend)), preserveAspectRatio: "none"},
		...(isKnown(trend.baseline) ? [svgElement("path", {class: "base", d: `M0 ${scale.y(trend.baseline).toFixed(1)}H${SPARK.width}`})] : []),
		...changesOn(trend, points).map(([i, change]) => svgElement("path", {class: change.is_worse ? "worse" : "better", d: `M${scale.x(i).toFixed(1)} 0V${SPARK.height}`})),
		...(last > 0 ? [svgElement("path", {class: "line", d: `M${points.map((_point, i) => at(i)).join("L")}`})] : []),
		...(last >= 0 ? [svgElement("circle", {class: "last", cx: scale.x(last).toFixed(1), cy: scale.y(points[last].value).toFixed(1), r: 3})] : []));
}

const trendOverlay = {
	id: "trendOverlay",

	afterDatasetsDraw(chart, _arguments, options) {
		for (const change of options.trend.change_points)
			drawUpright(chart, new Date(change.at).getTime(), theme.colour(change.is_worse ? "bad" : "good"), [5, 4],
				`${isKnown(change.change) ? `${changeText(change.change)} ` : ""}${dayOf(new Date(change.at))}`);
		if (isKnown(options.trend.baseline))
			drawLevelLine(chart, options.trend.baseline / options.scale, theme.colour("muted"), `baseline ${figureIn(options.trend.unit, options.trend.baseline)}`);
	},
};

/* Whole days and months; of less than three days, hours. */
function tickDays(axis) {
	const hour = 3600000, steps = [1, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760].map((hours) => hours * hour);
	const step = steps.find((one) => one >= (axis.max - axis.min) / 8) || steps[steps.length - 1];
	const first = new Date(axis.min);

	first.setMinutes(0, 0, 0);
	if (step >= DAY_MS)
		first.setHours(0);
	axis.ticks = [];
	for (let at = first.getTime(); at <= axis.max; at += step)
		if (at >= axis.min)
			axis.ticks.push({value: at});
}

function pointInWords(point) {
	const at = new Date(point.at), several = point.runs > 1 ? `, ${point.runs} runs` : "";

	return `${dayOf(at)} ${timeOfDay(at)}${several}${point.status ? `: ${(OUTCOMES[point.status] || ["", point.status])[1]}` : ""}`;
}

function trendTable(name, trend) {
	return table(`${name} by run`, ["when|", "value", "runs", "verdict|", "|"], [...trend.points].reverse().map((point) => [
		when(point.at), figureIn(trend.unit, point.value), point.runs, point.status ? chip(...(OUTCOMES[point.status] || ["mute", point.status])) : "–",
		point.run ? link(`runs/${encodeURIComponent(point.run)}`, "Run") : null]));
}

function trendConfig(trend) {
	const times = trend.points.map((point) => new Date(point.at).getTime()), values = trend.points.map((point) => point.value);
	const unit = axisUnit(trend.unit, greatest(values)), from = Math.min(...times), to = Math.max(...times), margin = (to - from) * 0.03 || DAY_MS / 2;
	const tone = (point) => theme.colour((OUTCOMES[point.status] || ["accent"])[0]);
	const isLong = to - from > 3 * DAY_MS;
	const base = baseOptions(unit, {
		x: {min: from - margin, max: to + margin, afterBuildTicks: tickDays, ticks: {color: theme.colour("muted"), maxRotation: 0, autoSkipPadding: 20,
			callback: (value) => (isLong ? dayOf(new Date(value)) : timeOfDay(new Date(value)))}},
		y: {suggestedMax: isKnown(trend.baseline) ? trend.baseline / unit.scale : undefined},
		tooltip: {title: (items) => {
			const point = items.length ? trend.points[items[0].dataIndex] : null;

			return point ? pointInWords(point) : "";
		}},
	});

	base.interaction = {mode: "nearest", intersect: false, axis: "x"};
	base.onClick = (_event, items) => {
		const point = items.length ? trend.points[items[0].index] : null;

		if (point && point.run)
			places.go(`runs/${encodeURIComponent(point.run)}`);
	};
	base.plugins.trendOverlay = {trend, scale: unit.scale};
	return {type: "line", options: base, plugins: [trendOverlay], data: {datasets: [{
		label: metricOf(trend.metric)[0], borderColor: colourWithAlpha(theme.colour("accent"), 0.6), backgroundColor: theme.colour("accent"), pointRadius: 4, pointHoverRadius: 6,
		pointBackgroundColor: trend.points.map(tone), pointBorderColor: trend.points.map(tone), spanGaps: true,
		data: trend.points.map((point, i) => ({x: times[i], y: point.value / unit.scale})),
	}]}};
}

function trendFigure(trend) {
	const [name] = metricOf(trend.metric);

	return chartFigure({
		title: `${trend.name}: ${name}`, height: "tall",
		about: trend.points.length > 1 ? `${trend.higher_is_better ? "More" : "Less"} is better. Points have the colour of their verdict; a choice of one leads to its run.` : "One run is no trend yet.",
		label: clean(trendInWords(trend)),
		make: () => trendConfig(trend),
		table: () => trendTable(name, trend),
	});
}
