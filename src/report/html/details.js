/* Figures for those who want to know: latencies, errors in words, tokens, what was done beside the load, what was sent
 * with, and where. */

const PARTS = {
	response: "response", lateness: "lateness (ours)", queue: "queue", service: "service", connect: "connect", tls_handshake: "TLS handshake", first_byte: "first byte",
	ttft: "TTFT", ttft_service: "TTFT, of service", first_content: "TTFT, of the answer", first_event: "first event", itl: "ITL", tpot: "TPOT",
	token_time: "time per token", failed: "failures",
};

const QUANTILES = ["p50", "p90", "p95", "p99", "p999"];

function latencyTable() {
	const latency = run.result.latency_ns;
	const rows = Object.entries(PARTS).filter(([name]) => latency[name] && latency[name].count > 0);

	if (rows.length === 0)
		return missing("no request was answered.");
	return table("Latency", ["|", "n", "mean", "min", "P50", "P90", "P95", "P99", "P99.9", "max"], rows.map(([name, words]) => {
		const of = latency[name];

		return [words, figureCount(of.count), figureTime(of.mean), figureTime(of.min), ...QUANTILES.map((q) => figureTime(of[q])), figureTime(of.max)];
	}));
}

function requestTable() {
	const requests = Object.entries(run.result.requests);

	return requests.length < 2 ? null : [h("h3", {}, "By request"), table("By request",
		["request|", "due", "ok", "errors", "P50", "P95", "P99", "max"], requests.map(([name, of]) => [
			name, figureCount(of.totals.scheduled), figureCount(of.totals.ok), figureRatio(of.totals.error_rate),
			...["p50", "p95", "p99", "max"].map((q) => figureTime(of.latency_ns.response[q]))]))];
}

function latencySection() {
	return section("figures", "Latency in figures", isSeveral() ? missing("of several runs together: each has its own, above, and more of them on its own page.")
		: [note("response = lateness (ours) + queue + service, from the moment each request was due; percentiles of successes."), latencyTable(), requestTable()]);
}

/* Whatever did not end well, in words, the most frequent first. */
function failuresSection() {
	const {totals} = run.result;
	const all = Object.entries({...totals.failures, ...totals.unsent_reasons, ...totals.dropped_reasons}).sort((a, b) => b[1] - a[1]);
	const rows = all.map(([name, n]) => {
		const known = run.failures[name] || {};

		const said = (run.result.failure_words || {})[name];

		return [figureCount(n), figureRatio(totals.scheduled ? n / totals.scheduled : null), h("code", {}, name), (known.sentence || "") + (said ? ` (“${said}”)` : ""),
			chip({target: "bad", generator: "warn"}[known.blames] || "mute", known.blames || "nobody")];
	});

	if (totals.unfinished > 0)
		rows.push([figureCount(totals.unfinished), figureRatio(totals.unfinished / totals.scheduled), h("code", {}, "unfinished"), "was still under way when the run ended", chip("mute", "nobody")]);
	const statuses = Object.entries(totals.status);

	return section("errors", "Errors",
		rows.length ? table("Errors", ["requests", "share", "class|", "what happened|", "blames|"], rows) : note("None: everything that was due ended well."),
		facts(["Accounts", `${figureCount(totals.scheduled)} due = ${figureCount(totals.sent)} sent + ${figureCount(totals.dropped)} dropped + ${figureCount(totals.unsent)} unsent; `
			+ `sent = ${figureCount(totals.ok)} ok + ${figureCount(totals.failed)} failed + ${figureCount(totals.unfinished)} unfinished`],
		["Status codes", statuses.length ? statuses.map(([code, n]) => `${code} × ${figureCount(n)}`).join(" · ") : "n/a, nothing was answered"],
		["Connections", `${figureCount(totals.connects)} tried, ${figureCount(totals.connects_failed)} failed`],
		...tlsFact()));
}

