"""A load that agents share over NATS, all on this machine: what a change must not break. scripts/cluster.sh does the rest."""
import json
import re
import signal
import subprocess

import hdrlog
import pytest

from machines import BRUNT, Wire, all_arrived, counts_of, identities_hold, merged, until


def test_two_agents_send_one_load_and_their_figures_add_up(house):
    agents = house.agents("w1", "w2")
    leader = house.lead("{steady: {rate: 200/s, for: 2s}}", 2)

    assert leader.wait() == 0, leader.process.said()
    result = leader.result()
    totals = result["totals"]
    assert totals["scheduled"] == totals["ok"] == 400 == house.target.count()
    identities_hold(totals)
    assert [(shard["name"], shard["sent"], shard["lost"]) for shard in result["shards"]] == [("w1", 200, False), ("w2", 200, False)]
    assert all(abs(shard["clock"]["offset_s"]) <= shard["clock"]["error_s"] < 0.1 for shard in result["shards"]), "it is the same clock"
    own = [agent.events() for agent in agents]
    for events in own:
        assert counts_of(events)["sent"] == 200
    for metric in ("response", "service", "lateness"):
        together = {}
        for events in own:
            for index, count in merged(events, metric).items():
                together[index] = together.get(index, 0) + count
        assert together == merged(leader.events(), metric) == hdrlog.counts_of_line(result["histograms"][metric]), metric
    assert house.nats.ask("/jsz")["streams"] == 2, "the run's own stream is dropped; the two buckets stay"


def test_an_agent_that_is_killed_is_named_and_the_other_goes_on(house):
    agents = house.agents("w1", "w2")
    leader = house.lead("{steady: {rate: 100/s, for: 5s}}", 2)
    leader.until_sending()
    agents[1].process.kill()

    assert leader.wait() == 3, leader.process.said()
    result = leader.result()
    identities_hold(result["totals"])
    assert "agent w2 (shard 2 of 2)" in result["verdict"]["reasons"][0]
    assert [shard["lost"] for shard in result["shards"]] == [False, True]
    assert " · w2 lost" in leader.process.said(), "the live view says so, too"
    assert counts_of(agents[0].events())["ok"] == 250, "the other's load is unharmed"


def test_too_few_agents_are_told_and_nothing_is_sent(house):
    house.agents("w1")
    leader = house.lead("{steady: {rate: 100/s, for: 1s}}", 2)

    assert leader.wait() == 3
    assert "2 agents are wanted, 1 answered" in leader.result()["verdict"]["reasons"][0]
    assert house.target.count() == 0


def test_an_agent_keeps_to_its_own_operators_word(house):
    house.agents("w1", flags=("--allow", "10.9.9.9"))
    leader = house.lead("{steady: {rate: 100/s, for: 1s}}", 1)
    assert leader.wait() == 3
    assert "agent w1" in leader.result()["verdict"]["reasons"][0]
    assert "allow" in leader.process.said()
    assert house.target.count() == 0


def test_an_agent_keeps_to_its_own_ceilings(house):
    house.agents("w1", "w2", flags=("--max-rate", "40/s"))
    leader = house.lead("{steady: {rate: 100/s, for: 1s}}", 2)
    assert leader.wait() == 3
    assert "ceiling" in leader.process.said()
    assert house.target.count() == 0


def test_an_agent_ends_a_load_that_lasts_longer_than_its_operators_ceiling(house):
    # levels that come out INVALID are sent again: 2 s by the profile, twice as long in truth
    agents = house.agents("w1", flags=("--max-duration", "2s"))
    leader = house.lead("{steps: {from: 20/s, to: 40/s, by: 20/s, every: 1s}}", 1,
                        flags=("--set", "generator.lateness_p99=1us", "--set", "generator.lateness_share=0%", "--set", "stop=max"))
    assert leader.wait() == 3, leader.process.said()
    reason = leader.result()["verdict"]["reasons"][0]
    assert "was stopped by its own agent: its load goes on beyond the operator's ceiling of 2.00s" in reason, reason
    identities_hold(leader.result()["totals"])
    assert all_arrived(counts_of(agents[0].events()), house.target.count())


def test_a_load_that_lasts_as_long_as_the_ceiling_is_let_be(house):
    house.agents("w1", flags=("--max-duration", "2s"))
    leader = house.lead("{steady: {rate: 50/s, for: 2s}}", 1)
    assert leader.wait() == 0, leader.process.said()
    assert house.target.count() == 100


@pytest.mark.parametrize("more, named", [("before: 'touch /tmp/never'\n", "before"), ("data: {users: {file: profile.yaml}}\n", "data.users.file")])
def test_profiles_that_read_or_run_anything_are_not_sent(house, more, named):
    house.agents("w1")
    leader = house.lead("{steady: {rate: 100/s, for: 1s}}", 1, more=more)
    assert leader.wait() == 2
    assert named in leader.process.said()
    assert house.target.count() == 0


