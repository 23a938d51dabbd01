import type { RunDetailView } from '@/lib/service/contracts';

type Sample = RunDetailView['samples'][number];

/** Strips of three pictures: a picture, as the other domain would show it, and back again. */
const STRIPS = [
  { role: 'source-translated', name: 'Source domain', steps: 'picture · as the target domain · and back' },
  { role: 'target-translated', name: 'Target domain', steps: 'picture · as the source domain · and back' },
] as const satisfies readonly { role: Sample['role']; name: string; steps: string }[];

/** Whether a sample is a strip of translations rather than an answer to a test image. */
export const isTranslation = ({ role }: Sample): boolean => STRIPS.some((strip) => strip.role === role);

/** Pictures of both domains as a run learned to translate them; nothing for runs that translate none. */
export function TranslatedPictures({ samples }: { samples: readonly Sample[] }) {
  if (!samples.some(isTranslation)) return null;
  return (
    <figure className="min-w-0">
      <figcaption className="font-semibold">Translated pictures</figcaption>
      <div className="mt-1 grid grid-cols-2 gap-x-6 gap-y-3 phone:grid-cols-1">
        {STRIPS.map(({ role, name, steps }) => (
          <div key={role} className="min-w-0">
            <p>
              {name} <span className="text-ink2">{steps}</span>
            </p>
            <ul className="mt-1 grid gap-1">
              {samples
                .filter((sample) => sample.role === role)
                .map(({ url, index }) => (
                  <li key={url}>
                    {/* biome-ignore lint/performance/noImgElement: small PNGs of the API */}
                    <img
                      src={url}
                      alt={`${name}, sample ${index}: ${steps}`}
                      loading="lazy"
                      className="w-full max-w-[220px] [image-rendering:pixelated]"
                    />
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </div>
    </figure>
  );
}
