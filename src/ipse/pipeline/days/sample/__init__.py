"""Sample days: four made-up weeks of a made-up person at a made-up machine, to look at before one's own.

They are events of the source ``sample``, so nothing mixes with what was really collected, and forgetting that
source takes them away whole. Nothing in them was measured on anybody.
"""

from ipse.pipeline.days.sample.taking import SAMPLE, SampleTaken, has_sample, sample_events, take_sample

__all__ = ["SAMPLE", "SampleTaken", "has_sample", "sample_events", "take_sample"]
