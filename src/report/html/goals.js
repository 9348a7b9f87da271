/* Goals: target, actual, and how far the one is from the other. */

const GOAL_STATES = {
	pass: ["good", "holds"],
	stretch: ["warn", "holds, its stretch goal does not"],
	fail: ["bad", "missed"],
	na: ["mute", "n/a"],
};

/* "9.7× faster": by how much the actual value is better than the target, in words that fit what is counted. */
function factorOf(goal, slo) {
	const isUpper = goal.op === "<" || goal.op === "<=", better = slo.factor;

	if (!isKnown(better))
		return slo.value === 0 && isUpper ? "none at all" : NA;
	const factor = better >= 1 ? better : 1 / better;
	const words = {
		ns: ["faster", "slower"],
		per_s: ["more", "less"],
	}[goal.unit] || (isUpper ? ["below it", "above it"] : ["above it", "below it"]);

	return factor < 1.005 ? "just so" : `${digits(factor)}× ${words[better >= 1 ? 0 : 1]}`;
}

function targetOf(goal) {
	if (goal.op === "in")
		return `${figureIn(goal.unit, goal.value)} to ${figureIn(goal.unit, goal.value_to)}`;
	return `${{"<=": "≤", ">=": "≥"}[goal.op] || goal.op} ${figureIn(goal.unit, goal.value)}${isKnown(goal.stretch) ? ` (${figureIn(goal.unit, goal.stretch)})` : ""}`;
}

/* Passes, but within a tenth of its limit: what green would hide. */
function isNear(goal, value) {
	const isUpper = goal.op === "<" || goal.op === "<=";

	return goal.op !== "in" && isKnown(value) && goal.value > 0 && (isUpper ? value > goal.value * 0.9 : value < goal.value * 1.1);
}

function goalRow(slo, goal) {
	let [tone, word] = GOAL_STATES[slo.status];

	if (slo.status === "pass" && isNear(goal, slo.value))
		[tone, word] = ["warn", "holds, within a tenth of its limit"];
	if (slo.status === "pass" && slo.ci_inside === false)
		[tone, word] = ["warn", "holds, not for sure"];
	if (slo.status === "na")
		word = "n/a: too little was measured to tell";
	const actual = slo.above_timeout ? "above the timeout" : figureIn(goal.unit, slo.value);
	const interval = slo.ci && slo.ci.every(isKnown) ? ` (95%: ${figureIn(goal.unit, slo.ci[0])} to ${figureIn(goal.unit, slo.ci[1])})` : "";

	return [h("code", {}, slo.expr), targetOf(goal), actual + interval, slo.above_timeout ? NA : factorOf(goal, slo), chip(tone, word)];
}

function gradeOf() {
	const {grade, goals_met: met, goals_judged: judged} = run.result.verdict;

	return grade ? h("span", {class: "exit"}, `${grade}: ${met} of ${judged} ${judged === 1 ? "goal" : "goals"} met`) : null;
}

/* What to do next, each with the figures that say so. */
function adviceSection() {
	const {recommendations = []} = run.result;

	return recommendations.length === 0 ? null : section("advice", "Advice", h("div", {class: "card"}, h("ul", {class: "evidence"},
		recommendations.map((one) => h("li", {}, h("b", {}, one.text), note(one.evidence))))));
}

function alertRow(alert) {
	return [alert.name, h("code", {}, alert.when), alert.for_s > 0 ? figureSeconds(alert.for_s) : "–",
		alert.fired ? chip("bad", `fired ${alert.fired === 1 ? "once" : `${alert.fired} times`}`) : chip("good", "never fired"),
		alert.fired ? `${figureSeconds(alert.first_s)} to ${figureSeconds(alert.last_s)}` : "–", alert.fired ? figureSeconds(alert.held_s) : "–"];
}

function alertsSection() {
	const {alerts = []} = run.result;

	return alerts.length === 0 ? null : section("alerts", "Alerts", table("Alerts", ["alert|", "when|", "for", "it|", "first to last", "held in all"], alerts.map(alertRow)));
}

function goalsSection() {
	const {slo, breaking_point: point} = run.result;

	if (slo.length === 0)
		return section("slo", "Objectives", missing("the profile sets none."));
	return section("slo", "Objectives",
		point && isKnown(point.max_sustainable_per_s) ? note(`As they stood at ${figureLoad(point.max_sustainable_per_s, point.unit === "users")}, the highest load that held them.`) : null,
		table("Objectives", ["objective|", "target (stretch)", "actual", "factor", "status|"], slo.map((one, i) => goalRow(one, run.goals[i]))));
}
