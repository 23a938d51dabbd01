import type { SweepNote } from '../ports';
import { byTarget, type PublishedTransfer, type TransfersDocument } from './transfers';

/** Below this gain a re-transfer from a network's own encoder did not fail to transfer: it failed to be measured. */
const BROKEN_GAIN = 0.01;
/** Win rates against scratch that lie within this of each other tell no source from another. */
const FLAT_RANGE = 0.02;
/** Where every source loses on nearly every image, win rates are all near 0 without being a defect. */
const LOST_GAIN = 0.1;
const NAMED = 6;

const isSource = (t: PublishedTransfer, name: string): boolean =>
  t.sources.length === 1 && t.sources[0] === name;
const keyOf = (t: PublishedTransfer): string => [...t.sources, t.target].join('__');
const list = (names: readonly string[]): string =>
  names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;

type Detector = (
  document: TransfersDocument,
  groups: ReadonlyMap<string, PublishedTransfer[]>,
) => SweepNote[];

const note = (
  level: SweepNote['level'],
  code: string,
  text: string,
  targets: readonly string[] = [],
): SweepNote => ({ level, code, text, targets });

/** What holds of every import of win rates. */
const nature: Detector = ({ transfers }) => [
  note(
    'note',
    'no-intervals',
    'Only win rates were published, no losses per image: nothing can be resampled, so there are no intervals, no tie ' +
      'sets and no P(best), and two sources whose values differ little may not differ at all.',
  ),
  ...(transfers.some((t) => t.affinity !== null)
    ? [
        note(
          'warning',
          'affinity-not-comparable',
          'Affinities are shares among the candidates of one target: they sum to 1 over all published transfers of that ' +
            'target and cannot be compared between targets, orders or files. Compare gain or quality across rows.',
        ),
      ]
    : []),
];

const pseudoSources: Detector = ({ transfers }) => {
  const has = (name: string): boolean => transfers.some((t) => isSource(t, name));
  const found = [
    ...(has('self') ? ['"self" is the target’s own fully supervised network (gold), not a transfer'] : []),
    ...(has('pixels') ? ['"pixels" is training from scratch on the transfer images'] : []),
  ];
  return found.length === 0
    ? []
    : [note('note', 'pseudo-sources', `${found.join('; ')}: shown as references, never ranked as sources.`)];
};

const abandonedClasses: Detector = ({ transfers }) =>
  transfers.some((t) => t.sources.includes('class_selected'))
    ? [
        note(
          'note',
          'class-selected',
          'class_selected is an abandoned list of 100 object classes outside of the paper’s 26 tasks. Its results are ' +
            'kept, but it is no source of the matrix and of policies, as in the paper.',
        ),
      ]
    : [];

const earlyRun: Detector = ({ regime, transfers }) =>
  /^early/.test(regime)
    ? [
        note(
          'warning',
          'early-run',
          'These are the files without a suffix: an earlier run over another dictionary (class_selected as a target, ' +
            `no class_places${transfers.some((t) => isSource(t, 'pixels')) ? ', pixels among the candidates' : ''}). ` +
            'Its affinities have other candidates than the 16k file; do not mix them.',
        ),
      ]
    : [];

/** A target whose own encoder, read out again, loses to scratch on every image although its network wins. */
const brokenRetransfers: Detector = (_, groups) =>
  [...groups].flatMap(([target, own]) => {
    const again = own.find((t) => isSource(t, target));
    const gold = own.find((t) => isSource(t, 'self'));
    const gain = again?.gain ?? 1;
    if (!again || gain >= BROKEN_GAIN || (gold?.gain ?? 0) < 0.5) return [];
    return [
      note(
        'warning',
        'broken-retransfer',
        `${keyOf(again)} is broken: reading the target’s own encoder out again wins ${(100 * gain).toFixed(2)} % of ` +
          `images against scratch, while its own network wins ${(100 * (gold?.gain ?? 0)).toFixed(1)} %. Do not use it ` +
          'as a reference for the target.',
        [target],
      ),
    ];
  });

