/* What the daemon is asked, and answers: JSON, of its own origin alone. Who asks is known by a cookie that no script can read. */

const API = "/api/v1";
const ANSWER_MS = 20000;

/* An answer that is none: a problem of RFC 9457, or no answer at all. `lines`: what is wrong with a profile, and where. */
class Problem extends Error {
	constructor(status, body) {
		super(body.detail || body.title || `the daemon answered ${status}`);
		this.status = status;
		this.title = body.title || null;
		this.lines = Array.isArray(body.errors) ? body.errors : [];
	}
}

async function problemOf(answer) {
	let body = {};

	try {
		body = await answer.json();
	} catch (error) {
		/* it was not the daemon who said no, or not in words of ours */
	}
	return new Problem(answer.status, body !== null && typeof body === "object" ? body : {});
}

async function request(method, path, body) {
	const given = new AbortController(), timer = setTimeout(() => given.abort(), ANSWER_MS);
	const options = {method, signal: given.signal, cache: "no-store", credentials: "same-origin", headers: {Accept: "application/json"}};

	if (method !== "GET") {
		options.headers["Content-Type"] = "application/json";
		options.body = JSON.stringify(body === undefined ? {} : body);
	}
	try {
		return await fetch(API + path, options);
	} catch (error) {
		throw new Problem(0, {title: "no answer", detail: given.signal.aborted ? "the daemon does not answer" : "the daemon cannot be reached"});
	} finally {
		clearTimeout(timer);
	}
}

async function ask(method, path, body) {
	const answer = await request(method, path, body);

	if (answer.status === 401)
		session.isOver();
	if (!answer.ok)
		throw await problemOf(answer);
	return answer.status === 204 ? null : answer.json();
}

const api = {
	get: (path) => ask("GET", path),
	post: (path, body) => ask("POST", path, body),
	put: (path, body) => ask("PUT", path, body),
	remove: (path) => ask("DELETE", path),
};

/* Several answers at once; what cannot be had is null, and why is told: one part that fails takes no other along. */
async function askAll(paths) {
	const answers = await Promise.allSettled(paths.map(api.get)), failed = answers.find((one) => one.status === "rejected" && one.reason.status !== 401);

	if (failed)
		tell(failed.reason);
	return answers.map((one) => (one.status === "fulfilled" ? one.value : null));
}

/* Parts of a path and of a query, whatever they hold. */
function pathOf(...parts) {
	return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

function queryOf(values) {
	const text = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "")).toString();

	return text ? `?${text}` : "";
}
