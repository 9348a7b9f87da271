/* A run is started: by the name of a profile of the operator's, or from YAML that is written here. What is wrong is shown at its line. */

const CHECK_AFTER_MS = 700;

const EXAMPLE = `name: my-run
target:
  url: http://127.0.0.1:8080
load:
  steps: {from: 50/s, by: 50/s, every: 10s, to: 500/s}
requests:
  - {name: root, get: /}
slo: ["p95 <= 100ms", "error_rate < 1%"]
`;

/* A text with numbered lines. */
class Editor {
	constructor(text, change) {
		this.numbers = h("pre", {class: "numbers", "aria-hidden": "true"});
		this.area = h("textarea", {id: "yaml", rows: "18", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off",
			maxlength: String(1 << 20), "aria-describedby": "problems",
			input: () => {
				this.marks = new Set();
				this.number();
				change();
			},
			scroll: () => {
				this.numbers.scrollTop = this.area.scrollTop;
			}});
		this.element = h("div", {class: "editor"}, this.numbers, this.area);
		this.marks = new Set();
		this.set(text);
	}

	get text() {
		return this.area.value;
	}

	set(text) {
		this.area.value = text;
		this.number();
	}

	number() {
		const n = this.text.split("\n").length;

		this.numbers.replaceChildren(...Array.from({length: n}, (_none, i) => h("span", {class: this.marks.has(i + 1) ? "wrong" : null}, i + 1)));
	}

	mark(lines) {
		this.marks = new Set(lines);
		this.number();
		if (lines.length)
			this.area.setAttribute("aria-invalid", "true");
		else
			this.area.removeAttribute("aria-invalid");
	}

	/* The line is selected from the column on, and seen. */
	goTo(line, column) {
		const lines = this.text.split("\n"), start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
		const length = (lines[line - 1] || "").length, from = start + Math.min(Math.max((column || 1) - 1, 0), length);

		this.area.focus();
		this.area.setSelectionRange(from === start + length ? start : from, start + length);
		this.area.scrollTop = this.area.scrollHeight / lines.length * Math.max(line - 4, 0);
	}
}

function problemList(problem, editor) {
	if (!problem)
		return null;
	const item = ({line, column, message}) => h("li", {}, h("button", {type: "button", class: "line", "data-key": `line ${line} ${column} ${message}`,
		click: () => editor.goTo(line, column)}, `line ${line}, column ${column}`), " ", message);

	return h("div", {class: "telling bad"}, sign("warn"), h("div", {}, h("p", {}, problem.message), problem.lines.length ? h("ul", {}, problem.lines.map(item)) : null));
}

function planInWords(plan) {
	const length = isKnown(plan.planned_s) ? `, about ${figureSeconds(plan.planned_s)}` : "", runs = plan.runs > 1 ? `, ${plan.runs} runs` : "";

	return h("p", {class: "note", role: "status"}, sign("pass"), ` ${plan.name}: ${plan.plan}; against ${plan.target}${length}${runs}.`);
}

/* "load.steady.rate=50/s", a line each. */
function settingsOf(text) {
	return Object.fromEntries(text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
		const at = line.indexOf("=");

		if (at < 1)
			throw new Problem(400, {detail: `'${line}' is not a setting; write path=value`});
		return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
	}));
}

function submissionOf(form, editor) {
	const values = Object.fromEntries(new FormData(form)), set = settingsOf(values.set || "");

	return {
		...(values.by === "name" ? {name: values.profile} : {yaml: editor.text}),
		...(Object.keys(set).length ? {set} : {}),
		...(values.baseline ? {baseline: values.baseline} : {}),
		...(values.on_busy === "refuse" ? {on_busy: "refuse"} : {}),
		...Object.fromEntries(["workers", "shards"].filter((name) => values[name]).map((name) => [name, Number(values[name])])),
	};
}

function profileWords(one) {
	return `${one.name}${one.kind === "broken" ? " (broken)" : ""}${one.load ? ` · ${one.load}` : ""}${isKnown(one.planned_s) ? ` · ${figureSeconds(one.planned_s)}` : ""}`;
}

function ceilingsNote() {
	const {ceilings} = bar.info || {};
	const words = !ceilings ? [] : [
		isKnown(ceilings.rate_per_s) ? figureRate(ceilings.rate_per_s) : null,
		isKnown(ceilings.connections) ? `${figureCount(ceilings.connections)} connections` : null,
		isKnown(ceilings.duration_s) ? figureSeconds(ceilings.duration_s) : null,
	].filter(Boolean);

	return words.length ? note(`The operator allows at most ${words.join(", ")}.`) : null;
}

/* The form, and what is said of what stands in it: checked while one types, since an operator's profile may have become wrong, too. */
class Start {
	constructor(view, profiles, baselines) {
		this.view = view;
		this.told = h("div", {id: "problems", role: "alert"});
		this.fine = h("div");
		this.asked = 0;
		this.timer = null;
		this.editor = new Editor(EXAMPLE, () => this.later());
		this.form = startForm(this, profiles, baselines, view.place.query.get("profile"));
		view.ends(() => clearTimeout(this.timer));
	}

