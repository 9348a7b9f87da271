/* Where one is in the page: "#/runs/20261122T020000Z-1a2b3c?x=y" is the view `runs`, of that run. One view is shown at a time; what it
 * began (streams, timers, charts) ends when it is left. */

function placeOf(hash) {
	const [path, query] = hash.replace(/^#\/?/, "").split("?", 2);
	const [name, ...rest] = path.split("/").map((part) => {
		try {
			return decodeURIComponent(part);
		} catch (error) {
			return part;
		}
	});

	return {name, id: rest.join("/"), query: new URLSearchParams(query || "")};
}

/* What a control is known by, to be found again when all around it was made anew. */
function markOfControl(element) {
	return element.dataset.key || element.id || [element.tagName, element.getAttribute("href"), element.getAttribute("aria-label"), element.textContent].join("|");
}

function areAlike(old, fresh) {
	return old.nodeType === Node.ELEMENT_NODE && old.nodeName === fresh.nodeName && old.attributes.length === fresh.attributes.length &&
		[...old.attributes].every(({name, value}) => fresh.getAttribute(name) === value);
}

/* What is the same stays where it is, so that a click does not fall between two pictures, and what was typed, unfolded or scrolled
 * stays as well. What does something has a data-key of its own (doer): it is never taken for that of another row. */
function patch(into, fresh) {
	const olds = [...into.childNodes], news = [...fresh.childNodes];

	news.forEach((one, i) => {
		const old = olds[i];

		if (!old)
			into.append(one);
		else if (old.nodeName === "DETAILS" && one.nodeName === "DETAILS" && old.firstChild.isEqualNode(one.firstChild))
			return;
		else if (old.isEqualNode(one))
			return;
		else if (areAlike(old, one))
			patch(old, one);
		else
			old.replaceWith(one);
	});
	for (const old of olds.slice(news.length))
		old.remove();
}

/* Children as they are now. The focus stays with what it was on, even where that was made anew. */
function refill(root, children) {
	const held = document.activeElement, isInside = held && held !== root && root.contains(held), mark = isInside ? markOfControl(held) : null;

	patch(root, append(document.createDocumentFragment(), children));
	if (!isInside || root.contains(document.activeElement))
		return;
	const again = [...root.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")].find((one) => markOfControl(one) === mark);

	if (again)
		again.focus({preventScroll: true});
}

class View {
	constructor(root, place) {
		this.root = root;
		this.place = place;
		this.endings = [];
		this.isLeft = false;
		this.themed = theme.listeners.length;
	}

	/* What is to be done when it is left. */
	ends(what) {
		this.endings.push(what);
	}

	leave() {
		this.isLeft = true;
		for (const what of this.endings)
			what();
		this.endings = [];
		this.dropCharts();
	}

	/* Charts are made by whole views: those of one are all there are. */
	dropCharts() {
		for (const entry of charts.list)
			if (entry.chart)
				entry.chart.destroy();
		charts.list = [];
		charts.level = charts.cursor = charts.zoom = null;
		theme.listeners.length = this.themed;
		document.body.classList.remove("zoomed");
	}

	fill(...children) {
		if (!this.isLeft)
			refill(this.root, children);
	}

	watch(path, on) {
		const stream = new Stream(path, on);

		this.ends(() => stream.close());
		return stream;
	}

	/* Of the stream of changes that the whole page has: kinds "run", "queue", "alert", "schedule", and "again" after a gap. */
	on(kinds, what) {
		this.ends(changes.on(kinds, (kind, data) => {
			if (!this.isLeft)
				what(kind, data);
		}));
	}

	every(ms, what) {
		const timer = setInterval(() => {
			if (!document.hidden)
				what();
		}, ms);

		this.ends(() => clearInterval(timer));
	}

	/* Does something that may fail for want of the daemon, and says so where it does. */
	async attempt(what) {
		try {
			return await what();
		} catch (problem) {
			if (!this.isLeft && problem.status !== 401)
				tell(problem);
			return undefined;
		}
	}
}

const places = {
	view: null,

	go(place) {
		if (location.hash === `#/${place}`)
			places.show();
		else
			location.hash = `#/${place}`;
	},

	show() {
		const place = placeOf(location.hash), view = Object.hasOwn(VIEWS, place.name) ? VIEWS[place.name] : lostView;

		places.open(session.role === null ? loginView : view, place);
	},

	logIn() {
		changes.close();
		bar.show();
		places.open(loginView, placeOf(""));
	},

	open(kind, place) {
		const isFirst = places.view === null;

		if (places.view)
			places.view.leave();
		hush();
		const root = document.getElementById("view");

		root.replaceChildren();
		places.view = new View(root, place);
		places.view.kind = kind;
		document.title = `${kind.title} · brunt`;
		bar.mark();
		if (!isFirst && kind !== loginView)
			root.focus({preventScroll: true});
		scrollTo(0, 0);
		return places.view.attempt(() => kind.show(places.view));
	},
};

const lostView = {
	title: "Nothing here",

	show(view) {
		view.fill(h("h1", {}, "Nothing here"), h("p", {}, "There is no such page. ", link("", "To the overview")));
	},
};
