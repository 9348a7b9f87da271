/* Server-sent events (WHATWG HTML §9.2), read by fetch: EventSource tells nobody that it was answered 401, and does not notice a
 * link that has gone silent. A stream that breaks is taken up again behind the last event that arrived (Last-Event-ID), later and
 * later; while nobody looks at the page it is closed, since a browser has few connections for all its tabs. */

const STREAM_SILENCE_MS = 45000; /* the daemon says something, if only a comment, every 15 s */
const STREAM_WAITS_MS = [500, 1000, 2000, 5000, 10000, 15000];
const STREAM_LINE_MAX = 1 << 20; /* characters; more is not an event of ours */

/* Text in pieces → events {id, event, data}. */
class EventParser {
	constructor() {
		this.rest = "";
		this.endsInReturn = false;
		this.reset();
	}

	reset() {
		this.event = "message";
		this.data = [];
	}

	feed(text) {
		const events = [];

		if (this.endsInReturn && text.startsWith("\n"))
			text = text.slice(1);
		this.endsInReturn = text.endsWith("\r");
		const lines = (this.rest + text).split(/\r\n|\n|\r/);

		this.rest = lines.pop();
		if (this.rest.length > STREAM_LINE_MAX)
			throw new Error("a line of the stream is too long");
		for (const line of lines)
			this.take(line, events);
		return events;
	}

	take(line, events) {
		if (line === "") {
			if (this.data.length > 0)
				events.push({id: this.id, event: this.event, data: this.data.join("\n")});
			this.reset();
			return;
		}
		const colon = line.indexOf(":"), name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");

		if (name === "event")
			this.event = value;
		else if (name === "data")
			this.data.push(value);
		else if (name === "id" && !value.includes("\0"))
			this.id = value;
	}
}

/* on.event(name, data, id) for each event, its data read as JSON; on.state("open"|"lost"|"closed", why) whenever that changes. */
class Stream {
	constructor(path, on) {
		this.path = path;
		this.on = on;
		this.lastId = null;
		this.failures = 0;
		this.isClosed = false;
		this.onVisibility = () => (document.hidden ? this.rest() : this.go());
		document.addEventListener("visibilitychange", this.onVisibility);
		if (!document.hidden)
			this.go();
	}

	close() {
		this.isClosed = true;
		document.removeEventListener("visibilitychange", this.onVisibility);
		this.rest();
	}

	/* Nothing is asked any more until it is told to go. */
	rest() {
		clearTimeout(this.timer);
		clearTimeout(this.silence);
		this.timer = null;
		if (this.request)
			this.request.abort();
		this.request = null;
	}

	listenFor(request) {
		clearTimeout(this.silence);
		this.silence = setTimeout(() => request.abort(), STREAM_SILENCE_MS);
	}

	later(why) {
		if (this.isClosed || document.hidden)
			return;
		const wait = STREAM_WAITS_MS[Math.min(this.failures, STREAM_WAITS_MS.length - 1)];

		this.failures++;
		this.on.state("lost", why);
		this.timer = setTimeout(() => this.go(), wait * (0.75 + Math.random() / 2));
	}

	end(why) {
		if (!this.isClosed) {
			this.close();
			this.on.state("closed", why);
		}
	}

	async go() {
		if (this.isClosed || this.request)
			return;
		const request = this.request = new AbortController();
		let why = "the connection ended";

		clearTimeout(this.timer);
		try {
			await this.read(request);
		} catch (error) {
			why = request.signal.aborted ? "nothing was heard" : error.message;
		}
		if (this.request !== request)
			return; /* it was told to rest */
		clearTimeout(this.silence);
		this.request = null;
		this.later(why);
	}

	async read(request) {
		const headers = {Accept: "text/event-stream"};

		if (this.lastId !== null)
			headers["Last-Event-ID"] = this.lastId;
		this.listenFor(request);
		const answer = await fetch(API + this.path, {headers, signal: request.signal, cache: "no-store", credentials: "same-origin"});

		if (answer.status === 401)
			session.isOver();
		if (answer.status === 204 || (answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429))
			return this.end(answer.status === 204 ? null : `it was refused (${answer.status})`);
		if (!answer.ok || !(answer.headers.get("Content-Type") || "").startsWith("text/event-stream"))
			throw new Error(`the daemon answered ${answer.status}`);
		this.on.state("open", null);
		return this.follow(request, answer.body.pipeThrough(new TextDecoderStream()).getReader());
	}

	async follow(request, reader) {
		const parser = new EventParser();

		for (;;) {
			const {done, value} = await reader.read();

			if (done || this.request !== request)
				return;
			this.listenFor(request);
			for (const one of parser.feed(value)) {
				this.failures = 0;
				if (one.id !== undefined)
					this.lastId = one.id;
				this.on.event(one.event, JSON.parse(one.data), one.id);
				if (this.request !== request)
					return;
			}
		}
	}
}
