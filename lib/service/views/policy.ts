import {
  type CandidateResult,
  type PolicyEdge,
  type TargetAnalysis,
  TaskatlasError,
  type TaskId,
} from '@/lib/science/core';
import type { Budget, MissingEdge, PolicyProblem } from '@/lib/science/policy';
import type { BudgetUnit, PolicyEdgeView, PolicyRecord, PolicyView } from '../contracts';
import { completeness } from './cells';
import { leadingMeasure, type Measure, measuresOf } from './measures';
import { type SweepData, sourcesOf, targetsOf } from './model';
import { finite, listWords, sound } from './numbers';
import { behindTaught, budgetOf, curveLimits, type SourceCosts, sourceCosts, untimed } from './policy-costs';
import { sweepTasks } from './tasks';

type PolicyObjective = PolicyRecord['objectiveName'];

/** What a person may ask of a policy. */
export interface PolicyRequest {
  budget: number;
  /** What the budget counts; fully supervised tasks by default. */
  unit?: BudgetUnit;
  /** Further limits, which hold beside the budget. */
  limits?: Readonly<Partial<Record<BudgetUnit, number>>>;
  maxOrder: number;
  objective: PolicyObjective;
  force: readonly TaskId[];
  forbid: readonly TaskId[];
  /** Importance by target; 1 when not named. */
  weights: Readonly<Record<TaskId, number>>;
  /** Label cost by task in place of the dictionary's. */
  labelCosts?: Readonly<Record<TaskId, number>>;
  /** Tasks that stay sources but are not to be served. */
  sourceOnly?: readonly TaskId[];
  /** Also serve targets whose tournament still lacks transfers, by what is measured of them. */
  incomplete?: boolean;
}

/** Whether the mean predictor's loss is as low as the candidate's: it serves nobody, whatever it wins against scratch. */
export const servesNobody = ({ skill }: Pick<CandidateResult, 'skill'>): boolean => {
  const known = finite(skill);
  return known !== null && known <= 0;
};

/** The value of serving by a candidate, at most 0 where it is no better than a constant (docs/decisions/007). */
function worth(objective: PolicyObjective, c: CandidateResult): number | null {
  const value = measured(objective, c);
  return value !== null && servesNobody(c) ? Math.min(0, value) : value;
}

/**
 * A candidate by the objective as it was measured. Affinity is only defined in a complete tournament; quality of the own
 * network against itself is one half (every image a tie); log-loss counts the reduction, so larger is better.
 */
function measured(objective: PolicyObjective, c: CandidateResult): number | null {
  switch (objective) {
    case 'affinity':
      return finite(c.affinity?.value);
    case 'gain':
      return finite(c.gain?.value);
    case 'quality':
      return c.kind === 'self' ? (finite(c.quality?.value) ?? 0.5) : finite(c.quality?.value);
    case 'log-loss': {
      const ratio = finite(c.logLossRatio?.value);
      return ratio === null ? null : -ratio;
    }
  }
}

const objectiveFor = (measure: Measure): PolicyObjective => (measure === 'effect' ? 'log-loss' : measure);

/** The objective for sweeps that have none of their own: by the leading measure, quality where nothing is measured. */
export const leadingObjective = (analyses: readonly TargetAnalysis[]): PolicyObjective =>
  objectiveFor(leadingMeasure(analyses) ?? 'quality');

/**
 * What a policy maximises: the asked objective, else the sweep's own where its transfers have values of it, else the
 * first that they have (quality, gain, log-loss, affinity).
 * @throws TaskatlasError `invalid-input` naming the objectives that exist, when the asked one has no values
 */
export function objectiveOf(
  { sweep, analyses }: Pick<SweepData, 'sweep' | 'analyses'>,
  asked?: PolicyObjective,
): PolicyObjective {
  const own = sweep.spec.policy.objective;
  const held = measuresOf(analyses).map(objectiveFor);
  // Nothing is measured yet: whether a target can be served is said elsewhere.
  if (held.length === 0) return asked ?? own;
  if (asked === undefined) return held.includes(own) ? own : leadingObjective(analyses);
  if (held.includes(asked)) return asked;
  const what = sweep.origin === 'imported' ? 'This import' : 'This sweep';
  const message = `${what} has no ${asked} values; use --objective ${listWords(held, 'or')}`;
  throw new TaskatlasError('invalid-input', message, { issues: [{ path: 'objective', message }] });
}

/** What a policy is made from. */
export type Measured = Pick<SweepData, 'sweep' | 'runs' | 'analyses'>;

/**
 * Targets whose tournament is complete and valid: the ones that a policy can serve. While a sweep is under way a
 * complete first seed is enough; a run that has failed for good is not waited for.
 */
