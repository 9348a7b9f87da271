/* The page is made of elements and text nodes alone: no string of a run is ever read as HTML. */

const SVG = "http://www.w3.org/2000/svg";

function append(element, children) {
	for (const child of children.flat(9))
		if (child !== null && child !== undefined && child !== false)
			element.append(child instanceof Node ? child : document.createTextNode(clean(child)));
	return element;
}

/* h("p", {class: "note"}, "text", element, …). A function among the attributes is a listener. */
function h(tag, attributes, ...children) {
	const element = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {}))
		if (typeof value === "function")
			element.addEventListener(name, value);
		else if (value !== null && value !== undefined && value !== false)
			element.setAttribute(name, value === true ? "" : clean(value));
	return append(element, children);
}

/* Signs are drawn, so that they do not depend on a font. */
const SIGNS = {
	pass: "M5 13l5 5L20 7",
	fail: "M6 6l12 12M18 6L6 18",
	warn: "M12 5v9M12 18.5v.5",
	stop: "M7 7h10v10H7z",
	none: "M6 12h12",
	play: "M8 5.5l10 6.5-10 6.5z",
};

function sign(name) {
	const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");

	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", "sign");
	svg.setAttribute("aria-hidden", "true");
	path.setAttribute("d", SIGNS[name]);
	svg.append(path);
	return svg;
}

/* A word with its colour and its sign: colour alone is never what tells two states apart. */
function chip(tone, word) {
	const signs = {good: "pass", bad: "fail", warn: "warn", mute: "none", live: "play"};

	return h("span", {class: `chip ${tone}`}, sign(signs[tone]), word);
}

function section(id, title, ...children) {
	return h("section", {id, "aria-labelledby": `${id}-title`}, h("h2", {id: `${id}-title`}, title), children);
}

function note(...text) {
	return h("p", {class: "note"}, text);
}

function missing(why) {
	return h("p", {class: "missing"}, h("b", {}, NA), ` ${why}`);
}

/* columns: names; one that ends in "|" is of words, the others of figures. rows: arrays of cells. */
function cellsOf(tag, columns, cells) {
	return cells.map((cell, i) => h(tag, {
		class: columns[i].endsWith("|") ? "words" : null,
		scope: tag === "th" ? "col" : null,
	}, cell));
}

function table(label, columns, rows) {
	const named = columns.map((name) => name.replace("|", ""));

	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": label},
		h("table", {},
			h("thead", {}, h("tr", {}, cellsOf("th", columns, named))),
			h("tbody", {}, rows.map((cells) => h("tr", {}, cellsOf("td", columns, cells))))));
}

/* A list of names and what they are. */
function facts(...pairs) {
	return h("dl", {class: "facts"}, pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined)
		.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/* Folded away; what is in it is made whenever it is opened, since most never are, and of a run that goes on it changes. */
function folded(title, make, isOpen) {
	const details = h("details", {open: isOpen}, h("summary", {}, title));

	function open() {
		if (!details.open)
			return;
		while (details.childNodes.length > 1)
			details.lastChild.remove();
		append(details, [make()]);
	}
	details.addEventListener("toggle", open);
	if (isOpen)
		open();
	return details;
}
