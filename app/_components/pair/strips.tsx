'use client';

import type { Lettered } from '@/app/_lib/curves';
import { change } from '@/app/_lib/format';
import type { PairView } from '@/lib/service/contracts';

type Strip = PairView['strips'][number] & Lettered;
const ROLES = ['input', 'truth', 'scratch', 'transfer', 'gold'] as const;
const ROLE_NAME: Record<(typeof ROLES)[number], string> = {
  input: 'Input',
  truth: 'Truth',
  scratch: 'Scratch',
  transfer: 'Transfer',
  gold: 'Own network',
};

/** The same test image answered by scratch, transfer and the own network, beside the truth. */
export function Strips({ strips }: { strips: readonly Strip[] }) {
  return (
    <section aria-label="Same image, five answers">
      <h2 className="section-title">Same image, five answers</h2>
      <p className="mb-2 text-ink2 text-label">
        change of loss under the transfer, lower is better; its frame shows who wins
      </p>
      {strips.length === 0 ? (
        <p className="rounded-card border border-line2 border-dashed p-6 text-center text-ink2">
          No predictions were kept for this pair.
        </p>
      ) : (
        <>
          <div
            className="grid grid-cols-[26px_repeat(5,minmax(0,1fr))] gap-2 text-label phone:grid-cols-[20px_repeat(5,minmax(0,1fr))] phone:gap-1"
            aria-hidden="true"
          >
            <span />
            {ROLES.map((role) => (
              <span
                key={role}
                className={`truncate font-semibold ${role === 'transfer' ? 'text-accent' : ''}`}
              >
                {ROLE_NAME[role]}
              </span>
            ))}
          </div>
          {strips.map((strip) => (
            <StripRow key={strip.index} strip={strip} />
          ))}
        </>
      )}
    </section>
  );
}

function StripRow({ strip }: { strip: Strip }) {
  const worse = (strip.logRatio ?? 0) > 0;
  return (
    <div className="mt-1.5 grid grid-cols-[26px_repeat(5,minmax(0,1fr))] gap-2 phone:grid-cols-[20px_repeat(5,minmax(0,1fr))] phone:gap-1">
      <span
        className={`mt-0.5 grid size-[19px] place-items-center rounded-full border text-[10px] font-semibold ${worse ? 'border-worse text-worse' : 'border-accent text-accent'}`}
      >
        {strip.letter}
      </span>
      {ROLES.map((role) => {
        const image = strip.images.find((i) => i.role === role);
        const framed =
          role === 'transfer' ? (worse ? 'outline-2 outline-worse' : 'outline-2 outline-accent') : '';
        return (
          <figure key={role} className="m-0 min-w-0">
            {image === undefined ? (
              <div
                className="aspect-square rounded-[4px] bg-line"
                role="img"
                aria-label={`No ${ROLE_NAME[role].toLowerCase()} image`}
              />
            ) : (
              // biome-ignore lint/performance/noImgElement: small PNGs of the API, already at their size
              <img
                src={image.url}
                alt={`${ROLE_NAME[role]} ${strip.letter}`}
                loading="lazy"
                className={`aspect-square w-full rounded-[4px] bg-line object-contain ${framed}`}
              />
            )}
            {role === 'transfer' && strip.logRatio !== null && (
              <figcaption className={`mt-0.5 text-right text-label ${worse ? 'text-worse' : 'text-accent'}`}>
                {change(strip.logRatio)}
              </figcaption>
            )}
          </figure>
        );
      })}
    </div>
  );
}
