/* What the page says to whoever looks at it, or listens to it; and what it asks before it does what cannot be undone. */

/* Read out by a screen reader, seen by nobody: verdicts, what became of a click. */
function say(text) {
	document.getElementById("said").textContent = clean(text);
}

function hush() {
	document.getElementById("told").replaceChildren();
}

/* What went wrong, until it is put away or the place is left. */
function tell(problem) {
	const words = problem instanceof Problem || problem instanceof Error ? problem.message : String(problem);

	document.getElementById("told").replaceChildren(h("div", {class: "telling bad"}, sign("warn"), h("p", {}, words),
		h("button", {type: "button", class: "quiet", click: hush}, "Dismiss")));
	if (!(problem instanceof Problem) && problem instanceof Error)
		throw problem; /* an error of the page's own belongs into the console, too */
}

/* Asks; what comes back is false, or the values of its fields by name. more: fields and text. */
function confirmed({title, words, button, tone, more}) {
	return new Promise((done) => {
		const form = h("form", {method: "dialog"},
			h("h2", {id: "asked"}, title), h("p", {}, words), more || null,
			h("p", {class: "buttons"},
				h("button", {type: "button", class: "quiet", value: "no", click: () => dialog.close("no")}, "Cancel"),
				h("button", {type: "submit", class: `main ${tone || ""}`, value: "yes"}, button)));
		const dialog = h("dialog", {"aria-labelledby": "asked"}, form);

		form.addEventListener("submit", (event) => {
			event.preventDefault(); /* the policy lets no form go anywhere */
			dialog.close("yes");
		});
		dialog.addEventListener("close", () => {
			dialog.remove();
			done(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : false);
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}

/* A button that does one thing at a time, and says why where it could not. Its key says what it does and to whom. */
function doer(key, attributes, words, what) {
	return h("button", {type: "button", class: "quiet", ...attributes, "data-key": key, click: async (event) => {
		const button = event.currentTarget;

		if (button.getAttribute("aria-disabled") === "true")
			return;
		button.setAttribute("aria-disabled", "true"); /* `disabled` would lose the focus */
		await places.view.attempt(what);
		button.removeAttribute("aria-disabled");
	}}, words);
}

/* By the state that the stop found: it may have begun, or ended by itself, while the question was open. */
const STOPPED_WORDS = {queued: "was taken out of the queue", ended: "had ended by then"};

async function stopRun(row) {
	const answer = await confirmed({
		title: `Stop ${row.name}?`, button: row.state === "queued" ? "Take it out" : "Stop it", tone: "bad",
		words: row.state === "queued" ? "It waits for its turn, and will not be run." : "What it has measured is kept, and judged as far as it came.",
		more: row.state === "queued" ? null : h("fieldset", {}, h("legend", {}, "How"),
			h("label", {}, h("input", {type: "radio", name: "how", value: "stop", checked: true}), " now, as by Ctrl-C"),
			h("label", {}, h("input", {type: "radio", name: "how", value: "drain"}), " no more load, but wait for the answers under way")),
	});

	if (!answer)
		return;
	const told = await api.post(`${pathOf("runs", row.id)}/stop`, answer.how ? {how: answer.how} : {});

	say(`${row.name} ${STOPPED_WORDS[told.state] || "was told to stop"}`);
}

async function stopAll() {
	const answer = await confirmed({
		title: "Stop everything?", button: "Stop everything", tone: "bad",
		words: "Every run is ended, the queue is emptied, and nothing begins until an admin lifts the stop.",
		more: [h("label", {for: "reason"}, "Why (for the log)"), h("input", {id: "reason", name: "reason", maxlength: "200", autocomplete: "off"})],
	});

	if (!answer)
		return;
	await api.post("/stop", answer.reason ? {reason: answer.reason} : {});
	say("everything was told to stop");
	await bar.refresh();
}
