/* A run's series by columns, of the document `run` that is shown. A row begins where the one before ended: mostly a step earlier, more
 * where brunt itself was late, less where it is the last. */

/* Arms or a matrix: each of its runs has a page of its own, and this one has no series. */
function isSeveral() {
	return Boolean(run.result.experiment);
}

function inUsers() {
	return run.result.levels.some((level) => isKnown(level.offered_users));
}

function loadOf(level) {
	return isKnown(level.offered_users) ? level.offered_users : level.offered_per_s;
}

function hasColumn(name) {
	return run.series.columns.includes(name);
}

/* One value per row; null: not known. */
function column(name) {
	const at = run.series.columns.indexOf(name);

	return run.series.rows.map((row) => (at < 0 ? null : row[at]));
}

function rowLengths() {
	const {rows, step_s: step} = run.series;

	return rows.map((row, i) => Math.max(i > 0 ? row[0] - rows[i - 1][0] : Math.min(step, row[0]), step / 100));
}

function rowMiddles() {
	const lengths = rowLengths();

	return run.series.rows.map((row, i) => Math.max(row[0] - lengths[i] / 2, 0));
}

/* Where what was read at a row's end belongs: it holds until the next; the first is taken to have held from the start. */
function rowEnds() {
	return run.series.rows.map((row, i) => (i === 0 ? Math.max(row[0] - rowLengths()[0], 0) : row[0]));
}

/* A counter as a rate. */
function perSecond(name) {
	const lengths = rowLengths();

	return column(name).map((n, i) => (isKnown(n) ? n / lengths[i] : 0));
}

function levelOfRow(i) {
	const at = rowMiddles()[i];
	const level = run.result.levels.find((l) => at >= l.start_s && at < l.start_s + l.window_s);

	return level ? level.index : null;
}

/* The same as a chart over time, as a table. datasets as for timeConfig. */
function timeTable(title, unit, datasets) {
	const middles = rowMiddles();

	return table(title, ["time", "level", ...datasets.map((d) => d.label)], middles.map((at, i) => [
		figureSeconds(at), levelOfRow(i) ?? "–", ...datasets.map((d) => figureIn(unit, d.values[i]))]));
}