def test_all_agents_are_stopped_at_once(house):
    house.agents("w1", "w2")
    leader = house.lead("{steady: {rate: 100/s, for: 30s}}", 2)
    leader.until_sending()
    assert subprocess.run([BRUNT, "stop", "--all", "--nats", house.nats.url], timeout=20, check=False).returncode == 0

    assert leader.wait() == 3, leader.process.said()
    result = leader.result()
    identities_hold(result["totals"])
    assert [(shard["lost"], shard["said"]) for shard in result["shards"]] == [(True, "was stopped: all agents were told to")] * 2
    assert all_arrived(result["totals"], house.target.count())


def test_an_agent_of_another_version_is_not_asked_and_is_named(house):
    wire = Wire(house.nats, "brunt.hello", "brunt.agent.old.*")
    leader = house.lead("{steady: {rate: 100/s, for: 1s}}", 1)
    _, reply, hello = wire.hear()
    wire.say(reply, {"agent": "old", "instance": "1", "brunt": "0.0.1", "cpus": 2, "busy": False})

    assert leader.wait() == 3
    assert {subject for subject, _, _ in wire.heard()} == {"brunt.hello"}, "it is called on, and told nothing"
    wire.close()
    reason = leader.result()["verdict"]["reasons"][0]
    assert "1 agents are wanted, 0 answered" in reason and "old is brunt 0.0.1" in reason, reason
    assert hello["brunt"] != "0.0.1"
    assert house.target.count() == 0


def test_a_leader_of_another_version_is_refused_by_the_agent_itself(house):
    house.agents("w1")
    wire = Wire(house.nats, "brunt.run.R.leader.answer")
    wire.say("brunt.agent.w1.ask", {"run": "R", "shard": 0, "shards": 1, "hash": "0", "brunt": "0.0.1", "settings": []})
    _, _, answer = wire.hear()
    wire.close()

    assert answer["taken"] is False
    assert re.fullmatch(r"it is brunt \S+, and who leads is 0\.0\.1", answer["why"]), answer


def test_one_run_at_a_time_has_the_agents(house):
    house.agents("w1")
    first = house.lead("{steady: {rate: 50/s, for: 3s}}", 1)
    first.until_sending()
    second = house.lead("{steady: {rate: 50/s, for: 3s}}", 1, name="second")

    assert second.wait() == 3
    reason = second.result()["verdict"]["reasons"][0]
    assert "another run has the agents" in reason and f"led by pid {first.process.child.pid} on" in reason
    assert first.wait() == 0, first.process.said()
    assert house.target.count() == 150, "nothing of the second was sent"


def test_who_comes_after_a_leader_that_died_is_told_how_what_was_said_is_brought_out(house):
    agents = house.agents("w1")
    first = house.lead("{steady: {rate: 50/s, for: 60s}}", 1)
    first.until_sending()
    run = re.search(r"run (\S+): shard 1 of 1", first.process.said()).group(1)
    way = f"'brunt merge --nats {house.nats.url} {run}'"
    first.process.kill()

    second = house.lead("{steady: {rate: 50/s, for: 1s}}", 1, name="second")
    assert second.wait() == 3
    assert f"{way} then brings out what they said" in second.process.said()
    assert f"another run has the agents: {run}, led by pid {first.process.child.pid}" in second.result()["verdict"]["reasons"][0]
    assert " s ago" in second.result()["verdict"]["reasons"][0]

    until(lambda: house.nats.count_of("KV_brunt_lock") == 0, "the lock of a leader that is gone ends by itself", 30)
    until(lambda: "heard nothing of the leader for 10 s" in agents[0].process.said(), "so does the load")
    third = house.lead("{steady: {rate: 50/s, for: 1s}}", 2, name="third")  # more than there are
    assert third.wait() == 3
    assert f"run {run}, led by pid {first.process.child.pid}" in third.process.said() and "was left by its leader" in third.process.said()
    assert way in third.process.said()

    merged_run = house.folder / "after" / "result.json"
    merge = subprocess.run([BRUNT, "merge", "--nats", house.nats.url, run, "--out", house.folder / "after", "--quiet"], cwd=house.folder,
                           capture_output=True, text=True, check=False)
    assert merge.returncode == 3, merge.stderr
    fourth = house.lead("{steady: {rate: 50/s, for: 1s}}", 1, name="fourth")
    assert fourth.wait() == 0, "the agent is free"
    assert "was left by its leader" not in fourth.process.said(), "the third ended as it should"
    assert all_arrived(json.loads(merged_run.read_text())["totals"], house.target.count() - 50)


def test_ctrl_c_ends_the_load_everywhere_and_what_was_sent_is_told(house):
    agents = house.agents("w1", "w2")
    leader = house.lead("{steady: {rate: 100/s, for: 30s}}", 2)
    leader.until_sending()
    leader.process.signal(signal.SIGINT)

    assert leader.wait() == 130, leader.process.said()
    totals = leader.result()["totals"]
    identities_hold(totals)
    assert all_arrived(totals, house.target.count())
    assert all(agent.process.child.poll() is None for agent in agents), "they wait for the next run"