export function servable(data: Measured): TargetAnalysis[] {
  const complete = completeness(data);
  return data.analyses.filter((a) => complete(a.target) && a.validity.kept);
}

/** Targets that a policy serves: complete ones, or on request all that are valid and have any measured transfer. */
function servedBy(data: Measured, request: PolicyRequest): TargetAnalysis[] {
  const wanted =
    request.incomplete && request.objective !== 'affinity'
      ? data.analyses.filter((a) => a.validity.kept && a.candidates.length > 0)
      : servable(data);
  return wanted.filter((a) => !request.sourceOnly?.includes(a.target));
}

/** Why each target of the sweep that the policy does not serve is left out. */
function unservedTargets(data: Measured, request: PolicyRequest): PolicyView['unserved'] {
  const served = new Set(servedBy(data, request).map((a) => a.target));
  const complete = completeness(data);
  return targetsOf(data.sweep)
    .filter(({ id }) => !served.has(id))
    .map(({ id }) => {
      const analysis = data.analyses.find((a) => a.target === id);
      const reason = request.sourceOnly?.includes(id)
        ? 'source only, as asked for'
        : analysis && !analysis.validity.kept
          ? analysis.validity.reasons.join('; ')
          : complete(id)
            ? 'no measured transfer'
            : 'its tournament is not complete';
      return { target: id, reason };
    });
}

/** Budgets of a request in the solver's form, the curve's own first. */
function budgetsOf(request: PolicyRequest, costs: SourceCosts, taught: readonly TaskId[]): Budget[] {
  const unit = request.unit ?? 'tasks';
  const further = Object.entries(request.limits ?? {}) as [BudgetUnit, number | undefined][];
  return [
    budgetOf(unit, request.budget, costs, taught),
    ...further.flatMap(([name, limit]) =>
      name === unit || limit === undefined ? [] : [budgetOf(name, limit, costs, taught)],
    ),
  ];
}

/**
 * First-order transfers between tasks of the problem that were not measured, and the most that each could be worth:
 * a share of images at most 1, an AHP weight at most what its tournament leaves. Log-loss has no such bound: null.
 */
export function missingEdges(
  data: Measured,
  problem: PolicyProblem,
  objective: PolicyObjective,
): { missing: MissingEdge[]; highest: (edge: MissingEdge) => number } | null {
  if (objective === 'log-loss') return null;
  const known = new Set(
    problem.edges.flatMap((e) =>
      e.kind === 'transfer' && e.sources.length === 1 ? [`${e.sources[0]}>${e.target}`] : [],
    ),
  );
  const usable = problem.sources.filter((s) => !problem.forbidden?.includes(s));
  const sources = new Set(sourcesOf(data.sweep).map((t) => t.id));
  const missing = problem.targets.flatMap((target) =>
    usable
      .filter((s) => s !== target && sources.has(s) && !known.has(`${s}>${target}`))
      .map((s) => ({ target, sources: [s] })),
  );
  const left = (target: TaskId): number => {
    const analysis = data.analyses.find((a) => a.target === target);
    const taken = (analysis?.candidates ?? []).reduce((sum, c) => sum + (finite(c.affinity?.value) ?? 0), 0);
    return Math.max(0, 1 - taken);
  };
  return { missing, highest: (edge) => (objective === 'affinity' ? left(edge.target) : 1) };
}

/**
 * The integer program of DESIGN §4 from measured results. Candidates are transfers and the own network (`self`);
 * re-transfers from a task's own encoder, scratch and mean are references and no edges. Nothing is imputed: an edge
 * without a finite value is left out, and so are incomplete and excluded targets.
 */
export function policyProblem(data: Measured, request: PolicyRequest): PolicyProblem {
  const served = servedBy(data, request);
  const costs = sourceCosts(data, request.labelCosts ?? {});
  const requires = behindTaught(data.sweep);
  const budgets = budgetsOf(request, costs, Object.keys(requires));
  const targets = served.map((a) => a.target);
  const sources = new Set([
    ...sourcesOf(data.sweep).map((t) => t.id),
    ...targets,
    ...Object.values(requires).flat(),
  ]);
  const edges = served.flatMap((analysis) =>
    analysis.candidates.flatMap((c): PolicyEdge[] => {
      const value = c.kind === 'transfer' || c.kind === 'self' ? worth(request.objective, c) : null;
      if (value === null || (c.kind !== 'transfer' && c.kind !== 'self')) return [];
      // A transfer without a source (born-again from scratch) supervises nothing: no edge of a policy.
      if (c.kind === 'transfer' && c.sources.length === 0) return [];
      return [
        {
          target: analysis.target,
          sources: c.kind === 'self' ? [analysis.target] : c.sources,
          kind: c.kind,
          ...(c.method === undefined ? {} : { key: c.key }),
          value,
        },
      ];
    }),
  );
  return {
    targets,
    sources: [...sources],
    edges,
    budgets,
    importance: request.weights,
    forced: request.force,
    forbidden: [
      ...request.forbid,
      ...untimed(
        budgets.map((b) => b.name as BudgetUnit),
        costs,
      ).filter((task) => !request.forbid.includes(task)),
    ],
    maxOrder: request.maxOrder,
    ...(Object.keys(requires).length > 0 ? { requires } : {}),
  };
}

