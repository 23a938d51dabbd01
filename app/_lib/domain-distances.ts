import { DOMAIN_PLACES, type DomainsView } from '@/lib/service/contracts';

type Method = DomainsView['methods'][number];
type Distance = Method['distances'][number];

/** One measure of one method: the pictures, the codes around the training, and whatever else it compared. */
export interface Course {
  pictures: Distance;
  between: Distance[];
  before: Distance;
  after: Distance;
}

/** A method's distances by one measure; null where it did not compare codes before and after. */
export function courseOf({ distances }: Method, measure: string): Course | null {
  const own = distances.filter((d) => d.measure === measure);
  const at = (place: string): Distance | undefined => own.find((d) => d.place === place);
  const pictures = at(DOMAIN_PLACES.pictures);
  const before = at(DOMAIN_PLACES.before);
  const after = at(DOMAIN_PLACES.after);
  if (!pictures || !before || !after) return null;
  return { pictures, between: own.filter((d) => ![pictures, before, after].includes(d)), before, after };
}

/** The methods with the most labels that were used, nearest codes first by the first measure. */
export function shownMethods({ methods, measures }: DomainsView): Method[] {
  const most = Math.max(...methods.map(({ images }) => images));
  const end = (method: Method): number => courseOf(method, measures[0] ?? '')?.after.mean ?? Infinity;
  return methods.filter(({ images }) => images === most).sort((a, b) => end(a) - end(b));
}

/** One scale for all methods of a measure, from 0 (or the least value, an estimate may fall below) to the largest. */
export function distanceDomain(methods: readonly Method[], measure: string): [number, number] {
  const values = methods.flatMap(({ distances }) =>
    distances.filter((d) => d.measure === measure).flatMap((d) => [d.low, d.high]),
  );
  return [Math.min(0, ...values), Math.max(Number.EPSILON, ...values)];
}
