"""Teachers who have the platform write for them."""

from __future__ import annotations

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_post, signed_in
from dmsperf_tui.systems.k12.flows import pages
from dmsperf_tui.systems.meters import measure

LONGEST_WAIT_S = 60.0
"""However long a platform that is at its limit asks to wait."""
PROMPTS = {
    "lesson_plan": "A lesson of 45 minutes on fractions, with a warm-up and an exit ticket.",
    "quiz": "Ten questions on photosynthesis, four answers each, for grade 7.",
    "feedback": "Kind and specific feedback on an essay that has a thesis but no evidence.",
    "rubric": "A rubric of four levels for a history presentation in groups.",
}
"""By kind."""


@signed_in
async def ai_generation(vu: VirtualUser) -> None:
    """One generation; where the platform says 429, the teacher waits as long as it asks.

    Each that succeeds counts in the metric `ai_generations`, where the scenario declares it.
    """
    kind = vu.random.choice(tuple(PROMPTS))
    body = {"kind": kind, "prompt": PROMPTS[kind]}
    response = await api_post(vu, "/ai/generate", body, name="POST ai/generate", category="ai")
    # Seconds are usual here, so the checks of other answers would tell nothing.
    ok = vu.check("ai_generate status 200", response.error is None and response.status == 200)
    measure(vu, "ai_generations", 1 if ok else 0)
    if response.status == 429:
        await vu.sleep(_retry_after_s(response))
    await pages.read_page(vu)


def _retry_after_s(response: Response) -> float:
    """How long the platform asks to wait (RFC 9110, Retry-After in seconds); 1 s where it does not say."""
    said = response.header("retry-after") or ""
    return min(LONGEST_WAIT_S, float(said)) if said.isascii() and said.isdecimal() else 1.0
