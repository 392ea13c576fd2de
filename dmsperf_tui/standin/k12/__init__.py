"""The K-12 learning platform beside the stand-in DMS: one process, one origin, everything in memory."""

from dmsperf_tui.standin.k12.knobs import K12Options
from dmsperf_tui.standin.k12.service import K12
from dmsperf_tui.standin.k12.stats import ROOT

__all__ = ["K12", "ROOT", "K12Options"]
