/* Alerts: what fires, who has seen it, and what it was. */

const SEVERITIES = {critical: "bad", warning: "warn", info: "mute"};

function alertItem(alert) {
	const tone = alert.state === "firing" ? SEVERITIES[alert.severity] || "warn" : "mute", seen = alert.acknowledged;

	return h("li", {class: `of-${tone}`, "data-key": `alert ${alert.number} ${alert.state} ${seen !== null}`}, h("div", {class: "words"},
		h("p", {}, chip(tone, alert.state), " ", h("b", {}, alert.rule), alert.run ? [" ", link(`runs/${encodeURIComponent(alert.run)}`, alert.name || alert.run)] : null,
			alert.text ? ` ${alert.text}` : null),
		h("p", {class: "note"}, "since ", when(alert.since), alert.ended_at ? [", until ", when(alert.ended_at)] : null,
			seen ? [`; seen by ${seen.by} `, when(seen.at), seen.note ? `: ${seen.note}` : null] : null)),
		!seen && session.may("run") ? h("p", {class: "buttons"}, doer(`acknowledge ${alert.number}`, {"aria-label": `Acknowledge ${alert.rule}`}, "Acknowledge", () => acknowledge(alert))) : null);
}

async function acknowledge(alert) {
	const answer = await confirmed({title: `Acknowledge ${alert.rule}?`, words: "It is told that you have seen it.", button: "Acknowledge",
		more: [h("label", {for: "note"}, "Note"), h("input", {id: "note", name: "note", maxlength: "1000", autocomplete: "off"})]});

	if (!answer)
		return;
	await api.post(`${pathOf("alerts", alert.number)}/acknowledge`, answer.note ? {note: answer.note} : {});
	say(`${alert.rule} is acknowledged`);
	changes.tell("alert", alert);
}

const alertsView = {
	title: "Alerts",

	async show(view) {
		const before = view.place.query.get("before");
		const look = async () => {
			const [firing, past] = await Promise.all(["/alerts?state=firing&limit=200", `/alerts${queryOf({state: "resolved", limit: 50, before})}`].map(api.get));
			const list = ({alerts}) => (alerts.length ? h("ul", {class: "card list"}, alerts.map(alertItem)) : note("None."));

			view.fill(h("h1", {}, "Alerts"),
				section("firing", "Firing", list(firing)),
				section("past", "Over", list(past),
					h("p", {class: "buttons"}, before ? link("alerts", "Newest") : null, past.next ? link(`alerts${queryOf({before: past.next})}`, "Older") : null)));
		};

		await look();
		view.on(["alert", "again"], soon(view, look));
	},
};
