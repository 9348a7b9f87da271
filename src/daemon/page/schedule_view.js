/* What runs by itself: when next, what became of it last; made, changed, paused and removed here. */

const SCHEDULE_COLUMNS = ["name|", "profile|", "when|", "next|", "last|", "|"];
const OFTEN = [["0 2 * * *", "every night at 02:00"], ["0 */6 * * *", "every six hours"], ["0 3 * * 0", "Sundays at 03:00"], ["0 4 1 * *", "on the first of each month"], ["", "as I write it …"]];

function scheduleWords(one) {
	const often = OFTEN.find(([cron]) => cron !== "" && cron === one.cron);

	return [one.every ? `every ${one.every}` : often ? `${often[1]}` : h("code", {}, one.cron), h("div", {}, h("small", {}, one.time_zone))];
}

function scheduleRow(one, edit) {
	const act = (what) => () => api.post(`${pathOf("schedules", one.name)}/${what}`);
	const isOurs = one.origin === "api" && session.may("admin");

	return h("tr", {class: one.is_paused ? "of-mute" : "of-good", "data-key": `schedule ${one.name} ${one.is_paused}`}, cellsOf("td", SCHEDULE_COLUMNS, [
		[h("b", {}, one.name), one.origin === "file" ? h("div", {}, h("small", {}, "of the operator's file")) : null], one.profile, scheduleWords(one),
		one.is_paused ? chip("mute", "paused") : [when(one.next_at[0]), one.next_at.length > 1 ? h("div", {}, h("small", {}, "then ", when(one.next_at[1]))) : null],
		[one.last ? [runLinkOf(one.last, outcomeChip(one.last)), " ", when(one.last.started_at || one.last.submitted_at)] : "not yet", one.skipped ? h("div", {}, h("small", {}, one.skipped)) : null],
		h("span", {class: "buttons"},
			session.may("run") ? doer(`now ${one.name}`, {"aria-label": `Run ${one.name} now`}, "Run now", async () => places.go(`runs/${encodeURIComponent((await act("run")()).id)}`)) : null,
			session.may("admin") ? doer(`pause ${one.name} ${one.is_paused}`, {"aria-label": `${one.is_paused ? "Resume" : "Pause"} ${one.name}`}, one.is_paused ? "Resume" : "Pause", act(one.is_paused ? "resume" : "pause")) : null,
			isOurs ? doer(`edit ${one.name}`, {"aria-label": `Change ${one.name}`}, "Change", async () => edit(one)) : null,
			isOurs ? doer(`remove ${one.name}`, {class: "quiet danger", "aria-label": `Remove ${one.name}`}, "Remove", () => removeSchedule(one)) : null)]));
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

/* What is left empty is the daemon's to choose. */
function wishOf(values) {
	const wish = {profile: values.profile, missed: values.missed, overlap: values.overlap};

	for (const key of ["time_zone", "jitter", "baseline"])
		if (values[key])
			wish[key] = values[key];
	wish[values.every ? "every" : "cron"] = values.every || values.cron;
	return wish;
}

function scheduleForm(profiles, one, saved) {
	const wrong = h("p", {class: "problem", role: "alert"});
	const cron = h("input", {id: "cron", name: "cron", value: one.cron || (one.every ? "" : OFTEN[0][0]), maxlength: "128", spellcheck: "false", autocomplete: "off"});
	const often = h("select", {id: "often", change: (event) => {
		cron.value = event.target.value || cron.value;
		cron.focus();
	}}, OFTEN.map(([value, words]) => h("option", {value, selected: value === cron.value}, words)));

	return h("form", {class: "card fields", id: "schedule-form", submit: async (event) => {
		const values = Object.fromEntries(new FormData(event.target));

		event.preventDefault();
		wrong.textContent = "";
		try {
			await api.put(pathOf("schedules", values.name), wishOf(values));
			say(`the schedule ${values.name} is saved`);
			saved();
		} catch (problem) {
			wrong.textContent = clean(problem.message);
		}
	}}, h("h2", {}, one.name ? `Change ${one.name}` : "A new schedule"),
	field("schedule-name", "Name", h("input", {id: "schedule-name", name: "name", required: true, pattern: "[A-Za-z0-9_\\-][A-Za-z0-9._\\-]{0,63}", value: one.name, readonly: Boolean(one.name), autocomplete: "off"})),
	field("schedule-profile", "Profile", h("select", {id: "schedule-profile", name: "profile", required: true}, profiles.filter((profile) => profile.kind !== "broken").map((profile) => h("option", {value: profile.name, selected: profile.name === one.profile}, profile.name)))),
	field("often", "When", often), field("cron", "Cron expression", cron, "minute hour day month weekday"),
	h("details", {open: Boolean(one.every || one.jitter)}, h("summary", {}, "More"),
		field("every", "Or every", h("input", {id: "every", name: "every", value: one.every, placeholder: "6h", autocomplete: "off"}), "instead of the cron expression"),
		field("zone", "Time zone", h("input", {id: "zone", name: "time_zone", value: one.time_zone, placeholder: "the daemon's", autocomplete: "off"})),
		field("jitter", "Jitter", h("input", {id: "jitter", name: "jitter", value: one.jitter, placeholder: "5m", autocomplete: "off"}), "a time of chance, up to so much later"),
		field("missed", "Missed times", h("select", {id: "missed", name: "missed"}, h("option", {value: "skip"}, "let them pass"), h("option", {value: "once", selected: one.missed === "once"}, "make up for once"))),
		field("overlap", "While its last run goes on", h("select", {id: "overlap", name: "overlap"}, h("option", {value: "skip"}, "let the time pass"), h("option", {value: "queue", selected: one.overlap === "queue"}, "queue"))),
		field("schedule-baseline", "Baseline", h("input", {id: "schedule-baseline", name: "baseline", value: one.baseline, autocomplete: "off"}), "what each run is compared with")),
	wrong, h("p", {class: "buttons"}, h("button", {class: "main", type: "submit"}, "Save")));
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

			refill(parts.list, [h("h1", {}, "Schedule"), schedules.length ? h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Schedule"}, h("table", {class: "judged"},
				h("thead", {}, h("tr", {}, cellsOf("th", SCHEDULE_COLUMNS, SCHEDULE_COLUMNS.map((name) => name.replace("|", ""))))), h("tbody", {}, schedules.map((one) => scheduleRow(one, edit))))) :
				note("Nothing is scheduled."), session.may("admin") ? null : note("Schedules are made by an admin.")]);
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
