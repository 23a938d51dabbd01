"""Solves the policy programs of bench/policy.ts with another exact solver (SCIP through OR-tools).

stdin: a line per question, {"columns", "integer", "objective", "lower", "upper", "rows": [{"low", "high", "entries"}]},
bounds of null are infinite. stdout: a line per answer, {"milliseconds", "objective"}; the time includes building the model.
"""
import json
import sys
import time

from ortools.linear_solver import pywraplp


def solve(program):
    start = time.perf_counter()
    solver = pywraplp.Solver.CreateSolver("SCIP")
    solver.SetNumThreads(1)
    integer = set(program["integer"])
    columns = [
        (solver.IntVar if i in integer else solver.NumVar)(low, high, "")
        for i, (low, high) in enumerate(zip(program["lower"], program["upper"]))
    ]
    infinity = solver.infinity()
    for row in program["rows"]:
        low, high = row["low"], row["high"]
        constraint = solver.Constraint(-infinity if low is None else low, infinity if high is None else high)
        for column, value in row["entries"]:
            constraint.SetCoefficient(columns[column], value)
    objective = solver.Objective()
    for column, value in zip(columns, program["objective"]):
        objective.SetCoefficient(column, value)
    objective.SetMaximization()
    parameters = pywraplp.MPSolverParameters()
    parameters.SetDoubleParam(parameters.RELATIVE_MIP_GAP, 0)
    status = solver.Solve(parameters)
    value = objective.Value() if status == pywraplp.Solver.OPTIMAL else None
    return {"milliseconds": 1000 * (time.perf_counter() - start), "objective": value}


for line in sys.stdin:
    print(json.dumps(solve(json.loads(line))), flush=True)
