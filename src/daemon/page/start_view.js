/* A run is started: by the name of a profile of the operator's, or from YAML that is written here. What is wrong is shown at its line. */

const CHECK_AFTER_MS = 700;

const EXAMPLE = `name: my-run
target:
  url: http://127.0.0.1:8080
load:
  steps: {from: 50/s, by: 50/s, every: 10s, to: 500/s}
requests:
  - get: /
slo: ["p95 <= 100ms", "error_rate < 1%"]
`;

/* A text with numbered lines. */
class Editor {
	constructor(text, change) {
		this.numbers = h("pre", {class: "numbers", "aria-hidden": "true"});
		this.area = h("textarea", {id: "yaml", rows: "18", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", maxlength: String(1 << 20), "aria-describedby": "problems",
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
	return h("div", {class: "telling bad"}, sign("warn"), h("div", {}, h("p", {}, problem.message),
		problem.lines.length ? h("ul", {}, problem.lines.map((one) => h("li", {}, h("button", {type: "button", class: "line", "data-key": `line ${one.line} ${one.column} ${one.message}`,
			click: () => editor.goTo(one.line, one.column)}, `line ${one.line}, column ${one.column}`), " ", one.message))) : null));
}

function planInWords(plan) {
	return h("p", {class: "note", role: "status"}, sign("pass"), ` ${plan.name}: ${plan.plan}; against ${plan.target}${isKnown(plan.planned_s) ? `, about ${figureSeconds(plan.planned_s)}` : ""}${plan.runs > 1 ? `, ${plan.runs} runs` : ""}.`);
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

	return {...(values.by === "name" ? {name: values.profile} : {yaml: editor.text}), ...(Object.keys(set).length ? {set} : {}), ...(values.baseline ? {baseline: values.baseline} : {}),
		...(values.on_busy === "refuse" ? {on_busy: "refuse"} : {})};
}

function profileWords(one) {
	return `${one.name}${one.kind === "broken" ? " (broken)" : ""}${one.load ? ` · ${one.load}` : ""}${isKnown(one.planned_s) ? ` · ${figureSeconds(one.planned_s)}` : ""}`;
}

function ceilingsNote() {
	const {ceilings} = bar.info || {};
	const words = ceilings ? [isKnown(ceilings.rate_per_s) ? figureRate(ceilings.rate_per_s) : null, isKnown(ceilings.connections) ? `${figureCount(ceilings.connections)} connections` : null,
		isKnown(ceilings.duration_s) ? figureSeconds(ceilings.duration_s) : null].filter(Boolean) : [];

	return words.length ? note(`The operator allows at most ${words.join(", ")}.`) : null;
}

const startView = {
	title: "Start",

	async show(view) {
		const [{profiles}, {baselines}] = await Promise.all([api.get("/profiles"), api.get("/baselines")]);
		const wished = view.place.query.get("profile"), isByName = profiles.length > 0, told = h("div", {id: "problems", role: "alert"}), fine = h("div");
		let timer = null, asked = 0;

		view.ends(() => clearTimeout(timer));
		const show = (problem, plan) => {
			refill(told, [problemList(problem, editor)]);
			refill(fine, [plan ? planInWords(plan) : null]);
			editor.mark(problem ? problem.lines.map((one) => one.line) : []);
		};
		/* Asked while one types; an answer to what has changed meanwhile is not shown. */
		const check = async () => {
			const mine = ++asked;

			try {
				const plan = await api.post("/check", submissionOf(form, editor));

				if (mine === asked && !view.isLeft)
					show(null, plan);
			} catch (problem) {
				if (mine === asked && !view.isLeft && problem.status !== 401)
					show(problem, null);
			}
		};
		const later = () => {
			clearTimeout(timer);
			timer = setTimeout(check, CHECK_AFTER_MS);
		};
		const editor = new Editor(EXAMPLE, later);
		const choose = () => {
			form.classList.toggle("by-name", form.elements.by.value === "name");
			later();
		};
		const submit = async (event) => {
			event.preventDefault();
			clearTimeout(timer);
			asked++;
			try {
				const row = await api.post("/runs", submissionOf(form, editor));

				say(`${row.name}: ${outcomeOf(row)}`);
				places.go(`runs/${encodeURIComponent(row.id)}`);
			} catch (problem) {
				if (!view.isLeft && problem.status !== 401)
					show(problem, null);
			}
		};
		const take = async () => {
			const text = await request("GET", pathOf("profiles", form.elements.profile.value));

			if (!text.ok)
				throw await problemOf(text);
			editor.set(await text.text());
			form.elements.by.value = "yaml";
			choose();
		};
		const form = startForm({profiles, baselines, wished, isByName, editor, told, fine, choose, submit, take});

		view.fill(h("h1", {}, "Start a run"), session.may("run") ? [bar.info && bar.info.is_monitor_only ? note("This daemon only watches: it starts no load.") : null, ceilingsNote(), form] :
			note("Your token may only look; to start runs takes the role run."));
		if (session.may("run"))
			choose();
	},
};

function startForm({profiles, baselines, wished, isByName, editor, told, fine, choose, submit, take}) {
	return h("form", {class: "card fields start", submit},
		h("fieldset", {class: "tabs"}, h("legend", {}, "What"),
			h("label", {}, h("input", {type: "radio", name: "by", value: "name", checked: isByName, disabled: !isByName, change: choose}), " a profile of the operator's"),
			h("label", {}, h("input", {type: "radio", name: "by", value: "yaml", checked: !isByName, change: choose}), " YAML")),
		h("div", {class: "of-name"}, field("profile", "Profile", h("select", {id: "profile", name: "profile", change: choose},
			profiles.map((one) => h("option", {value: one.name, selected: one.name === wished, disabled: one.kind === "broken"}, profileWords(one)))),
		profiles.filter((one) => one.kind === "broken").map((one) => `${one.name}: ${one.problem}`).join("; ")),
		isByName ? doer("take", {}, "Write one from it", take) : null),
		h("div", {class: "of-yaml"}, h("label", {for: "yaml"}, "Profile, YAML"), editor.element),
		h("details", {}, h("summary", {}, "Settings"),
			field("set", "Settings", h("textarea", {id: "set", name: "set", rows: "3", spellcheck: "false", placeholder: "load.steady.rate=50/s", input: choose}), "path=value, one on each line"),
			field("baseline", "Compare with", h("select", {id: "baseline", name: "baseline"}, h("option", {value: ""}, "nothing"), baselines.map((one) => h("option", {value: one.name}, one.name)))),
			field("on_busy", "If its target is busy", h("select", {id: "on_busy", name: "on_busy"}, h("option", {value: "queue"}, "wait in the queue"), h("option", {value: "refuse"}, "do not start")))),
		told, fine, h("p", {class: "buttons"}, h("button", {class: "main", type: "submit"}, "Start")));
}
