"""Schedules."""

from __future__ import annotations

from collections.abc import Mapping

from .draws import Sampler, schedule

SAMPLES: Mapping[str, Sampler] = {
    "schedule constant": schedule(value=0.1),
    "schedule step_decay": schedule({"steps": 3}, **{"from": 0.1, "factor": 0.5}),
    "schedule exponential": schedule(**{"from": 0.1, "to": 0.01}),
    "schedule cosine": schedule(**{"from": 0.1, "to": 0.01}),
    "schedule warmup": schedule({"steps": 5}, value=0.1),
    "schedule one_cycle": schedule(**{"peak": 0.1, "from": 0.02, "to": 0.001, "rise": 0.4}),
    "schedule plateau": schedule({"patience": 2}, **{"from": 0.1, "factor": 0.5, "least": 0.01}),
}
