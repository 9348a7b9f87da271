/* Figures as people read them, the way the terminal report writes them. What is not known is "n/a", never a guess. */

const NA = "n/a";

function isKnown(value) {
	return typeof value === "number" && Number.isFinite(value);
}

/* Three digits that count, and no more zeros than are needed. */
function digits(value) {
	const size = Math.abs(value);

	if (size >= 999.5)
		return Math.round(value).toLocaleString("en-US");
	return String(Number(value.toPrecision(3)));
}

function figureCount(n) {
	return isKnown(n) ? Math.round(n).toLocaleString("en-US") : NA;
}

function figureTime(ns) {
	if (!isKnown(ns))
		return NA;
	const steps = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
	const [unit, name] = steps.find(([size]) => Math.abs(ns) >= size * 0.9995) || steps[3];

	return digits(ns / unit) + name;
}

/* A place on the run's timeline. */
function figureSeconds(s) {
	if (!isKnown(s))
		return NA;
	if (s < 120)
		return `${Number(s.toFixed(s < 10 ? 2 : 1))}s`;
	const whole = Math.round(s), parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];

	return parts[0] > 0 ? `${parts[0]}h ${String(parts[1]).padStart(2, "0")}m`
			    : `${parts[1]}m ${String(parts[2]).padStart(2, "0")}s`;
}

function figureRate(perSecond) {
	return isKnown(perSecond) ? `${digits(perSecond)}/s` : NA;
}

function figureRatio(ratio) {
	return isKnown(ratio) ? `${digits(ratio * 100)}%` : NA;
}

function figureBytes(bytes) {
	if (!isKnown(bytes))
		return NA;
	const names = ["B", "KiB", "MiB", "GiB", "TiB"];
	let step = 0;

	while (step < 4 && Math.abs(bytes) >= 1023.5 * 1024 ** step)
		step++;
	return `${digits(bytes / 1024 ** step)} ${names[step]}`;
}

/* A value in a unit of the results: src/plan/unit.def. */
function figureIn(unit, value) {
	switch (unit) {
	case "ns": return figureTime(value);
	case "ratio": return figureRatio(value);
	case "per_s": return figureRate(value);
	case "bytes": return figureBytes(value);
	case "ratio_per_h": return isKnown(value) ? `${figureRatio(value)}/h` : NA;
	case "bytes_per_h": return isKnown(value) ? `${figureBytes(value)}/h` : NA;
	default: return isKnown(value) ? digits(value) : NA;
	}
}

/* The load of a level: a rate, or users. */
function figureLoad(load, inUsers) {
	if (!isKnown(load))
		return NA;
	return inUsers ? `${digits(load)} ${load === 1 ? "user" : "users"}` : figureRate(load);
}

/* Whatever comes from a run, before it is shown: characters that move, hide or turn around what stands beside them are
 * spelled out. Most were already; names of requests and the like are keys, and those are not. */
function clean(text) {
	return String(text).replace(
		/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
		(c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}