const foreign = (target: string, own: readonly PublishedTransfer[]): PublishedTransfer[] =>
  own.filter((t) => t.sources.length === 1 && !['self', 'pixels', target].includes(t.sources[0] ?? ''));

/** Targets on which every source does equally well: their ranking is noise. */
const flatRankings: Detector = (_, groups) =>
  [...groups].flatMap(([target, own]) => {
    const gains = foreign(target, own).flatMap((t) => (t.gain === null ? [] : [t.gain]));
    const [low, high] = [Math.min(...gains), Math.max(...gains)];
    if (gains.length < 5 || high - low > FLAT_RANGE || high < LOST_GAIN) return [];
    return [
      note(
        'warning',
        'flat-ranking',
        `${target} is odd: all ${gains.length} sources win between ${(100 * low).toFixed(1)} and ` +
          `${(100 * high).toFixed(1)} % of images against scratch. Nothing tells them apart; its ranking is not evidence.`,
        [target],
      ),
    ];
  });

const helpless: Detector = (_, groups) => {
  const targets = [...groups].flatMap(([target, own]) => {
    const gains = foreign(target, own).flatMap((t) => (t.gain === null ? [] : [t.gain]));
    return gains.length > 0 && Math.max(...gains) < 0.5 ? [target] : [];
  });
  return targets.length === 0
    ? []
    : [
        note(
          'note',
          'scratch-wins',
          `No single source beats training from scratch on ${list(targets)}: the ranking there is one of losers.`,
          targets,
        ),
      ];
};

const MEASURES = ['affinity', 'gain', 'quality'] as const;

/** Measures that the file has at all, and those that it has not. */
const heldMeasures = ({ transfers }: TransfersDocument) =>
  MEASURES.filter((measure) => transfers.some((t) => t[measure] !== null));

const absentMeasures: Detector = (document) => {
  const held = heldMeasures(document);
  const absent = MEASURES.filter((measure) => !held.includes(measure));
  return absent.length === 0
    ? []
    : [note('note', 'measures', `The file has ${held.join(' and ')}, and no ${absent.join(' or ')}.`)];
};

const missingValues: Detector = (document) => {
  const { transfers } = document;
  const held = heldMeasures(document);
  const lacking = transfers.filter(
    (t) => !isSource(t, 'pixels') && held.some((measure) => t[measure] === null),
  );
  return lacking.length === 0
    ? []
    : [
        note(
          'warning',
          'missing-values',
          `${lacking.length} of ${transfers.length} transfers lack a value and take no part where it is asked for ` +
            `(nothing is imputed): ${list(lacking.map(keyOf))}.`,
          [...new Set(lacking.map((t) => t.target))],
        ),
      ];
};

/** What the file holds and the sweep does not. */
const leftOut: Detector = ({ report }) => [
  ...report.dropped.map(({ reason, text, count, examples }) =>
    note(
      'warning',
      reason,
      `Left out, ${count}: ${text} (${examples.join(', ')}${count > examples.length ? ', …' : ''}).`,
    ),
  ),
  ...(report.ignored.length > 0
    ? [
        note(
          'note',
          'ignored-fields',
          `Not part of the format and not read: ${list(report.ignored.map(({ field, count }) => `${field} (${count})`))}.`,
        ),
      ]
    : []),
];

const DETECTORS: readonly Detector[] = [
  nature,
  earlyRun,
  brokenRetransfers,
  flatRankings,
  absentMeasures,
  missingValues,
  leftOut,
  helpless,
  pseudoSources,
  abandonedClasses,
];

/**
 * What a reader of imported transfers must know, found in the values themselves: warnings first. Targets are named as
 * in the document.
 */
export function defectsOf(document: TransfersDocument): SweepNote[] {
  const groups = byTarget(document.transfers);
  const notes = DETECTORS.flatMap((detect) => detect(document, groups));
  return [...notes.filter((n) => n.level === 'warning'), ...notes.filter((n) => n.level === 'note')];
}
