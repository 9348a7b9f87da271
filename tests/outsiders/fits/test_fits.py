"""numpy and scipy reckon from the same points what judge/ says of trends, of load curves and of lines."""

import math
import os
import subprocess

import pytest

numpy = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")
optimize = pytest.importorskip("scipy.optimize")

SEEDS = range(6)


def fit(what, x, y):
    points = "".join(f"{a!r} {b!r}\n" for a, b in zip(map(float, x), map(float, y)))
    said = subprocess.run([os.environ["FITS"], what], input=points, check=True, capture_output=True, text=True, timeout=60).stdout
    return {name: float(value) for name, value in (line.split() for line in said.splitlines())}


def series(seed, n=60, memory=0.5, slope=0.01):
    """A trend under noise that remembers; rounded, so that some values are equal."""
    random = numpy.random.default_rng(seed)
    noise = numpy.zeros(n)
    for i in range(n):
        noise[i] = (memory * noise[i - 1] if i else 0) + random.standard_normal()
    x = numpy.cumsum(random.uniform(0.9, 1.1, n))
    return x, numpy.round(100 + slope * x + noise, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_slope_is_scipys_theil_sen(seed):
    x, y = series(seed)
    ours, theirs = fit("trend", x, y), stats.theilslopes(y, x)
    assert ours["slope"] == pytest.approx(theirs[0], rel=1e-12)
    assert ours["intercept"] == pytest.approx(numpy.median(y - theirs[0] * x), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_count_is_scipys_kendall(seed):
    x, y = series(seed)
    n = len(x)
    ours = fit("trend", x, y)
    groups = numpy.unique(y, return_counts=True)[1].astype(float)
    assert groups.max() > 1
    # tau-b = S / sqrt(pairs (pairs - ties))
    pairs = n * (n - 1) / 2
    tau = stats.kendalltau(x, y)
    assert ours["rising"] == pytest.approx(tau.statistic * math.sqrt(pairs * (pairs - (groups * (groups - 1) / 2).sum())), abs=1e-6)
    assert ours["variance"] == pytest.approx((n * (n - 1) * (2 * n + 5) - (groups * (groups - 1) * (2 * groups + 5)).sum()) / 18, rel=1e-12)


def widened(x, y, slope):
    """Ranks of what the line leaves over, their lag-1 correlation as a normal one without its bias, Hamed and Rao's sum."""
    n = len(x)
    ranks = stats.rankdata(y - slope * x)
    ranks -= ranks.mean()
    rho = (ranks[1:] * ranks[:-1]).sum() / (ranks**2).sum()
    r = min(max((2 * math.sin(math.pi * rho / 6) * n + 2) / (n - 4), 0), 0.9)
    k = numpy.arange(1, n)
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * ((n - k) * (n - k - 1) * (n - k - 2) * r**k).sum()
    return r, factor, max(n * (1 - r) / (1 + r) - 2, 6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("memory", (0, 0.3, 0.8))
def test_test_and_interval_are_widened_as_said(seed, memory):
    x, y = series(seed, memory=memory)
    ours = fit("trend", x, y)
    r, factor, df = widened(x, y, ours["slope"])
    assert (ours["alike"], ours["widening"], ours["df"]) == pytest.approx((r, factor, df), rel=1e-9)
    deviation = math.sqrt(ours["variance"] * factor)
    z = max(abs(ours["rising"]) - 1, 0) / deviation
    assert ours["p"] == pytest.approx(2 * stats.t.sf(z, df) if z else 1, rel=1e-6)
    half = stats.t.ppf(0.975, df) * deviation
    i, j = numpy.triu_indices(len(x), 1)
    slopes = numpy.sort((y[j] - y[i]) / (x[j] - x[i]))
    low, high = math.floor((len(slopes) - half) / 2), math.ceil((len(slopes) + half) / 2)
    assert ours["low"] == pytest.approx(slopes[low] if low >= 0 else -math.inf, rel=1e-9)
    assert ours["high"] == pytest.approx(slopes[high] if high < len(slopes) else math.inf, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_independent_values_have_about_scipys_interval_and_p(seed):
    """scipy knows neither Student's t nor continuity here: with 60 values both are small matters."""
    x, y = series(seed, memory=0)
    ours, theirs = fit("trend", x, y), stats.theilslopes(y, x)
    if ours["alike"] > 0.05:
        pytest.skip("these happen to be alike")
    width = theirs[3] - theirs[2]
    assert ours["low"] == pytest.approx(theirs[2], abs=0.1 * width)
    assert ours["high"] == pytest.approx(theirs[3], abs=0.1 * width)
    assert ours["p"] == pytest.approx(stats.kendalltau(x, y, method="asymptotic").pvalue, abs=0.05)


def law(n, lam, sigma, kappa):
    return lam * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


LAWS = ((50, 0.05, 0.001), (1000, 0.2, 1e-4), (3, 0.6, 0.02), (80, 0.01, 5e-5))


@pytest.mark.parametrize("truth", LAWS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_law_is_scipys_least_squares(truth, seed):
    random = numpy.random.default_rng(seed)
    load = numpy.array([0.7, 1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96])
    achieved = law(load, *truth) * random.normal(1, 0.02, len(load))
    ours = fit("usl", load, achieved)
    theirs, covariance = optimize.curve_fit(
        law, load, achieved, p0=truth, bounds=([1e-9, 0, 0], [numpy.inf] * 3), x_scale=truth, ftol=1e-14, xtol=1e-14, gtol=1e-14
    )
    squares = ((achieved - law(load, *theirs)) ** 2).sum()
    mine = ((achieved - law(load, ours["lambda"], ours["sigma"], ours["kappa"])) ** 2).sum()
    assert mine <= squares * (1 + 1e-6)
    assert ours["r_squared"] == pytest.approx(1 - mine / ((achieved - achieved.mean()) ** 2).sum(), rel=1e-9)
    if ours["sigma"] == 0 or ours["kappa"] == 0:
        assert min(theirs[1:]) < 1e-6  # at the same bound
        return
    assert (ours["lambda"], ours["sigma"], ours["kappa"]) == pytest.approx(tuple(theirs), rel=1e-4)
    errors = numpy.sqrt(numpy.diag(covariance))
    assert (ours["lambda_se"], ours["sigma_se"], ours["kappa_se"]) == pytest.approx(tuple(errors), rel=1e-3)
    assert ours["residual"] == pytest.approx(math.sqrt(mine / (len(load) - 3)) / achieved.mean(), rel=1e-6)
    if math.isfinite(ours["peak_load"]):
        at = optimize.minimize_scalar(lambda n: -law(n, *theirs), bounds=(1, 1e5), method="bounded", options={"xatol": 1e-6})
        assert ours["peak_load"] == pytest.approx(at.x, rel=1e-3)
        assert ours["peak_per_s"] == pytest.approx(-at.fun, rel=1e-6)


@pytest.mark.parametrize("capacity", (300, 400, 1000))
def test_the_knee_is_where_the_tangent_is_the_chord(capacity):
    """The point of a convex curve that is farthest below its chord has the chord's slope: of M/M/1 it is known exactly."""
    load = numpy.arange(20, 0.96 * capacity, 5)
    time = 1 / (capacity - load)
    ours = fit("knee", load, 1e9 * time)
    chord = (time[-1] - time[0]) / (load[-1] - load[0])
    assert ours["shown"] == 1
    assert ours["load"] == pytest.approx(capacity - 1 / math.sqrt(chord), abs=5)
    # And of all points, by their distance from the chord.
    distance = (load - load[0]) / numpy.ptp(load) - (time - time.min()) / numpy.ptp(time)
    assert ours["level"] == distance.argmax()
    assert ours["difference"] == pytest.approx(distance.max(), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_is_scipys(seed):
    random = numpy.random.default_rng(seed)
    x = numpy.array([0, 1, 5, 10, 20, 50.0])
    y = 52e6 + 3e5 * x + random.normal(0, 2e5, len(x))
    ours, theirs = fit("line", x, y), stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * theirs.stderr
    assert (ours["slope"], ours["intercept"]) == pytest.approx((theirs.slope, theirs.intercept), rel=1e-9)
    assert (ours["low"], ours["high"]) == pytest.approx((theirs.slope - half, theirs.slope + half), rel=1e-6)
    assert ours["r_squared"] == pytest.approx(theirs.rvalue**2, rel=1e-9)


def history(seed, n=60, at=40, step=2.5):
    random = numpy.random.default_rng(seed)
    return 100 + random.standard_normal(n) + step * (numpy.arange(n) >= at)


def scores(y):
    noise = stats.median_abs_deviation(numpy.diff(y), center=lambda x, axis: 0 * x.mean(axis=axis), scale="normal") / math.sqrt(2)
    clipped = numpy.clip((y - numpy.median(y)) / noise, -4, 4)
    return clipped - clipped.mean()


def largest_step(rows):
    """Of each row, over stretches that halve in length and overlap by half, at least 3 on either side: the pooled z of two
    means, and where."""
    n = rows.shape[1]
    best, where = numpy.zeros(len(rows)), numpy.zeros(len(rows))
    parts = 1
    while n // parts >= 6:
        for i in range(2 * parts - 1):
            start = n * i // (2 * parts)
            stretch = rows[:, start : n * (i + 2) // (2 * parts)]
            for k in range(3, stretch.shape[1] - 2):
                apart = abs(stretch[:, :k].mean(axis=1) - stretch[:, k:].mean(axis=1))
                z = apart / math.sqrt(1 / k + 1 / (stretch.shape[1] - k)) / rows.std(axis=1, ddof=1)
                where = numpy.where(z > best, start + k, where)
                best = numpy.maximum(z, best)
        parts *= 2
    return best, where


def correlation(values):
    """Of what the best two steps leave over, by trying all of them."""
    n = len(values)
    best = min(
        (sum(((part - part.mean()) ** 2).sum() for part in (values[:a], values[a:b], values[b:]) if len(part)), a, b)
        for a in range(3, n - 2)
        for b in range(a + 3, n + 1)
    )
    left = numpy.concatenate([part - part.mean() for part in (values[: best[1]], values[best[1] : best[2]], values[best[2] :]) if len(part)])
    return min(max((left[1:] * left[:-1]).sum() / (left**2).sum() + 5 / n, 0), 0.8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_statistic_of_a_step_is_numpys(seed):
    y = history(seed)
    ours, theirs = fit("change", numpy.arange(len(y)), y), scores(y)
    z, at = largest_step(theirs[None, :])
    assert (ours["statistic"], ours["split"]) == pytest.approx((z[0], at[0]), rel=1e-6)
    assert ours["r"] == pytest.approx(correlation(theirs), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chance_of_a_step_is_that_of_shuffled_histories(seed):
    y = history(seed, n=24, at=16, step=1.9)
    ours, values = fit("change", numpy.arange(len(y)), y), scores(y)
    random = numpy.random.default_rng(seed)
    divided = ours["statistic"] / math.sqrt((1 + ours["r"]) / (1 - ours["r"]))
    share = (largest_step(random.permuted(numpy.tile(values, (4000, 1)), axis=1))[0] >= divided).mean()
    if ours["steps"]:
        assert ours["p"] == pytest.approx(share, abs=0.008)
    else:
        assert share > 0.005


@pytest.mark.parametrize("seed", SEEDS)
def test_the_size_of_a_step_is_scipys_hodges_lehmann(seed):
    y = history(seed)
    ours = fit("change", numpy.arange(len(y)), y)
    assert ours["steps"] == 1
    before, after = y[: int(ours["at"])], y[int(ours["at"]) :]
    deltas = numpy.sort((after[:, None] - before[None, :]).ravel())
    assert ours["delta"] == pytest.approx(numpy.median(deltas), rel=1e-12)
    # What Mann and Whitney's test does not reject, where neighbours are not alike.
    low = stats.mannwhitneyu(after - ours["low"], before, method="asymptotic", use_continuity=False).pvalue
    high = stats.mannwhitneyu(after - ours["high"], before, method="asymptotic", use_continuity=False).pvalue
    assert low <= 0.06 and high <= 0.06
    if ours["r"] == 0:
        assert low > 0.035 and high > 0.035
