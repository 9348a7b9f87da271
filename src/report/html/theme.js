/* Light or dark: what the system prefers, until the reader chooses. Charts take their colours from the style sheet, so
 * that there is one palette. */

const theme = {
	listeners: [],
	known: {}, /* colours that were asked for: a page of many levels asks thousands of times */

	colour(name) {
		theme.known[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
		return theme.known[name];
	},

	isDark() {
		const chosen = document.documentElement.dataset.theme;

		return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	},

	choose(name) {
		if (name)
			document.documentElement.dataset.theme = name;
		else
			delete document.documentElement.dataset.theme;
		theme.known = {};
		for (const listener of theme.listeners)
			listener();
	},

	button() {
		const button = h("button", {type: "button", class: "quiet", click: () => theme.choose(theme.isDark() ? "light" : "dark")});
		const name = () => {
			button.textContent = theme.isDark() ? "Light" : "Dark";
			button.setAttribute("aria-label", `Switch to ${theme.isDark() ? "light" : "dark"} colours`);
		};

		theme.listeners.push(name);
		name();
		return button;
	},

	/* Paper is white and as wide as it is, whatever the screen is. */
	watch() {
		let before;

		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme.choose(document.documentElement.dataset.theme));
		addEventListener("beforeprint", () => {
			before = document.documentElement.dataset.theme;
			document.body.classList.add("paper");
			theme.choose("light");
		});
		addEventListener("afterprint", () => {
			document.body.classList.remove("paper");
			theme.choose(before);
		});
	},
};

function colourWithAlpha(colour, alpha) {
	return colour + Math.round(alpha * 255).toString(16).padStart(2, "0"); /* the palette is #rrggbb */
}

const STATUS_TONES = {OK: "good", ERR: "warn", DEGR: "warn", BROKEN: "bad", INVALID: "mute", CUT: "mute"};

function statusColour(status) {
	return theme.colour(STATUS_TONES[status] || "mute");
}
