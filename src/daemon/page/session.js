/* Who looks at the page, and what he may. The token is said once; what is kept of it is a cookie that scripts cannot read. */

const ROLES = ["view", "run", "admin"];

const session = {
	name: null,
	role: null,
	wasOver: false, /* whoever logs in was here before, and did not log out */

	may(role) {
		return session.role !== null && ROLES.indexOf(session.role) >= ROLES.indexOf(role);
	},

	is(who) {
		session.name = who ? who.name : null;
		session.role = who ? who.role : null;
	},

	/* Whatever was asked was answered 401: there is nobody any more. */
	isOver() {
		if (session.role === null)
			return;
		session.is(null);
		session.wasOver = true;
		places.logIn();
	},

	async begin() {
		const answer = await request("GET", "/session");

		if (answer.status === 401)
			session.is(null);
		else if (!answer.ok)
			throw await problemOf(answer);
		else
			session.is(await answer.json());
		return session.role !== null;
	},

	async logIn(token) {
		const answer = await request("POST", "/session", {token});

		if (!answer.ok)
			throw await problemOf(answer);
		session.is(await answer.json());
		session.wasOver = false;
	},

	async logOut() {
		await request("DELETE", "/session");
		session.is(null);
		session.wasOver = false;
		places.logIn();
	},
};

const loginView = {
	title: "Log in",

	show(view) {
		const token = h("input", {id: "token", type: "password", autocomplete: "current-password", spellcheck: "false", required: true, maxlength: "512"});
		const wrong = h("p", {class: "problem", role: "alert"});
		const button = h("button", {class: "main", type: "submit"}, "Log in");

		async function send(event) {
			event.preventDefault();
			wrong.textContent = "";
			button.disabled = true;
			try {
				await session.logIn(token.value.trim());
				token.value = "";
				await dashboard.enter();
			} catch (problem) {
				wrong.textContent = clean(problem.status === 401 ? "That token is not known here." : problem.message);
				token.focus();
				token.select();
			} finally {
				button.disabled = false;
			}
		}
		view.fill(h("form", {class: "card login", submit: send},
			h("h1", {}, "brunt"),
			session.wasOver ? h("p", {}, "Your session is over. Log in again to come back to where you were.") : null,
			h("label", {for: "token"}, "Token"), token, wrong, button,
			note("One of the daemon's token file. It is sent once; the page keeps nothing of it.")));
		token.focus();
	},
};
