"""The helm: what people tell a run, obeyed or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns

from dmsperf_tui.engine.messages import End, Freeze, Hold, Steer, Thaw, Weigh
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.steering import LevelChange
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.commands import (
    Changing,
    Command,
    Note,
    Pause,
    Preview,
    Reply,
    Resume,
    Steered,
    Stop,
    Undo,
    Weights,
)
from dmsperf_tui.run.control import RefusedError, steer_changes, weighed
from dmsperf_tui.run.crew import Crew
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.run.undo import History

LONGEST_PAUSE_S = 8 * 3600.0
SHORTEST_LONG_PAUSE_S = 3600.0
"""A run that stays paused for longer than twice its plan, within these, is stopped: nobody watches it."""
GRACE_PATIENCE_S = 5.0
"""The same after the grace period of a graceful stop."""
ABORT_PATIENCE_S = 3.0
"""A worker whose flow will not be interrupted is killed so long after an abort."""


class Helm:
    """Turns commands into events, messages to the workers and states of the run."""

    def __init__(self, run: Run, crew: Crew, cancel_getting_ready: Callable[[], None]) -> None:
        self.ending: Stop | None = None
        """The command that ends the run, once there is one."""
        self.load_over = False
        """What comes now is the teardown."""
        self.ending_code: int | None = None
        """The exit code that goes with it, whatever was measured."""
        self._run = run
        self._crew = crew
        self._history = History()
        self._cancel_getting_ready = cancel_getting_ready
        self._paused_at_ns = 0
        crew.all_drained = self._freeze

    def obey(self, command: Command) -> Reply:
        """Does what a person asked for, or says why not."""
        match command:
            case Preview(change=change):
                return self._change(change, done=False)
            case Pause():
                return self._pause()
            case Resume():
                return self._resume()
            case Stop():
                return self._stop(command)
            case Note(text=text):
                self._run.event("note", text)
                return Reply(ok=True, text="noted")
            case _ if isinstance(command, Changing):
                return self._change(command, done=True)
            case _:
                # Status and Watch: the control socket has answered them with a snapshot.
                return Reply(ok=True)

    def _version(self, event: int) -> int:
        return self._run.await_acks(event, self._crew.at_work, perf_counter_ns())

    def _refusal(self) -> str:
        state = self._run.state
        if state in (RunState.RUNNING, RunState.PAUSING, RunState.PAUSED):
            return ""
        return f"the run is {state.value}: its load cannot be changed"

    def _change(self, command: Changing, *, done: bool) -> Reply:
        """Makes a change, or with `done` False only says what it would come to."""
        if refusal := self._refusal():
            return Reply(ok=False, text=refusal)
        try:
            match command:
                case Undo():
                    said = self._undo(done=done)
                case Weights():
                    said = self._weigh(command, done=done)
                case _:
                    said = self._steer(command, done=done)
        except RefusedError as refused:
            return Reply(ok=False, text=str(refused))
        return Reply(ok=True, text=said)

    def _steer(self, command: Steered, *, done: bool) -> str:
        changes = steer_changes(self._run, command)
        said = "; ".join(change.text for change in changes)
        if done:
            self._history.remember(self._run, changes)
            self._make(command.command, said, changes, {})
        return said

    def _weigh(self, command: Weights, *, done: bool) -> str:
        workload, said = weighed(self._run, command)
        if done:
            self._history.remember_shares(self._run, workload.name)
            self._make(command.command, said, (), {workload.name: command.weights})
        return said

    def _undo(self, *, done: bool) -> str:
        undoing = self._history.undoing(self._run)
        if done:
            self._history.undone(undoing)
            self._make("undo", undoing.text, undoing.changes, undoing.shares)
        return undoing.text

    def _make(
        self,
        kind: str,
        said: str,
        changes: Sequence[LevelChange],
        shares: Mapping[str, dict[str, float]],
    ) -> None:
        """One event, and the same change here and on every worker."""
        run = self._run
        for change in changes:
            run.apply(change)
        for workload, weights in shares.items():
            run.weights[workload] |= weights
        event = run.event(kind, said)
        for change in changes:
            self._crew.send_all(
                Steer(
                    change.workload,
                    change.action,
                    change.value,
                    change.over_ns,
                    change.elapsed_ns,
                    self._version(event),
                )
            )
        for workload, weights in shares.items():
            self._crew.send_all(Weigh(workload, weights, self._version(event)))

    def _pause(self) -> Reply:
        run = self._run
        if run.state is not RunState.RUNNING:
            return Reply(ok=False, text=f"the run is {run.state.value}: it cannot be paused")
        run.go(RunState.PAUSING)
        version = self._version(run.event("pause", "pause"))
        self._crew.expect_drained(version)
        self._crew.send_all(Hold(version))
        return Reply(ok=True, text="pausing: no request starts any more")

    def _freeze(self) -> None:
        run = self._run
        if run.state is RunState.PAUSING and run.clock is not None:
            self._paused_at_ns = perf_counter_ns()
            run.clock.freeze(self._paused_at_ns)
            self._crew.send_all(Freeze(self._paused_at_ns))
            run.go(RunState.PAUSED)

    def _resume(self) -> Reply:
        run = self._run
        if run.state not in (RunState.PAUSING, RunState.PAUSED):
            return Reply(ok=False, text=f"the run is {run.state.value}: there is nothing to resume")
        self._thaw(run.event("resume", "resume"))
        run.go(RunState.RUNNING)
        return Reply(ok=True, text="resumed")

    def _thaw(self, event: int) -> None:
        now = perf_counter_ns()
        if self._run.clock is not None:
            self._run.clock.thaw(now)
        self._crew.send_all(Thaw(now, self._version(event)))

    def end(self, why: str, exit_code: int | None) -> None:
        """Ends the run at once for a reason of its own: a threshold, a flow that called abort.

        A flow's reason, or an answer's words, may hold anything.
        """
        why = line(why)
        if self.ending is None or not self.ending.at_once:
            self._run.message = why
            self._stop(Stop(at_once=True), why, exit_code)

    def _stop(self, command: Stop, why: str = "", exit_code: int | None = None) -> Reply:
        run = self._run
        if run.state.over:
            return Reply(ok=False, text=f"the run is {run.state.value} already")
        if self.load_over:
            return Reply(ok=True, text="the load is over already; what follows ends by itself")
        if self.ending is not None and not command.at_once:
            return Reply(ok=True, text="stopping already; abort ends it at once")
        signal = command.signal or (self.ending is not None and self.ending.signal)
        self.ending = command.model_copy(update={"signal": signal})
        if signal:
            self.ending_code = 105
        elif why:
            self.ending_code = exit_code
        elif command.at_once:
            self.ending_code = 103
        if run.clock is None:
            run.message = "stopped before load had started"
            self._cancel_getting_ready()
            return Reply(ok=True, text="stopping")
        said = why or ("abort: at once" if command.at_once else "stop: no iteration starts any more")
        event = run.event("abort" if command.at_once else "stop", said)
        if run.state in (RunState.PAUSING, RunState.PAUSED):
            self._thaw(event)
        run.go(RunState.STOPPING)
        self._crew.send_all(End(command.at_once, self._version(event)))
        grace_ns = max(workload.graceful_stop_ns for workload in run.config.plan.workloads)
        patience_s = ABORT_PATIENCE_S if command.at_once else grace_ns / NS_PER_S + GRACE_PATIENCE_S
        self._crew.end_by(patience_s)
        return Reply(ok=True, text=said)

    def signalled(self) -> None:
        """SIGINT, SIGTERM or SIGHUP: the first one drains, a second one ends at once."""
        self.obey(Stop(at_once=self.ending is not None, signal=True))

    def end_long_pause(self) -> None:
        """Stops a run that has been paused for longer than anybody watches."""
        paused_s = (perf_counter_ns() - self._paused_at_ns) / NS_PER_S
        most_s = min(max(2 * self._run.info.planned_s, SHORTEST_LONG_PAUSE_S), LONGEST_PAUSE_S)
        if self._run.state is RunState.PAUSED and paused_s > most_s:
            self.obey(Stop())
