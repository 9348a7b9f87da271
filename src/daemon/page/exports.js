/* Files made in the page, of what it was told. */

/* A spreadsheet would take what begins like that for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(value) {
	if (value === null || value === undefined)
		return "";
	const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);

	return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

function csvOf(columns, rows) {
	return [columns, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n"; /* RFC 4180 */
}

function save(name, type, text) {
	const url = URL.createObjectURL(new Blob([text], {type}));

	h("a", {href: url, download: name}).click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
	say(`${name} is saved`);
}
