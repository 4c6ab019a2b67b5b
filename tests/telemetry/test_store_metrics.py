from reels.telemetry.exposition import Exposition
from reels.telemetry.store_metrics import StoreMetrics


def test_calls_by_outcome_and_their_time() -> None:
    exposition = Exposition()
    told = StoreMetrics(exposition)
    told("redis", "answered", 0.002)
    told("redis", "answered", 0.002)
    told("redis", "away", 0.25)
    told("redis", "spared", 0.0)
    text = exposition.render().decode()
    assert 'reels_store_calls_total{outcome="answered",store="redis"} 2.0' in text
    assert 'reels_store_calls_total{outcome="away",store="redis"} 1.0' in text
    assert 'reels_store_calls_total{outcome="spared",store="redis"} 1.0' in text
    assert 'reels_store_seconds_count{store="redis"} 3.0' in text


def test_a_breaker_is_looked_at_when_asked() -> None:
    exposition, away = Exposition(), [False]
    StoreMetrics(exposition).watch("mongo", lambda: away[0])
    assert 'reels_store_away{store="mongo"} 0.0' in exposition.render().decode()
    away[0] = True
    assert 'reels_store_away{store="mongo"} 1.0' in exposition.render().decode()
