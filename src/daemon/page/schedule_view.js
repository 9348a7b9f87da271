/* What runs by itself: when next, what became of it last; made, changed, paused and removed here. */

const SCHEDULE_COLUMNS = ["name|", "profile|", "when|", "next|", "last|", "|"];
const OFTEN = [
	["0 2 * * *", "every night at 02:00"],
	["0 */6 * * *", "every six hours"],
	["0 3 * * 0", "Sundays at 03:00"],
	["0 4 1 * *", "on the first of each month"],
	["", "as I write it …"],
];

function scheduleWords(one) {
	const often = OFTEN.find(([cron]) => cron !== "" && cron === one.cron);

	return [one.every ? `every ${one.every}` : often ? often[1] : h("code", {}, one.cron), h("div", {}, h("small", {}, one.time_zone))];
}

function scheduleButtons(one, edit) {
	const path = pathOf("schedules", one.name), isAdmin = session.may("admin"), isOurs = isAdmin && one.origin === "api";
	const turn = one.is_paused ? "Resume" : "Pause";
	const button = (verb, words, what, attributes) => doer(`${verb} ${one.name}`, {"aria-label": `${words} ${one.name}`, ...attributes}, words, what);

	return h("span", {class: "buttons"},
		session.may("run") ? button("now", "Run now", async () => places.go(`runs/${encodeURIComponent((await api.post(`${path}/run`)).id)}`)) : null,
		isAdmin ? button(turn, turn, () => api.post(`${path}/${turn.toLowerCase()}`)) : null,
		isOurs ? button("edit", "Change", async () => edit(one)) : null,
		isOurs ? button("remove", "Remove", () => removeSchedule(one), {class: "quiet danger"}) : null);
}

function lastOf(one) {
	return [one.last ? [runLinkOf(one.last, outcomeChip(one.last)), " ", when(one.last.started_at || one.last.submitted_at)] : "not yet",
		one.skipped ? h("div", {}, h("small", {}, one.skipped)) : null];
}

function scheduleRow(one, edit) {
	const then = one.next_at.length > 1 ? h("div", {}, h("small", {}, "then ", when(one.next_at[1]))) : null;

	return h("tr", {class: one.is_paused ? "of-mute" : "of-good", "data-key": `schedule ${one.name} ${one.is_paused}`}, cellsOf("td", SCHEDULE_COLUMNS, [
		[h("b", {}, one.name), one.origin === "file" ? h("div", {}, h("small", {}, "of the operator's file")) : null], one.profile, scheduleWords(one),
		one.is_paused ? chip("mute", "paused") : [when(one.next_at[0]), then], lastOf(one), scheduleButtons(one, edit)]));
}

async function removeSchedule(one) {
	if (await confirmed({title: `Remove the schedule ${one.name}?`, words: "Its runs stay in the history.", button: "Remove it", tone: "bad"})) {
		await api.remove(pathOf("schedules", one.name));
		say("it is removed");
	}
}

function field(id, label, element, more) {
	return h("p", {class: "field"}, h("label", {for: id}, label), element, more ? h("small", {}, ` ${more}`) : null);
}

/* What is left empty is the daemon's to choose. What the form has no field for stays as it was: settings, and among how many its load is
 * shared out where this daemon lets nobody. */
function wishOf(values, one) {
	const wish = {profile: values.profile, missed: values.missed, overlap: values.overlap};

	if (one.set && Object.keys(one.set).length)
		wish.set = one.set;
	for (const key of ["workers", "shards"])
		if (key in values ? values[key] : one[key])
			wish[key] = Number(values[key] || one[key]);

	for (const key of ["time_zone", "jitter", "baseline"])
		if (values[key])
			wish[key] = values[key];
	wish[values.every ? "every" : "cron"] = values.every || values.cron;
	return wish;
}

function selectOf(id, name, options, value) {
	return h("select", {id, name}, options.map(([key, words]) => h("option", {value: key, selected: key === value}, words)));
}

