"""The search itself: first for as few without a place as can be, then for the plan with the fewest points.

One worker, a fixed seed and a limit in deterministic seconds: the same question has the same answer, on any machine.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from ortools.sat.python import cp_model

SEED = 2018
STATES = {
    cp_model.OPTIMAL: "optimal",
    cp_model.FEASIBLE: "feasible",
    cp_model.INFEASIBLE: "infeasible",
    cp_model.UNKNOWN: "unknown",
}
#: Of the strategies, those that found no better plan and no better bound for questions of this kind.
IDLE = ("core", "max_lp_sym", "no_lp", "quick_restart", "quick_restart_no_lp", "pseudo_costs")
#: How often one is told how far the search has come, in seconds.
EVERY = 1.0

#: Told of the best plan so far and of the bound, both in points, or None before the first plan; False: stop.
Tick = Callable[[int | None, int | None], bool]


class Stopped(Exception):
    """Whoever asked has asked to stop."""


@dataclass(frozen=True)
class Found:
    """How a search ended. `state`: optimal, feasible, infeasible or unknown; `bound` in the objective's unit."""

    state: str
    bound: int
    solver: cp_model.CpSolver

    @property
    def solved(self) -> bool:
        return self.state in ("optimal", "feasible")

    def value(self, expression: cp_model.LinearExprT) -> int:
        return self.solver.value(expression)


def solve(model: cp_model.CpModel, *, effort: float, tick: Tick) -> Found:
    """Search for at most `effort` deterministic seconds, while `tick` is called about once a second from this thread.

    Raises:
        Stopped: `tick` has said so.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    # The one worker takes turns between the strategies: the first of them alone would find far worse plans.
    solver.parameters.interleave_search = True
    solver.parameters.ignore_subsolvers.extend(IDLE)
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = effort
    watch = _Watch()
    # The solver has a thread of its own, so that whoever is told has theirs, with its connection to the database.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="composer") as pool:
        search = pool.submit(solver.solve, model, watch)
        stopped = False
        while wait([search], timeout=EVERY).not_done:
            if not tick(watch.best, watch.bound):
                stopped = True
                solver.stop_search()
    if stopped:
        raise Stopped
    status = search.result()
    bound = round(solver.best_objective_bound) if model.has_objective() else 0
    return Found(STATES[status], bound, solver)


class _Watch(cp_model.CpSolverSolutionCallback):
    """Keeps what is known of the best plan so far."""

    def __init__(self) -> None:
        super().__init__()
        self.best: int | None = None
        self.bound: int | None = None

    def on_solution_callback(self) -> None:
        self.best, self.bound = round(self.objective_value), round(self.best_objective_bound)