	show(problem, plan) {
		refill(this.told, [problemList(problem, this.editor)]);
		refill(this.fine, [plan ? planInWords(plan) : null]);
		this.editor.mark(problem ? problem.lines.map((one) => one.line) : []);
	}

	/* What is asked last is answered last: an answer to what has changed meanwhile is not shown. */
	async ask(path, then) {
		const mine = ++this.asked;

		clearTimeout(this.timer);
		try {
			const answer = await api.post(path, submissionOf(this.form, this.editor));

			if (mine === this.asked && !this.view.isLeft)
				then(answer);
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			if (mine === this.asked && !this.view.isLeft && problem.status !== 401)
				this.show(problem, null);
		}
	}

	later() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.ask("/check", (plan) => this.show(null, plan)), CHECK_AFTER_MS);
	}

	choose() {
		this.form.classList.toggle("by-name", this.form.elements.by.value === "name");
		this.later();
	}

	submit(event) {
		event.preventDefault();
		return this.ask("/runs", (row) => {
			say(`${row.name}: ${outcomeOf(row)}`);
			places.go(`runs/${encodeURIComponent(row.id)}`);
		});
	}

	/* The operator's text, to be changed here. */
	async take() {
		const answer = await request("GET", pathOf("profiles", this.form.elements.profile.value));

		if (!answer.ok)
			throw await problemOf(answer);
		this.editor.set(await answer.text());
		this.form.elements.by.value = "yaml";
		this.choose();
	}
}

function startForm(start, profiles, baselines, wished) {
	const isByName = profiles.some((one) => one.kind !== "broken"), choose = () => start.choose();
	const by = (value, isChosen, words) => h("label", {}, h("input", {type: "radio", name: "by", value, checked: isChosen, disabled: value === "name" && !isByName, change: choose}), ` ${words}`);
	const select = h("select", {id: "profile", name: "profile", change: choose}, profiles.map((one) => h("option", {value: one.name, selected: one.name === wished,
		disabled: one.kind === "broken"}, profileWords(one))));
	const broken = profiles.filter((one) => one.kind === "broken").map((one) => `${one.name}: ${one.problem}`).join("; ");

	return h("form", {class: "card fields start", submit: (event) => start.submit(event)},
		h("fieldset", {class: "tabs"}, h("legend", {}, "What"), by("name", isByName, "a profile of the operator's"), by("yaml", !isByName, "YAML")),
		h("div", {class: "of-name"}, field("profile", "Profile", select, broken), isByName ? doer("take", {}, "Write one from it", () => start.take()) : null),
		h("div", {class: "of-yaml"}, h("label", {for: "yaml"}, "Profile, YAML"), start.editor.element),
		settingsFields(baselines, () => start.later()),
		start.told, start.fine, h("p", {class: "buttons"}, h("button", {class: "main", type: "submit"}, "Start")));
}

function settingsFields(baselines, change) {
	const set = h("textarea", {id: "set", name: "set", rows: "3", spellcheck: "false", placeholder: "load.steady.rate=50/s", input: change});

	return h("details", {}, h("summary", {}, "Settings"),
		field("set", "Settings", set, "path=value, one on each line"),
		field("baseline", "Compare with", selectOf("baseline", "baseline", [["", "nothing"], ...baselines.map((one) => [one.name, one.name])], "")),
		sharingFields(change),
		field("on_busy", "If its target is busy", selectOf("on_busy", "on_busy", [["queue", "wait in the queue"], ["refuse", "do not start"]], "queue")));
}

/* Where there is more than one of either. */
function sharingFields(change, one = {}) {
	const {ceilings} = bar.info || {};
	const number = (name, max) => h("input", {id: name, name, type: "number", min: "1", max: String(max), step: "1", placeholder: "1", value: one[name], input: change});

	return !ceilings ? null : [
		ceilings.workers > 1 ? field("workers", "Processes", number("workers", ceilings.workers), `that share the load, ${ceilings.workers} at most`) : null,
		ceilings.shards > 0 ? field("shards", "Agents", number("shards", ceilings.shards), `or agents on other machines, over NATS, ${ceilings.shards} at most`) : null];
}

const startView = {
	title: "Start",

	async show(view) {
		if (!session.may("run")) {
			view.fill(h("h1", {}, "Start a run"), note("Your token may only look; to start runs takes the role run."));
			return;
		}
		if (bar.info && bar.info.is_monitor_only) {
			view.fill(h("h1", {}, "Start a run"), note("This daemon only watches: it starts no load. ", link("monitor", "What it watches")));
			return;
		}
		const [{profiles}, {baselines}] = await Promise.all(["/profiles", "/baselines"].map(api.get)), start = new Start(view, profiles, baselines);

		view.fill(h("h1", {}, "Start a run"), ceilingsNote(), start.form);
		start.choose();
	},
};