/* Who the target was is as certain as its certificate. */
function tlsFact() {
	const {tls} = run.result;

	return !tls ? [] : [["TLS", `handshakes: ${figureCount(tls.full)} in full, ${figureCount(tls.resumed)} resumed${tls.spoken ? `; ${tls.spoken}` : ""}`
		+ (tls.verified ? "" : "; the target's certificate was not verified (tls.verify: false)")]];
}

const TOKEN_BASIS = {usage: "by the server", chunk_usage: "by the server, with every event", chunks: "by events with text: a lower bound", mixed: "in several ways"};

function tokensSection() {
	const {tokens} = run.result;

	if (!tokens)
		return null;
	return section("tokens", "Generated answers", facts(
		["Tokens", `${figureCount(tokens.completion)} in ${figureCount(tokens.answers)} answers, counted ${TOKEN_BASIS[tokens.basis] || NA}`],
		["Rate", isKnown(tokens.per_s) ? `${figureRate(tokens.per_s)} over the measured time` : NA],
		["Prompts", isKnown(tokens.prompt) ? `${figureCount(tokens.prompt)} tokens, ${figureCount(tokens.cached)} of them cached` : "n/a, the server does not count them"],
		["Cache hits", isKnown(tokens.cache_hit_rate) ? `${figureRatio(tokens.cache_hit_rate)} of the prompts` : null],
		["Per answer", tokens.completion_per_request ? `${figureCount(tokens.completion_per_request.p50)} tokens at P50, ${figureCount(tokens.completion_per_request.p95)} at P95` : null],
		["Events", `${figureCount(tokens.chunks)} brought tokens, ${figureCount(tokens.coalesced)} of them in the same read as the one before`],
		["Ended by", Object.entries(tokens.finish).map(([name, n]) => `${name} × ${figureCount(n)}`).join(" · ") || NA]));
}

function courseSection() {
	const {actions = [], probes = [], lifecycle} = run.result, words = {recovered: "good", not_needed: "good", did_not_recover: "bad"};
	const hook = (name, record) => (record ? [name, `${figureSeconds(record.took_s)}${record.failed ? `, failed: ${record.text}` : ""}`] : null);

	if (actions.length + probes.length === 0 && !lifecycle)
		return null;
	return section("course", "Around the load",
		lifecycle ? facts(hook("Before", lifecycle.before), lifecycle.ready ? ["Ready", isKnown(lifecycle.ready.after_s) ? `after ${figureSeconds(lifecycle.ready.after_s)}` : "it never was"] : null,
			hook("Beside", lifecycle.beside), hook("After", lifecycle.after)) : null,
		actions.length ? table("Timed actions", ["action|", "asked for", "began", "state|", "recovery|"], actions.map((action) => [
			action.name, figureSeconds(action.at_s), figureSeconds(action.started_s), [action.state.replaceAll("_", " "), action.text ? `: ${action.text}` : null],
			chip(words[action.recovery] || "mute", `${action.recovery.replaceAll("_", " ")}${isKnown(action.recovered_after_s) ? ` after ${figureSeconds(action.recovered_after_s)}` : ""}`)])) : null,
		probes.map((probe) => [h("h3", {}, `Probe ${clean(probe.name)}`), note(`${figureCount(probe.polls)} polls, ${figureCount(probe.changes_n)} changes`),
			table(`Probe ${probe.name}`, ["from", "it said|"], probe.said.map((one) => [figureSeconds(one.at_s), one.said]))]));
}

const GAUGES = {cpu: "ratio", cpu_thread: "ratio", throttled: "ratio", cpu_pressure: "ratio", cpu_stalled: "ratio", memory_pressure: "ratio",
	memory_stalled: "ratio", io_pressure: "ratio", io_stalled: "ratio", run_wait: "ratio", stolen: "ratio", gpu: "ratio", tcp_retransmitted: "ratio"};

function gaugeUnit(name) {
	return name.endsWith("_bytes") ? "bytes" : name.endsWith("_ns") ? "ns" : GAUGES[name] || "count";
}

