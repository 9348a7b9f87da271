/* The dashboard: who looks at it is asked first, then the place that the address names is shown. */

const VIEWS = {
	"": overview, history: historyView, compare: compareView, schedule: scheduleView, alerts: alertsView, monitor: monitorView, start: startView,
	runs: {title: "Run", show: (view) => (view.place.id ? runView : historyView).show(view)},
};

const THEME_KEY = "brunt-theme";

/* A browser may keep nothing, and says so by throwing. */
function keepTheme() {
	try {
		localStorage.setItem(THEME_KEY, document.documentElement.dataset.theme || "");
	} catch (error) {
		/* it is light or dark until the page is closed */
	}
}

function takeTheme() {
	try {
		const name = localStorage.getItem(THEME_KEY);

		if (name === "light" || name === "dark")
			theme.choose(name);
	} catch (error) {
		/* as the system prefers it */
	}
}

const dashboard = {
	async enter() {
		await bar.refresh();
		changes.open();
		places.show();
	},

	async start() {
		theme.watch();
		takeTheme();
		bar.themeButton = theme.button();
		theme.listeners.push(keepTheme);
		if (typeof Chart !== "undefined") {
			Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
			Chart.defaults.font.size = 12;
		}
		changes.on([...CHANGE_KINDS, "again"], bar.onChange);
		addEventListener("hashchange", () => places.show());
		try {
			if (await session.begin())
				await dashboard.enter();
			else
				places.logIn();
		} catch (problem) {
			tell(problem);
		}
		document.body.classList.add("shown");
	},
};

dashboard.start();
