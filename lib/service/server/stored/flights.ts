/** Work under way, which everybody who asks for the same shares. */
export interface Flight<T> {
  result: Promise<T>;
  /** What it has told so far, and who hears what it tells next. */
  lines: string[];
  listeners: Set<(line: string) => void>;
}

/** What the work itself is given. */
export interface Cockpit {
  /** Aborts when the last who waited has left. */
  left: AbortSignal;
  tell(line: string): void;
}

export interface Flights<T> {
  /** Joins the work on `tag`, or starts it; `gone` says that this one waits no more. */
  join(tag: string, gone: AbortSignal, start: (cockpit: Cockpit) => Promise<T>): Flight<T>;
}

/** Work by tag. It ends when it is done, or when the last who waits for it has left. */
export function createFlights<T>(): Flights<T> {
  const flying = new Map<string, Flight<T> & { waiting: number; ended: AbortController }>();
  const launch = (tag: string, start: (cockpit: Cockpit) => Promise<T>) => {
    const ended = new AbortController();
    const lines: string[] = [];
    const listeners = new Set<(line: string) => void>();
    const tell = (line: string): void => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    };
    const result = start({ left: ended.signal, tell });
    const flight = { result, lines, listeners, waiting: 0, ended };
    const land = (): void => {
      if (flying.get(tag) === flight) flying.delete(tag);
    };
    result.then(land, land);
    flying.set(tag, flight);
    return flight;
  };
  return {
    join(tag, gone, start) {
      const flight = flying.get(tag) ?? launch(tag, start);
      flight.waiting += 1;
      const leave = (): void => {
        flight.waiting -= 1;
        if (flight.waiting > 0) return;
        // Who comes now must not join work that is being ended.
        if (flying.get(tag) === flight) flying.delete(tag);
        flight.ended.abort();
      };
      if (gone.aborted) leave();
      else gone.addEventListener('abort', leave, { once: true });
      const landed = (): void => gone.removeEventListener('abort', leave);
      flight.result.then(landed, landed);
      return flight;
    },
  };
}