/* The target's and brunt's own, side by side. */
function gaugeTable() {
	const {target = {}, target_idle: idle = {}, generator = {}} = run.result.resources;
	const names = [...new Set([target, idle, generator].flatMap(Object.keys))];
	const figure = (of, name, which) => (of[name] ? figureIn(gaugeUnit(name), of[name][which]) : "–");

	return names.length === 0 ? null : table("Resources", ["|", "target idle", "target average", "target peak", "brunt average", "brunt peak"], names.map((name) => [
		name.replace(/_(bytes|ns)$/, "").replaceAll("_", " "), figure(idle, name, "avg"), figure(target, name, "avg"), figure(target, name, "peak"),
		figure(generator, name, "avg"), figure(generator, name, "peak")]));
}

/* The processes that shared the load, side by side. */
function shardsSection() {
	const {shards} = run.result;
	const skew = (s) => (isKnown(s) ? `${s < 0 ? "−" : "+"}${figureTime(Math.abs(s) * 1e9)}` : NA);

	const isLed = shards && shards.some((shard) => isKnown(shard.clock?.offset_s)); // by a leader who compared their clocks with its own

	return !shards ? null : section("shards", "Shards", table("Shards",
		[isLed ? "agent" : "shard", "sent", "ok", "failed", "unsent", "achieved", "lateness P99", "CPU", isLed ? "clock" : "began", "|"], shards.map((shard) => [
			shard.name || figureCount(shard.index), figureCount(shard.sent), figureCount(shard.ok), figureCount(shard.failed), figureCount(shard.unsent),
			isKnown(shard.achieved_per_s) ? figureRate(shard.achieved_per_s) : NA, figureTime(shard.lateness_p99_ns), figureRatio(shard.cpu.avg),
			skew(isLed ? shard.clock?.offset_s : shard.skew_s),
			shard.lost ? chip("bad", shard.said || "lost") : shard.said || ""])));
}

function generatorSection() {
	if (isSeveral())
		return section("generator", "Generator and resources", missing("of several runs together: each run's own page tells them."));
	const {generator, resources, latency_ns: latency, scraped} = run.result, energy = resources.energy;

	return section("generator", "Generator and resources",
		h("p", {}, generator.limited ? chip("warn", "the generator was the limit") : chip("good", "the generator kept up")),
		generator.reasons.length ? h("ul", {}, generator.reasons.map((reason) => h("li", {}, reason))) : null,
		facts(["Lateness", latency.lateness ? `P50 ${figureTime(latency.lateness.p50)} · P99 ${figureTime(latency.lateness.p99)} · max ${figureTime(latency.lateness.max)}` : NA],
			["Loop gap", isKnown(generator.loop_gap_max_ns) ? `${figureTime(generator.loop_gap_max_ns)} at the longest` : NA],
			["Own CPU", isKnown(generator.cpu) ? `${figureRatio(generator.cpu)} on average, ${figureRatio(generator.cpu_peak)} at the peak` : NA],
			["Pacing", generator.pacing || NA], ["Workers", isKnown(generator.workers) ? figureCount(generator.workers) : NA],
			["Limits", isKnown(generator.fds_peak) ? `${figureCount(generator.fds_peak)} of ${figureCount(generator.fds_limit)} descriptors, ${figureCount(generator.ports_peak)} of ${figureCount(generator.ports_limit)} ports` : NA],
			["Energy", energy && isKnown(energy.joules) ? `${digits(energy.joules)} J${isKnown(energy.joules_per_request) ? `, ${digits(energy.joules_per_request)} J per request` : ""}${isKnown(energy.joules_per_token) ? `, ${digits(energy.joules_per_token)} J per token` : ""}${energy.idle_subtracted ? ", idle subtracted" : ""}` : "n/a, the machine does not say what it draws"]),
		Object.keys(resources.target || {}).length ? null : missing("of the target's resources: nobody was told whom to watch, or it could not be read."),
		gaugeTable(),
		scraped ? [h("h3", {}, "Scraped"), table("Scraped", ["figure|", "readings", "min", "mean", "max", "last"], Object.entries(scraped).map(([name, of]) => [
			[name, of.missing ? h("small", {}, ` ${of.missing}`) : null], figureCount(of.readings), ...["min", "mean", "max", "last"].map((which) => (isKnown(of[which]) ? digits(of[which]) : NA))]))] : null);
}