function moreFields(one) {
	const text = (id, name, value, placeholder) => h("input", {id, name, value, placeholder, autocomplete: "off"});

	return h("details", {open: Boolean(one.every || one.jitter || one.workers || one.shards)}, h("summary", {}, "More"),
		field("every", "Or every", text("every", "every", one.every, "6h"), "instead of the cron expression"),
		field("zone", "Time zone", text("zone", "time_zone", one.time_zone, "the daemon's")),
		field("jitter", "Jitter", text("jitter", "jitter", one.jitter, "5m"), "a time of chance, up to so much later"),
		field("missed", "Missed times", selectOf("missed", "missed", [["skip", "let them pass"], ["once", "make up for once"]], one.missed)),
		field("overlap", "While its last run goes on", selectOf("overlap", "overlap", [["skip", "let the time pass"], ["queue", "queue"]], one.overlap)),
		field("schedule-baseline", "Baseline", text("schedule-baseline", "baseline", one.baseline), "what each run is compared with"),
		sharingFields(null, one));
}

const NAME_PATTERN = "[A-Za-z0-9_\\-][A-Za-z0-9._\\-]{0,63}";

function scheduleForm(profiles, one, saved) {
	const wrong = h("p", {class: "problem", role: "alert"});
	const name = h("input", {id: "schedule-name", name: "name", required: true, pattern: NAME_PATTERN, value: one.name, readonly: Boolean(one.name), autocomplete: "off"});
	const cron = h("input", {id: "cron", name: "cron", value: one.cron || (one.every ? "" : OFTEN[0][0]), maxlength: "128", spellcheck: "false", autocomplete: "off"});
	const often = selectOf("often", null, OFTEN, cron.value);
	const sound = profiles.filter((profile) => profile.kind !== "broken").map((profile) => [profile.name, profile.name]);

	often.addEventListener("change", () => {
		cron.value = often.value || cron.value;
		cron.focus();
	});
	return h("form", {class: "card fields", id: "schedule-form", submit: async (event) => {
		const values = Object.fromEntries(new FormData(event.target));

		event.preventDefault();
		wrong.textContent = "";
		try {
			await api.put(pathOf("schedules", values.name), wishOf(values, one));
			say(`the schedule ${values.name} is saved`);
			saved();
		} catch (problem) {
			wrong.textContent = clean(problem.message);
		}
	}}, h("h2", {}, one.name ? `Change ${one.name}` : "A new schedule"), field("schedule-name", "Name", name),
	field("schedule-profile", "Profile", selectOf("schedule-profile", "profile", sound, one.profile)),
	field("often", "When", often), field("cron", "Cron expression", cron, "minute hour day month weekday"), moreFields(one),
	wrong, h("p", {class: "buttons"}, h("button", {class: "main", type: "submit"}, "Save")));
}

function scheduleTable(schedules, edit) {
	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Schedule"}, h("table", {class: "judged"},
		h("thead", {}, h("tr", {}, cellsOf("th", SCHEDULE_COLUMNS, SCHEDULE_COLUMNS.map((name) => name.replace("|", ""))))),
		h("tbody", {}, schedules.map((one) => scheduleRow(one, edit)))));
}

const scheduleView = {
	title: "Schedule",

	async show(view) {
		const parts = {list: h("div"), form: h("div")};
		let profiles = [];
		const form = (one) => {
			if (session.may("admin"))
				parts.form.replaceChildren(profiles.length ? scheduleForm(profiles, one, () => {
					form({});
					again();
				}) : note("There is no profile in the operator's directory that could be scheduled."));
		};
		const edit = (one) => {
			form(one);
			parts.form.querySelector("select, input").focus();
		};
		const look = async () => {
			const {schedules} = await api.get("/schedules");

			refill(parts.list, [h("h1", {}, "Schedule"), schedules.length ? scheduleTable(schedules, edit) : note("Nothing is scheduled."),
				session.may("admin") ? null : note("Schedules are made by an admin.")]);
		};
		const again = soon(view, look);

		view.fill(parts.list, parts.form);
		({profiles} = await api.get("/profiles"));
		await look();
		form({profile: view.place.query.get("profile")});
		view.on(["schedule", "run", "again"], again);
		view.every(60000, again);
	},
};
