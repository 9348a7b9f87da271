/* A run's events → the document that the report's charts and tables draw (series.js). It holds as much for a run of a month as for one
 * of an hour: rows are joined two by two when there are too many, as measure/series.c does, and lists have an end. */

const LIVE_ROWS_MAX = 900;
const LIVE_LEVELS_MAX = 400;
const LIVE_NOTES_MAX = 100;

let run = null; /* what charts and tables draw */

const SUMMED = /^(scheduled|sent|ok|failed|dropped|unsent|retried|tokens|failure\..*)$/; /* of joined rows the sum; of all else the most */
const PLAIN = ["offered", "in_flight", "scheduled", "sent", "ok", "failed", "dropped", "unsent", "retried", "tokens", "p50_ns", "p95_ns", "p99_ns", "ttft_p50_ns",
	"ttft_p95_ns", "itl_p95_ns", "lateness_p99_ns"];
const NS = 1e9;

class LiveRun {
	constructor(row) {
		this.inUsers = /\busers?\b/.test(row.load || ""); /* levels say how much, and not of what */
		this.document = {
			page: "run", headline: "", reasons: [], goals: [], distributions: [], modes: {}, failures: {},
			result: {name: row.name, levels: [], slo: [], actions: [], failure_mode: {mode: "none", evidence: [], onset_s: null}, breaking_point: null,
				curve: null, verdict: null},
			series: {interval_s: 1, step_s: 1, joined: 1, columns: ["at_s"], rows: []},
		};
		this.places = new Map([["at_s", 0]]);
		this.phase = null;
		this.notes = [];
		this.notesLeftOut = 0;
		this.levelsLeftOut = 0;
		this.missed = 0;
		this.end = null;
		this.last = null; /* the last interval */
		this.shape = 0;   /* rises with each column that was not there before */
		this.causes = [];
	}

	take(kind, data) {
		const taker = LIVE_EVENTS[kind];

		if (taker)
			taker(this, data);
	}

	level(index) {
		const {levels} = this.document.result;

		for (let i = levels.length - 1; i >= 0; i--)
			if (levels[i].index === index)
				return levels[i];
		return null;
	}

	note(data, words, tone) {
		this.notes.push({at_s: isKnown(data.at_ns) ? data.at_ns / NS : null, words, tone});
		if (this.notes.length > LIVE_NOTES_MAX) {
			this.notes.shift();
			this.notesLeftOut++;
		}
	}

	place(name) {
		let place = this.places.get(name);

		if (place === undefined) {
			place = this.document.series.columns.push(name) - 1;
			this.places.set(name, place);
			this.shape++;
		}
		return place;
	}

	put(row, name, value) {
		if (isKnown(value) && !(SUMMED.test(name) && value === 0 && !this.places.has(name)))
			row[this.place(name)] = value;
	}

	addFigures(data) {
		const row = [data.at_ns / NS], {rows} = this.document.series, before = rows.length > 0 ? rows[rows.length - 1][0] : null;
		const length = isKnown(data.start_ns) ? (data.at_ns - data.start_ns) / NS : before === null ? null : row[0] - before;
		/* Whoever comes late is told every so many-th interval alone: it stands for those that were left out before it. */
		const weight = length > 0 && before !== null && row[0] > before ? (row[0] - before) / length : 1;

		for (const name of PLAIN)
			this.put(row, name, SUMMED.test(name) && isKnown(data[name]) ? data[name] * weight : data[name]);
		for (const [name, n] of Object.entries(data.failures || {}))
			this.put(row, `failure.${name}`, n * weight);
		for (const [whose, prefix] of [["target", "target."], ["generator", "self."], ["scraped", "scraped."]])
			for (const [name, value] of Object.entries(data[whose] || {}))
				this.put(row, prefix + name, value);
		if (isKnown(data.tokens_per_s) && length > 0)
			this.put(row, "tokens", data.tokens_per_s * length * weight);
		this.addRow(row);
		this.last = data;
		this.fillLevel(data, length);
		if (data.slos)
			this.stand(data.slos);
	}

	/* How the objectives stand: those of the whole run are not known before its end. */
	stand(slos) {
		this.document.goals = slos.map((slo) => ({op: slo.op, of: "run", unit: slo.unit, value: slo.wanted, value_to: slo.wanted_to, stretch: slo.stretch}));
		this.document.result.slo = slos;
	}

	/* Rows that were thinned already are longer than those that come as they happen: each is as long as its distance from the last. */
	addRow(row) {
		const {series} = this.document, {rows} = series, n = rows.length;

		if (n > 0 && row[0] <= rows[n - 1][0])
			return; /* told again after the link was lost */
		if (series.joined > 1 && n > 1 && row[0] - rows[n - 2][0] <= series.step_s * 1.25)
			joinRows(series.columns, rows[n - 1], row);
		else
			rows.push(row);
		if (n === 1 || n === 8)
			this.learnStep();
		if (rows.length > LIVE_ROWS_MAX)
			this.halve();
	}

