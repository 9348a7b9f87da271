"""numpy and scipy reckon from every single request what judge/ says of two arms: values, intervals, p."""

import math
import os
import subprocess

import pytest

numpy = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

SEEDS = (1, 2, 3)
ALPHA = 0.05


def play(seed, runs_a, runs_b):
    """arm → run → second → latencies, None for a failure; and judge's rows"""
    text = subprocess.run(
        [os.environ["WRITE_ARMS"], str(seed), str(runs_a), str(runs_b)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    arms, rows = {"a": {}, "b": {}}, {}
    for line in text.splitlines():
        kind, *rest = line.split()
        if kind == "request":
            arm, run, second, latency = rest
            seconds = arms[arm].setdefault(int(run), {})
            seconds.setdefault(int(second), []).append(math.inf if latency == "failed" else float(latency))
        else:
            name, *figures = rest
            rows[name] = dict(zip(("baseline", "current", "low", "high", "rel_low", "rel_high", "p"), map(float, figures)))
    return {arm: [[numpy.array(s) for s in run.values()] for run in runs.values()] for arm, runs in arms.items()}, rows


def rank(values, q):
    """The smallest value that q of them do not exceed, failures above all."""
    ordered = numpy.sort(values)
    return ordered[math.ceil(q * len(ordered) - 1e-9) - 1]


STATISTICS = {
    "response.mean": lambda all_of: all_of[numpy.isfinite(all_of)].mean(),
    "response.p50": lambda all_of: rank(all_of, 0.5),
    "response.p95": lambda all_of: rank(all_of, 0.95),
    "error_rate": lambda all_of: numpy.isinf(all_of).mean(),
}


def value(name, runs):
    return STATISTICS[name](numpy.concatenate([second for run in runs for second in run]))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", STATISTICS)
def test_values_are_those_of_the_requests(seed, name):
    arms, rows = play(seed, 2, 3)
    for arm, key in (("a", "baseline"), ("b", "current")):
        assert rows[name][key] == pytest.approx(value(name, arms[arm]), rel=0.001)  # three digits of HDR


def lag1(blocks, of_block):
    """Of neighbours, corrected for its bias (Kendall 1954)."""
    e = numpy.array([of_block(b) for b in blocks])
    e = e - e.mean()
    n = len(e)
    return ((e[1:] * e[:-1]).sum() / (e * e).sum() + 1 / n) / (1 - 4 / n)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", STATISTICS)
def test_one_run_each_is_scipys_bootstrap_of_blocks_widened(seed, name):
    arms, rows = play(seed, 1, 1)
    statistic = STATISTICS[name]
    blocks = {arm: runs[0] for arm, runs in arms.items()}
    assert all(len(b) == 20 for b in blocks.values())

    def difference(i, k):
        return statistic(numpy.concatenate([blocks["b"][int(j)] for j in k])) - statistic(
            numpy.concatenate([blocks["a"][int(j)] for j in i])
        )

    index = numpy.arange(20)
    plain = stats.bootstrap(
        (index, index), difference, n_resamples=2000, vectorized=False, method="percentile", random_state=seed
    ).confidence_interval
    at = {arm: value(name, arms[arm]) for arm in arms}
    if name in ("response.mean", "error_rate"):
        of_block = {arm: statistic for arm in arms}
    else:
        of_block = {arm: lambda b, arm=arm: (b <= at[arm]).mean() for arm in arms}
    alike = min(max(numpy.mean([lag1(blocks[arm], of_block[arm]) for arm in arms]), 0), 0.9)
    n = 20 * (1 - alike) / (1 + alike)
    widen = math.sqrt(20 / (n - 1)) * stats.t.ppf(1 - ALPHA / 2, 2 * (n - 1)) / stats.norm.ppf(1 - ALPHA / 2)
    delta = at["b"] - at["a"]
    width = plain.high - plain.low
    # Two bootstraps differ by chance, and degrees of freedom lie between one arm's and both.
    assert rows[name]["low"] == pytest.approx(delta + widen * (plain.low - delta), abs=0.12 * width)
    assert rows[name]["high"] == pytest.approx(delta + widen * (plain.high - delta), abs=0.12 * width)


@pytest.mark.parametrize("seed", SEEDS)
def test_several_runs_are_welchs_t_of_their_means(seed):
    arms, rows = play(seed, 5, 4)
    means = {arm: [STATISTICS["response.mean"](numpy.concatenate(run)) for run in runs] for arm, runs in arms.items()}
    a, b = means["a"], means["b"]
    delta = numpy.mean(b) - numpy.mean(a)
    va, vb = numpy.var(a, ddof=1) / len(a), numpy.var(b, ddof=1) / len(b)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = stats.t.ppf(1 - ALPHA / 2, df) * math.sqrt(va + vb)
    row = rows["response.mean"]
    assert row["low"] == pytest.approx(delta - half, abs=0.12 * half)
    assert row["high"] == pytest.approx(delta + half, abs=0.12 * half)
    assert row["p"] == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=0.3, abs=0.01)
