/* The bar on top, and the one stream of changes that all views share. */

const CHANGE_KINDS = ["run", "queue", "alert", "schedule"];

const changes = {
	stream: null,
	listeners: new Set(),

	on(kinds, what) {
		const listener = {kinds, what};

		changes.listeners.add(listener);
		return () => changes.listeners.delete(listener);
	},

	tell(kind, data) {
		for (const listener of [...changes.listeners])
			if (listener.kinds.includes(kind))
				listener.what(kind, data);
	},

	open() {
		let wasOpen = false;

		changes.close();
		changes.stream = new Stream("/events", {
			event: (kind, data) => {
				if (CHANGE_KINDS.includes(kind))
					changes.tell(kind, data);
			},
			state: (state) => {
				bar.link(state);
				if (state === "open" && wasOpen)
					changes.tell("again", null); /* what was missed is not told again */
				wasOpen = wasOpen || state === "open";
			},
		});
	},

	close() {
		if (changes.stream)
			changes.stream.close();
		changes.stream = null;
	},
};

const LINKS = [["", "Overview"], ["history", "History"], ["compare", "Compare"], ["schedule", "Schedule"], ["alerts", "Alerts"], ["monitor", "Monitor"], ["start", "Start"]];

const bar = {
	info: null,
	firing: 0,
	linkState: "open",
	themeButton: null, /* one: it listens for as long as the page is there */

	show() {
		const root = document.getElementById("bar");

		if (session.role === null) {
			root.replaceChildren();
			document.getElementById("foot").replaceChildren();
			return;
		}
		refill(root, [
			h("a", {class: "brand", href: "#/", "aria-label": "brunt, to the overview"}, "brunt"),
			h("nav", {"aria-label": "Pages"}, LINKS.map(([place, name]) => h("a", {href: `#/${place}`, "data-place": place}, name,
				place === "alerts" && bar.firing > 0 ? h("span", {class: "count bad", "aria-label": `${bar.firing} firing`}, bar.firing) : null))),
			h("span", {class: "tools"},
				bar.linkState === "lost" ? h("span", {class: "chip warn", id: "link", title: "The page tries again by itself."}, sign("warn"), "no link") : null,
				session.may("run") ? doer("stop-all", {class: "quiet danger"}, "Stop everything", stopAll) : null,
				h("span", {class: "who"}, session.name ? `${session.name} (${session.role})` : session.role),
				doer("log-out", {}, "Log out", session.logOut), bar.themeButton),
			bar.info && bar.info.is_stopped ? h("div", {class: "telling bad halted", role: "alert"}, sign("stop"),
				h("p", {}, h("b", {}, "Everything is stopped."), bar.info.stop_reason ? ` ${bar.info.stop_reason}. ` : " ", "Nothing begins until the stop is lifted."),
				session.may("admin") ? doer("lift", {class: "main"}, "Lift the stop", bar.resume) : null) : null]);
		bar.mark();
		bar.foot();
	},

	foot() {
		const {info} = bar;

		refill(document.getElementById("foot"), info ? [`brunt ${info.version}`, info.time_zone ? ` · its clock: ${info.time_zone}` : null,
			info.lacks.map((text) => ` · ${text}`), " · ", h("a", {href: `${API}/openapi.yaml`}, "API")] : []);
	},

	mark() {
		const here = places.view ? places.view.place.name : "";

		for (const one of document.querySelectorAll("#bar nav a"))
			if (one.dataset.place === here || (one.dataset.place === "history" && here === "runs")) {
				one.setAttribute("aria-current", "page");
				bar.reveal(one);
			} else
				one.removeAttribute("aria-current");
	},

	/* On a narrow screen the links are wider than it. */
	reveal(one) {
		const nav = one.parentElement, at = one.getBoundingClientRect(), seen = nav.getBoundingClientRect();

		nav.scrollLeft += Math.max(0, at.right - seen.right) - Math.max(0, seen.left - at.left);
	},

	link(state) {
		if (bar.linkState !== state) {
			bar.linkState = state;
			bar.show();
		}
	},

	async resume() {
		await api.post("/resume");
		say("runs may begin again");
		await bar.refresh();
	},

	async refresh() {
		const [info, alerts] = await askAll(["/info", "/alerts?state=firing&acknowledged=false&limit=100"]);

		bar.info = info || bar.info;
		bar.firing = alerts ? alerts.alerts.length : bar.firing;
		bar.show();
	},

	/* A verdict is said wherever one is; so is what fires. */
	onChange(kind, data) {
		if (kind === "run" && data.state === "ended")
			say(`${data.name}: ${outcomeOf(data)}${data.reason ? `, ${data.reason}` : ""}`);
		else if (kind === "alert" && data.state === "firing" && !data.acknowledged)
			say(`alert ${data.rule}: ${data.text || "firing"}`);
		if (kind === "queue" && bar.info && data.is_stopped !== bar.info.is_stopped || kind === "alert" || kind === "again")
			bar.refresh().catch(() => {}); /* the next change, or the link's state, tells */
	},
};