	/* What most of the first rows are apart. */
	learnStep() {
		const {series} = this.document, gaps = series.rows.slice(1).map((row, i) => row[0] - series.rows[i][0]).sort((a, b) => a - b);

		series.interval_s = series.step_s = gaps[Math.floor(gaps.length / 2)];
	}

	halve() {
		const {series} = this.document, kept = [];

		series.rows.forEach((row, i) => {
			if (i % 2 === 0)
				kept.push(row);
			else
				joinRows(series.columns, kept[kept.length - 1], row);
		});
		series.rows = kept;
		series.step_s *= 2;
		series.joined *= 2;
	}

	/* What a level's intervals come to, until it is judged. Percentiles do not add up: of those, the worst interval's. Of intervals that
	 * were left out nothing is known but their rates. */
	fillLevel(data, length) {
		const level = isKnown(data.level) ? this.level(data.level) : null;

		if (!level || level.isExact || !(length > 0))
			return;
		const sum = (name) => (level.counts[name] = (level.counts[name] || 0) + (data[name] || 0));

		for (const name of ["scheduled", "ok", "failed", "dropped", "unsent"])
			sum(name);
		level.seen_s += length;
		level.requests = level.counts.scheduled;
		level.error_rate = level.requests > 0 ? (level.counts.failed + level.counts.dropped + level.counts.unsent) / level.requests : null;
		level.achieved_per_s = level.counts.ok / level.seen_s;
		const most = (name, value) => {
			if (isKnown(value) && !(level[name] > value))
				level[name] = value;
		};

		most("p95_ns", data.p95_ns);
		most("in_flight_peak", data.in_flight);
		most("cpu", (data.target || {}).cpu);
		most("memory_bytes", (data.target || {}).memory);
	}

	addLevel(data) {
		const {levels} = this.document.result;

		if (this.level(data.level))
			return;
		levels.push({index: data.level, start_s: data.start_ns / NS, window_s: (data.end_ns - data.start_ns) / NS,
			...(this.inUsers ? {offered_users: data.offered} : {offered_per_s: data.offered}),
			counts: {}, requests: 0, error_rate: null, achieved_per_s: null, p95_ns: null, status: null, findings: [], seen_s: 0});
		if (levels.length > LIVE_LEVELS_MAX) {
			/* Every second of the older half goes: what broke stays. */
			const half = levels.length / 2, kept = levels.filter((one, i) => i >= half || i % 2 === 0 || one.status === "BROKEN");

			this.levelsLeftOut += levels.length - kept.length;
			this.document.result.levels = kept;
		}
	}

	judge(data) {
		const level = this.level(data.level);

		if (!level)
			return;
		level.status = data.status;
		level.findings = data.findings || [];
		for (const name of ["achieved_per_s", "requests", "error_rate", "p50_ns", "p95_ns", "p99_ns", "in_flight_peak", "cpu", "memory_bytes"])
			if (data[name] !== undefined) {
				level[name] = data[name];
				level.isExact = true;
			}
	}
}

/* Both are rows by the same columns; a row may be shorter than they are. The time of the later one is theirs. */
function joinRows(columns, into, more) {
	columns.forEach((name, i) => {
		if (!isKnown(more[i]))
			return;
		into[i] = i === 0 || !isKnown(into[i]) ? more[i] : SUMMED.test(name) ? into[i] + more[i] : Math.max(into[i], more[i]);
	});
}

const ACTION_WORDS = {running: "began", done: "is done", failed: "failed"};

/* What each kind of event does to it; others say nothing to a page. */
const LIVE_EVENTS = {
	phase(live, data) {
		live.phase = data.phase;
	},
	level: (live, data) => live.addLevel(data),
	figures: (live, data) => live.addFigures(data),
	shards(live, data) {
		live.document.result.shards = data.shards;
	},
	judged: (live, data) => live.judge(data),
	finding(live, data) {
		const failure = live.document.result.failure_mode;

		if (failure.onset_s === null && data.onset_ns >= 0)
			failure.onset_s = data.onset_ns / NS;
		if (live.causes.length < LIVE_NOTES_MAX)
			live.causes.push(data.text);
		live.note(data, data.text, "bad");
	},
	action(live, data) {
		if (data.state === "running" && live.document.result.actions.length < LIVE_NOTES_MAX)
			live.document.result.actions.push({name: data.name, started_s: data.at_ns / NS});
		live.note(data, `${data.name} ${ACTION_WORDS[data.state] || data.state}${data.text ? `: ${data.text}` : ""}`, data.state === "failed" ? "bad" : "mute");
	},
	probe: (live, data) => live.note(data, `probe ${data.name}: ${data.said}`, /^2/.test(data.said) ? "good" : "warn"),
	scrape: (live, data) => live.note(data, `scraping ${data.url} ${data.failed ? `fails: ${data.text}` : "works"}`, data.failed ? "warn" : "mute"),
	part: (live, data) => live.note(data, `${data.arm} (${data.part} of ${data.of}) ${data.state === "begun" ? "began" : `ended: ${data.status}`}`, "mute"),
	missed(live, data) {
		live.missed += data.events;
	},
	end(live, data) {
		live.end = data;
	},
};
