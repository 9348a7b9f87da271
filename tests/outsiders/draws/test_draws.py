"""scipy's Zipfian distribution looks at the ranks that request/ draws: chi-square at fixed seeds."""

import os
import subprocess

import pytest

numpy = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

DRAWS = 100_000


def draw(n, exponent, seed):
    said = subprocess.run([os.environ["DRAWS"], "zipf", str(n), str(exponent), str(seed), str(DRAWS)],
        check=True, capture_output=True, text=True, timeout=60).stdout
    return numpy.array(said.split(), dtype=numpy.int64)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n,exponent", [(1, 1.1), (2, 0.5), (10, 0), (100, 1), (1000, 0.8), (1_000_000, 1.1), (1_000_000, 2.5), (50, 20)])
def test_ranks_are_scipys_zipfian(n, exponent, seed):
    ranks = draw(n, exponent, seed)
    assert ranks.min() >= 1 and ranks.max() <= n
    # Bins of at least 20 expected each: the first ranks alone, then ranges that double. scipy knows no exponent of 0.
    expected_of = stats.zipfian(exponent, n).cdf if exponent > 0 else stats.randint(1, n + 1).cdf
    edges, edge = [0], 1
    while edge < n:
        if (expected_of(edge) - expected_of(edges[-1])) * DRAWS >= 20 and (1 - expected_of(edge)) * DRAWS >= 20:
            edges.append(edge)
        edge = edge + 1 if edge < 20 else 2 * edge
    edges.append(n)
    expected = numpy.diff([expected_of(e) if e else 0 for e in edges]) * DRAWS
    counts = numpy.histogram(ranks, numpy.array(edges) + 0.5)[0]
    if len(counts) > 1:
        assert stats.chisquare(counts, expected * DRAWS / expected.sum()).pvalue > 0.001


def test_it_would_tell_a_slightly_different_exponent():
    ranks, n = draw(1000, 1.05, 1), 1000
    expected = stats.zipfian(1.0, n).pmf(numpy.arange(1, n + 1)) * DRAWS
    assert stats.chisquare(numpy.bincount(ranks, minlength=n + 1)[1:], expected * DRAWS / expected.sum()).pvalue < 1e-9
