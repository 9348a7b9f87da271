/* Two runs, or a run and a baseline, held against each other: what `brunt compare` says, drawn as a report draws it. */

function sideChoice(name, label, options, value) {
	return h("label", {class: "choice", for: `side-${name}`}, label, " ", h("select", {id: `side-${name}`, name},
		options.map(([key, words]) => h("option", {value: key, selected: key === value}, words))));
}

function runWordsOf(row) {
	const date = new Date(row.started_at || row.submitted_at);

	return `${row.name} · ${dayOf(date)} ${timeOfDay(date)} · ${outcomeOf(row)}`;
}

/* Of the same name first: what is alike is compared most often. */
function sidesFrom(runs, baselines, other) {
	const name = (runs.find((row) => row.id === other) || {}).name;
	const sorted = [...runs].sort((a, b) => (b.name === name) - (a.name === name) || b.number - a.number);

	return {
		base: [["", "choose …"], ...baselines.map((one) => [`baseline:${one.name}`, `baseline ${one.name}`]), ...sorted.map((row) => [row.id, runWordsOf(row)])],
		current: [["", "choose …"], ...[...runs].sort((a, b) => b.number - a.number).map((row) => [row.id, runWordsOf(row)])],
	};
}

/* By what they are called here: where the daemon keeps them is nobody's concern. */
function named(compared, {base, current}) {
	const result = structuredClone(compared), {against} = result;

	for (const [side, name] of against ? [[against.baseline, base], [against.current, current]] : [])
		for (const one of side.runs) {
			const words = name.startsWith("baseline:") ? `baseline ${name.slice(9)}` : `run ${name}`;

			against.notes = against.notes.map((text) => (one.dir ? text.replaceAll(one.dir, words) : text));
			one.dir = words;
		}
	return result;
}

function showComparison(root, compared, query) {
	const [first = "", ...reasons] = compared.verdict.reasons;

	run = {page: "comparison", result: named(compared, query), headline: first, reasons, distributions: [], base: ""};
	append(root, [verdictBanner(comparisonTiles()), comparisonSection(),
		h("p", {class: "buttons"}, h("a", {href: `${API}/compare${queryOf({...query, format: "html"})}`, target: "_blank", rel: "noopener"}, "As a report, with distributions"),
			doer("save-comparison", {}, "Save as JSON", async () => save("comparison.json", "application/json", JSON.stringify(compared, null, 1))))]);
	drawFigures(root);
	say(`${compared.verdict.status}: ${first}`);
}

const compareView = {
	title: "Compare",

	async show(view) {
		const base = view.place.query.get("base") || "", current = view.place.query.get("current") || "";
		const [{runs: recent}, {baselines}] = await Promise.all([api.get("/runs?state=ended&limit=200"), api.get("/baselines")]);
		const runs = recent.filter((row) => row.exit_code !== null);

		for (const id of [base, current])
			if (id && !id.startsWith("baseline:") && !runs.some((row) => row.id === id))
				runs.push(await api.get(pathOf("runs", id))); /* an older one */
		const sides = sidesFrom(runs, baselines, current), drawn = h("div");

		const form = h("form", {class: "card choices", submit: (event) => {
			const values = Object.fromEntries(new FormData(event.target));

			event.preventDefault();
			places.go(`compare${queryOf(values)}`);
		}}, sideChoice("base", "Base", sides.base, base), sideChoice("current", "Current", sides.current, current), h("button", {class: "main", type: "submit"}, "Compare"));

		view.fill(h("h1", {}, "Compare"), form, drawn);
		if (!base || !current)
			return;
		const compared = await api.get(`/compare${queryOf({base, current})}`);

		if (!view.isLeft)
			showComparison(drawn, compared, {base, current});
	},
};