function togetherSection() {
	const {curve, sustained, spike} = run.result, drift = (name, of, unit) => (of ? [name, figureIn(unit, of.first), figureIn(unit, of.last),
		figureRatio(of.change), of.is_trend ? chip("warn", of.course || "trend") : chip("good", of.course || "steady")] : null);

	if (!curve && !sustained && !spike)
		return null;
	const rows = sustained ? [drift("P50", sustained.p50_ns, "ns"), drift("P95", sustained.p95_ns, "ns"), drift("P99", sustained.p99_ns, "ns"),
		drift("achieved", sustained.achieved_per_s, "per_s"), drift("memory", sustained.memory_bytes, "bytes")].filter(Boolean) : [];

	return section("together", "What it comes to",
		curve ? facts(
			["Knee", curve.knee ? `${figureLoad(curve.knee.load, curve.knee.unit === "users")}, P95 ${figureTime(curve.knee.p95_ns)} (${curve.knee.method})` : `n/a, ${curve.no_knee}`],
			["Scalability", curve.usl ? `${figureRate(curve.usl.lambda_per_s)} alone, contention σ ${digits(curve.usl.sigma)}, coherence κ ${digits(curve.usl.kappa)}${isKnown(curve.usl.peak_per_s) ? `, at most ${figureRate(curve.usl.peak_per_s)}` : ""}` : `n/a, ${curve.no_usl}`],
			["Memory", curve.memory ? `${figureBytes(curve.memory.per_load_bytes)} ${curve.memory.unit === "users" ? "per user" : "per request per second"}, from ${figureBytes(curve.memory.idle_bytes)}` : `n/a, ${curve.no_memory}`],
			["Little's law", curve.little.off ? chip("bad", `in flight is not rate × time at ${curve.little.off} levels: an error of brunt's own`) : `holds at all ${curve.little.checked} levels that it can be checked at`]) : null,
		rows.length ? [note(sustained.method), table("Over time", ["figure|", "first", "last", "change", "|"], rows)] : null,
		spike ? facts(["Spike", `P95 ${figureTime(spike.base_p95_ns)} before, ${figureTime(spike.worst_p95_ns)} at worst${isKnown(spike.overshoot) ? ` (${digits(spike.overshoot)}×)` : ""}; ${spike.recovered === null ? "n/a when it was back to normal: too few rows to tell" : spike.recovered ? `back to normal ${figureSeconds(spike.slowest_recovery_s)} after it ended, at the slowest` : "not back to normal before the load went on"}`]) : null);
}

function profileSection() {
	return section("profile", "Effective profile", note(`As it was run, secrets as references. Hash ${run.profile_hash || NA}.`),
		run.profile_yaml.length ? folded("Show the profile", () => h("pre", {tabindex: "0"}, run.profile_yaml.map((line) => [h("span", {}, line || ""), document.createTextNode("\n")]))) : missing("it was not kept."));
}

function systemSection() {
	const {system, brunt, id, target} = run.result;

	return section("system", "Made on", facts(
		["Host", system.hostname || NA], ["CPU", system.cpu_model ? `${system.cpu_model}, ${figureCount(system.cores)} cores${system.governor ? `, ${system.governor}` : ""}` : NA],
		["Memory", figureBytes(system.memory_bytes)], ["Kernel", [system.kernel, system.architecture].filter(Boolean).join(", ") || NA],
		["Target", target.address || NA], ["Run", id || NA], ["brunt", `${brunt.version}, ${system.compiler || NA}`],
		["Libraries", Object.entries(system.libraries).map(([name, version]) => `${name} ${version || NA}`).join(" · ")]));
}