/** Limits that the curve of a request is solved at. */
export const curveBudgets = (data: Measured, problem: PolicyProblem, request: PolicyRequest): number[] =>
  curveLimits(
    request.unit ?? 'tasks',
    sourceCosts(data, request.labelCosts ?? {}),
    problem.sources.filter((s) => !problem.forbidden?.includes(s)),
  );
/** Key of the candidate that an edge stands for. */
export const keyOf = (edge: Pick<PolicyEdge, 'kind' | 'key' | 'sources'>): string =>
  edge.key ?? (edge.kind === 'self' ? 'self' : edge.sources.join('+'));

/** The candidate that an edge stands for. */
export function edgeCandidate(
  analyses: readonly TargetAnalysis[],
  edge: PolicyEdge,
): CandidateResult | undefined {
  const analysis = analyses.find((a) => a.target === edge.target);
  const key = keyOf(edge);
  return analysis?.candidates.find((c) => c.key === key);
}

/** Edges with what is known of them; survival comes from the stored policy that the bootstrap was run for. */
export function policyEdges(
  analyses: readonly TargetAnalysis[],
  edges: readonly PolicyEdge[],
  stored: PolicyRecord | undefined,
): PolicyEdgeView[] {
  return edges.map((edge) => {
    const found = edgeCandidate(analyses, edge);
    const key = keyOf(edge);
    const known = stored?.edges.find((e) => e.target === edge.target && keyOf(e) === key);
    return {
      target: edge.target,
      sources: [...edge.sources],
      kind: edge.kind,
      ...(edge.key === undefined ? {} : { key: edge.key }),
      value: edge.value,
      gain: sound(found?.gain)?.value ?? null,
      quality: sound(found?.quality)?.value ?? null,
      skill: finite(found?.skill),
      survival: known?.survival ?? null,
    };
  });
}

/** Whether a request asks no more than the sweep's own question: then its stored survival holds. */
function isPlain(request: PolicyRequest): boolean {
  const { unit = 'tasks', limits = {}, labelCosts = {}, sourceOnly = [], incomplete = false } = request;
  const named = [...request.force, ...request.forbid, ...sourceOnly];
  const maps = [request.weights, limits, labelCosts];
  return (
    unit === 'tasks' && !incomplete && named.length === 0 && maps.every((m) => Object.keys(m).length === 0)
  );
}

/** The stored policy of the same question, if the sweep's own job has solved it. */
export function storedPolicy(
  policies: readonly PolicyRecord[],
  request: PolicyRequest,
): PolicyRecord | undefined {
  if (!isPlain(request)) return undefined;
  return policies.find(
    (p) =>
      p.budget === request.budget && p.maxOrder === request.maxOrder && p.objectiveName === request.objective,
  );
}

/** What is known of a solved policy beside its record. */
export type PolicyEvidence = Pick<PolicyView, 'gap' | 'runnerUp' | 'significance' | 'range' | 'solveMs'> & {
  /** What the policy costs by budget. */
  cost: Readonly<Record<string, number>>;
};

/** A solved policy in drawing-ready numbers. */
export function policyView(
  data: Measured & Pick<SweepData, 'version'>,
  request: PolicyRequest,
  record: PolicyRecord,
  limits: readonly number[],
  { cost, ...evidence }: PolicyEvidence,
): PolicyView {
  const costs = sourceCosts(data, request.labelCosts ?? {});
  return {
    ...record,
    ...evidence,
    sweepId: data.sweep.id,
    version: data.version ?? 0,
    curveBudgets: [...limits],
    tasks: sweepTasks(data.sweep),
    unit: request.unit ?? 'tasks',
    budgets: budgetsOf(request, costs, Object.keys(behindTaught(data.sweep))).map(({ name, limit }) => ({
      unit: name as BudgetUnit,
      limit,
      spent: cost[name] ?? 0,
    })),
    costs,
    unserved: unservedTargets(data, request),
  };
}
